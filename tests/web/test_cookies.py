"""Signed cookies: whose signature is believed, for how long, and what they never hold."""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from collections.abc import Callable

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from booking import create_app
from booking.config import Settings
from booking.domain.tables import User
from booking.http.application import LEEWAY
from booking.infra import secret_keys
from tests.cast import PASSWORD
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

OTHER = "another-secret-for-tests-0123456789abcdef"
THIRD = "a-third-secret-for-tests-0123456789abcdef"

Rebuilt = Callable[..., Flask]


@pytest.fixture
def rebuilt(app: Flask, environ: dict[str, str]) -> Rebuilt:
    """The application as it starts with other secrets."""

    def build(**changes: str) -> Flask:
        return create_app(Settings.from_env(environ | changes))

    return build


def is_in(app: Flask, cookie: str) -> bool:
    visitor = Visitor(app)
    visitor.client.set_cookie("session", cookie)
    return visitor.go("/account").heading == "Your account"


def cookie_of(app: Flask) -> str:
    cookie = Visitor(app).sign_in("alice").client.get_cookie("session")
    assert cookie is not None
    return str(cookie.value)


def said(cookie: str) -> str:
    """What anybody can read in it."""
    body = cookie.lstrip(".").split(".")[0]
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    return (zlib.decompress(raw) if cookie.startswith(".") else raw).decode()


# --- clocks


def moved(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) + seconds)


@pytest.mark.parametrize(("ahead", "believed"), [(1, True), (LEEWAY, True), (LEEWAY + 5, False), (3600, False)])
def test_a_cookie_of_a_host_whose_clock_is_some_seconds_ahead_is_believed(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch, ahead: int, believed: bool
) -> None:
    moved(monkeypatch, ahead)
    cookie = cookie_of(app)
    moved(monkeypatch, 0)
    assert is_in(app, cookie) is believed


def test_it_is_not_signed_anew_for_that(app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    moved(monkeypatch, 2)
    visitor = Visitor(app).sign_in("alice")
    moved(monkeypatch, 0)
    assert visitor.go("/account").response is not None
    assert "Set-Cookie" not in visitor.headers


def test_a_cookie_is_over_when_no_session_can_be_left(app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = cookie_of(app)
    moved(monkeypatch, 90 * 24 * 3600 + 60)
    assert not is_in(app, cookie)


# --- keys


def test_the_secret_is_exchanged_without_signing_anybody_out(rebuilt: Rebuilt, app: Flask, alice: User) -> None:
    before = cookie_of(app)
    former = app.extensions["services"].settings.secret_key
    assert is_in(rebuilt(SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=f"{THIRD}, {former}"), before)
    assert not is_in(rebuilt(SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=THIRD), before)


def test_the_new_secret_signs(rebuilt: Rebuilt, app: Flask, alice: User) -> None:
    former = app.extensions["services"].settings.secret_key
    cookie = cookie_of(rebuilt(SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=former))
    assert is_in(rebuilt(SECRET_KEY=OTHER), cookie)
    assert not is_in(app, cookie)


def test_a_cookie_of_version_1_0_is_believed(rebuilt: Rebuilt, app: Flask, alice: User) -> None:
    raw = app.extensions["services"].settings.secret_key
    as_before = Flask("before")
    as_before.secret_key = raw
    signer = SecureCookieSessionInterface().get_signing_serializer(as_before)
    assert isinstance(signer, URLSafeTimedSerializer)
    assert is_in(app, str(signer.dumps(json.loads(said(cookie_of(app))))))


def send_after(exchange: Flask, visitor: Visitor) -> int:
    """What becomes of a form that was open when the secret was exchanged."""
    token = visitor.form("/sign-in").find("input", attrs={"name": "csrf_token"})
    cookie = visitor.client.get_cookie("session")
    assert token is not None
    assert cookie is not None
    other = Visitor(exchange)
    other.client.set_cookie("session", cookie.value)
    data = {"csrf_token": token["value"], "email": "alice@example.com", "password": PASSWORD}
    return other.client.post("/sign-in", data=data).status_code


def test_a_page_that_was_open_meanwhile_can_be_sent(rebuilt: Rebuilt, app: Flask, alice: User) -> None:
    visitor, former = Visitor(app).go("/sign-in"), app.extensions["services"].settings.secret_key
    assert send_after(rebuilt(SECRET_KEY=OTHER, SECRET_KEY_FALLBACKS=former), visitor) == 303
    assert send_after(rebuilt(SECRET_KEY=OTHER), visitor) == 400


def test_a_page_of_version_1_0_can_be_sent(app: Flask, alice: User) -> None:
    visitor = Visitor(app).go("/sign-in")
    raw = app.extensions["services"].settings.secret_key
    token = visitor.form("/sign-in").find("input", attrs={"name": "csrf_token"})
    assert token is not None
    own = URLSafeTimedSerializer(app.config["WTF_CSRF_SECRET_KEY"], salt="wtf-csrf-token").loads(str(token["value"]))
    data = {
        "csrf_token": URLSafeTimedSerializer(raw, salt="wtf-csrf-token").dumps(own),
        "email": "alice@example.com",
        "password": PASSWORD,
    }
    assert visitor.client.post("/sign-in", data=data).status_code == 303


def test_every_purpose_has_a_key_of_its_own_and_none_is_the_secret() -> None:
    purposes = ("cookies", "forms", "links", "devices", "accounts")
    keys = {secret_keys.ring([OTHER, THIRD], purpose) for purpose in purposes}
    assert len({key for ring in keys for key in ring}) == 10
    assert all(len(key) == 32 and OTHER.encode() not in key for ring in keys for key in ring)


def test_the_keys_stay_the_same_from_version_to_version() -> None:
    [key] = secret_keys.ring([OTHER], "cookies")
    assert key.hex() == "3b7c8a8e9f6e6c80b7690db78b819da7e63cebf98af4341fda583610b9803f25"


@pytest.mark.parametrize("secrets", ["short", f"{THIRD},x", "please-change-me-please-change-me-please"])
def test_a_weak_former_secret_is_refused(environ: dict[str, str], secrets: str) -> None:
    with pytest.raises(RuntimeError, match="SECRET_KEY_FALLBACKS"):
        Settings.from_env(environ | {"SECRET_KEY_FALLBACKS": secrets})


def test_former_secrets_are_not_shown(environ: dict[str, str]) -> None:
    assert THIRD not in repr(Settings.from_env(environ | {"SECRET_KEY_FALLBACKS": THIRD}))


# --- what they hold


def test_no_cookie_holds_an_address(app: Flask, alice: User) -> None:
    visitor = Visitor(app)
    for action in ("/forgot-password", "/sign-in", "/register"):
        visitor.go(action).send(action, email="alice@example.com", password="wrong one here", fullName="Alice")
        cookie = visitor.client.get_cookie("session")
        assert cookie is not None
        assert not re.search("alice|example", said(cookie.value), re.IGNORECASE)


def test_where_the_link_went_is_told_all_the_same(app: Flask, alice: User) -> None:
    visitor = Visitor(app).go("/forgot-password").send("/forgot-password", email="Alice@Example.com")
    assert "Alice@example.com" in visitor.text
    assert visitor.headers["Cache-Control"] == "no-store"
    assert visitor.go("/forgot-password/sent").status == 200
