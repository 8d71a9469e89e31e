"""Access tokens: ours, in force, meant for us, of a session that goes on; everything else is 401."""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any, cast

import jwt
import pytest
from flask import Flask

from booking.domain.people import sessions
from booking.infra.ids import encode, new_id
from tests.api.program import Program, refused
from tests.cases import each
from tests.cast import later, person

NOW, BEFORE = "a-key-for-tests-only-0123456789abcdef", "an-older-key-for-tests-0123456789abc"
REQUIRED = ["sub", "email", "region", "exp", "iat", "iss", "aud", "typ", "sid"]


@pytest.fixture(scope="module")
def claims(application: Flask, environ: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What a good token of alice says; the account stays for the whole module."""
    from tests.api.conftest import forget

    with application.app_context():
        alice = person("alice")
        session_id = sessions.start_api(alice.id).user.session_id
        keys = application.extensions["services"].keys
        token = keys.issue(
            sub=encode("user", alice.id), email=alice.email, region="eu", sid=encode("session", session_id)
        )
        yield jwt.decode(token, options={"verify_signature": False})
    forget(application, environ)


def signed(claims: dict[str, Any], key: Any = NOW, algorithm: Any = "HS256", **headers: Any) -> Any:
    return jwt.encode(claims, key, algorithm, headers={"kid": "now"} | headers)


def asked_with(application: Flask, token: Any, scheme: Any = "Bearer") -> Any:
    return Program(application).ask("GET", "/me", headers={"Authorization": f"{scheme} {token}".strip()})


def test_a_token_says_what_the_contract_lists(claims: dict[str, Any]) -> None:
    assert sorted(claims) == sorted(REQUIRED)
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["typ"] == "access"
    assert claims["region"] == "eu"


def test_a_good_token_is_let_in(application: Flask, claims: dict[str, Any]) -> None:
    assert asked_with(application, signed(claims)).status_code == 200
    assert asked_with(application, signed(claims), "bearer").status_code == 200


def test_no_token_is_401(application: Flask) -> None:
    answer = Program(application).get("/me")
    refused(answer, 401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@each("scheme", ["Basic", "Token", "", "Bearer Bearer"])
def test_another_scheme_is_401(application: Flask, claims: dict[str, Any], scheme: str) -> None:
    refused(asked_with(application, signed(claims), scheme), 401, "UNAUTHORIZED")


@each("token", ["", " ", "x", "a.b", "a.b.c", "..", "ä.ö.ü", "x" * 5000])
def test_what_is_no_token_is_401(application: Flask, token: str) -> None:
    refused(asked_with(application, token.encode().decode("latin-1")), 401, "UNAUTHORIZED")


def test_the_older_key_of_the_ring_still_verifies(application: Flask, claims: dict[str, Any]) -> None:
    assert asked_with(application, signed(claims, BEFORE, kid="before")).status_code == 200


def test_the_first_key_signs(application: Flask, environ: dict[str, str], claims: dict[str, Any]) -> None:
    token = application.extensions["services"].keys.issue(sub="s", email="e", region="eu", sid="s")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "now"}


FORGED = {
    "another key": lambda claims: signed(claims, "some-other-key-0123456789-0123456789"),
    "the other key's id": lambda claims: signed(claims, BEFORE, kid="now"),
    "an unknown kid": lambda claims: signed(claims, kid="later"),
    "no kid": lambda claims: jwt.encode(claims, NOW, "HS256"),
    "a kid that is a path": lambda claims: signed(claims, "x" * 32, kid="../../dev/null"),
    "an empty key under an unknown kid": lambda claims: by_hand({"alg": "HS256", "kid": "nobody"}, claims, b""),
    "HS512": lambda claims: signed(claims, algorithm="HS512"),
    "HS384": lambda claims: signed(claims, algorithm="HS384"),
    "RS256 in the header, our key": lambda claims: by_hand({"alg": "RS256", "kid": "now"}, claims, NOW.encode()),
    "none": lambda claims: by_hand({"alg": "none", "kid": "now"}, claims, None),
    "None": lambda claims: by_hand({"alg": "None", "kid": "now"}, claims, None),
    "no algorithm": lambda claims: by_hand({"kid": "now"}, claims, NOW.encode()),
    "a key in the header": lambda claims: by_hand(
        {"alg": "HS256", "kid": "mine", "jwk": {"kty": "oct", "k": part(b"mine" * 8)}}, claims, b"mine" * 8
    ),
    "another body under our signature": lambda claims: swapped(signed(claims), claims | {"email": "x@example.com"}),
}


@each("how", FORGED)
def test_a_forged_token_is_401(application: Flask, claims: dict[str, Any], how: Any) -> None:
    refused(asked_with(application, cast(Any, FORGED[how])(claims)), 401, "UNAUTHORIZED")


@each("missing", REQUIRED)
def test_every_claim_is_required(application: Flask, claims: dict[str, Any], missing: Any) -> None:
    without = {name: value for name, value in claims.items() if name != missing}
    refused(asked_with(application, signed(without)), 401, "UNAUTHORIZED")


@each(
    "wrong",
    [
        {"aud": "another-api"},
        {"iss": "somebody-else"},
        {"typ": "refresh"},
        {"typ": "Access"},
        {"exp": 0},
        {"exp": "tomorrow"},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"sid": "session_nonsense"},
        {"sid": encode("session", new_id())},
        {"sid": 7},
        {"sub": encode("user", new_id())},
        {"sub": "user_nonsense"},
        {"region": ""},
        {"nbf": int(time.time()) + 9999},
    ],
)
def test_a_wrong_claim_is_401(application: Flask, claims: dict[str, Any], wrong: Any) -> None:
    refused(asked_with(application, signed(claims | wrong)), 401, "UNAUTHORIZED")


def test_somebody_elses_session_is_401(application: Flask, claims: dict[str, Any]) -> None:
    with application.app_context():
        bobs = sessions.start_api(person("bob").id).user.session_id
    refused(asked_with(application, signed(claims | {"sid": encode("session", bobs)})), 401, "UNAUTHORIZED")


def test_a_token_is_good_for_an_hour(app: Flask, api: Program) -> None:
    later(dt.timedelta(minutes=59, seconds=30))
    assert api.get("/me").status_code == 200
    later(dt.timedelta(seconds=31))
    refused(api.get("/me"), 401, "UNAUTHORIZED")


def part(data: Any) -> Any:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: Any, claims: dict[str, Any], key: Any) -> Any:
    """A token as PyJWT would refuse to make it."""
    import hashlib
    import hmac

    text = f"{part(json.dumps(header | {'typ': 'JWT'}).encode())}.{part(json.dumps(claims).encode())}"
    return f"{text}.{part(hmac.digest(key, text.encode(), hashlib.sha256)) if key is not None else ''}"


def swapped(token: Any, claims: dict[str, Any]) -> Any:
    head, _, signature = token.split(".")
    return f"{head}.{part(json.dumps(claims).encode())}.{signature}"
