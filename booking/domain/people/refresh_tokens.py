"""Refresh tokens: `<session id>.<secret>`, of which Postgres keeps only hashes.

A secret is 32 bytes that nobody can guess and 16 that prove it was given out by its session: a keyed hash under the
session's seed. So a token that was exchanged long ago is told from one that somebody made up, without a list of all
that were. The next secret is made from the present one and the seed: whoever asks twice gets the same one, and whoever
reads the table (seed and hashes) can make none of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import uuid

from booking.domain.errors import InvalidToken
from booking.infra.ids import decode, encode

_NONCE, _PROOF = 32, 16  # bytes


def new_seed() -> bytes:
    """What a session's tokens are made with."""
    return secrets.token_bytes(32)


def first(seed: bytes) -> str:
    """The secret that a session begins with."""
    return _proven(seed, secrets.token_bytes(_NONCE))


def following(seed: bytes, secret: str) -> str:
    """The secret that comes after this one."""
    return _proven(seed, hmac.digest(seed, b"next:" + secret.encode(), "sha256"))


def was_given_out(seed: bytes | None, secret: str) -> bool:
    """True for every secret of the session, whenever it was in force."""
    try:
        raw = base64.b64decode(secret.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return seed is not None and hmac.compare_digest(raw[_NONCE:], _proof(seed, raw[:_NONCE]))


def hashed(secret: str) -> bytes:
    """What is kept of a secret. 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def written(session_id: uuid.UUID, secret: str) -> str:
    """The token as programs get it."""
    return f"{encode('session', session_id)}.{secret}"


def parts(refresh_token: str) -> tuple[uuid.UUID, str]:
    """The session and the secret of what a program sent; raises InvalidToken where it is no token at all."""
    name, _, secret = refresh_token.partition(".")
    session_id = decode("session", name)
    if session_id is None or not secret:
        raise InvalidToken
    return session_id, secret


def _proven(seed: bytes, nonce: bytes) -> str:
    return base64.urlsafe_b64encode(nonce + _proof(seed, nonce)).decode()


def _proof(seed: bytes, nonce: bytes) -> bytes:
    return hmac.digest(seed, b"ours:" + nonce, "sha256")[:_PROOF]
