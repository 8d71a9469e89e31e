"""Access tokens: JWT, HS256 and nothing else, with a key id from our own ring, so that keys rotate."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import jwt

from booking.infra import clock

ALGORITHM = "HS256"
REQUIRED = ["sub", "email", "region", "exp", "iat", "iss", "aud", "typ", "sid"]


class BadToken(Exception):
    """Not one of ours, or over."""


class KeyRing:
    """Signs with the first key, accepts all of them."""

    def __init__(self, keys: tuple[tuple[str, str], ...], issuer: str, audience: str, seconds: int) -> None:
        self.signing_kid = keys[0][0]
        self.keys = dict(keys)
        self.issuer, self.audience, self.seconds = issuer, audience, seconds
        # A signature that was right stays right; whether the token is over, and its session, is asked every time.
        self._verified = lru_cache(maxsize=4096)(self._verify)

    def issue(self, *, sub: str, email: str, region: str, sid: str) -> str:
        """A token for one session, good for `seconds`."""
        issued = clock.now()
        claims = {
            "sub": sub,
            "email": email,
            "region": region,
            "sid": sid,
            "typ": "access",
            "iss": self.issuer,
            "aud": self.audience,
            "iat": issued,
            "exp": issued + dt.timedelta(seconds=self.seconds),
        }
        return jwt.encode(claims, self.keys[self.signing_kid], ALGORITHM, headers={"kid": self.signing_kid})

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours, in force and meant for us; raises BadToken."""
        claims = self._verified(token)
        # `exp` is compared with our own clock, the one that tests move.
        expires, typ = claims["exp"], claims["typ"]
        if not isinstance(expires, int | float) or expires <= clock.now().timestamp():
            raise BadToken
        if typ != "access" or not all(claims[name] for name in REQUIRED):
            raise BadToken
        return claims

    def _verify(self, token: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if not isinstance(kid, str) or kid not in self.keys:
                raise BadToken
            claims: dict[str, Any] = jwt.decode(
                token,
                self.keys[kid],
                algorithms=[ALGORITHM],
                issuer=self.issuer,
                audience=self.audience,
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise BadToken from error
        return claims
