"""Register, sign in and out, one's own account, a forgotten password."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast
from uuid import UUID

import pytest
import redis as redis_client
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain.people import password_resets, sessions, users
from booking.domain.tables import Event, Session, User
from booking.infra import redis
from booking.infra.db import db, transaction
from booking.infra.ids import decode, encode
from booking.pages import security
from booking.pages.browsers import called
from tests.cases import each
from tests.cast import PASSWORD, count, later
from tests.quick import first_quick
from tests.web.test_waits import seconds_hidden
from tests.web.visitor import Visitor

NEW = "another horse battery"


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def is_in(visitor: Visitor) -> Any:
    return visitor.go("/account").heading == "Your account"


def cookie(visitor: Visitor) -> Any:
    return visitor.client.get_cookie("session").value


# --- register


def test_registering_signs_in(visitor: Visitor) -> None:
    visitor.go("/register").send("/register", fullName="Carol", email="Carol@Example.com", password=NEW)
    assert visitor.url == "/bookings"
    assert is_in(visitor)
    assert users.find("carol@example.com").full_name == "Carol"


@pytest.mark.parametrize(
    ("changes", "said"),
    first_quick(
        [
            ({"email": "nobody"}, "Email must be an email address."),
            ({"password": "short"}, "Password must have at least 10 characters."),
            ({"password": "1234567890"}, "Password is one of the most common passwords; please choose another."),
            ({"fullName": " "}, "Name must not be empty."),
            ({"email": ""}, "Email is missing."),
            ({"email": "ALICE@example.com"}, "An account with this email already exists."),
        ],
        quick=2,
    ),
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(
    visitor: Visitor, alice: User, changes: Any, said: str
) -> None:
    fields = {"fullName": "Carol", "email": "carol@example.com", "password": NEW} | changes
    visitor.go("/register").send("/register", fields)
    assert 400 <= visitor.status < 500
    assert visitor.problems == [said]
    (link,) = visitor.page.select(".errors a")
    assert visitor.page.find(id=link["href"][1:])["aria-invalid"] == "true"
    assert NEW not in visitor.response.text
    assert visitor.page.find("input", attrs={"name": "email"})["value"] == fields["email"]
    assert count(User) == 1


# --- sign in and out


def test_a_wrong_password_is_told_like_an_unknown_address(visitor: Visitor, alice: User) -> None:
    said = []
    for email in ("alice@example.com", "nobody@example.com", "no address"):
        visitor.go("/sign-in").send("/sign-in", email=email, password="wrong one")
        assert visitor.status == 401
        said.append(visitor.problems)
    assert said == [["Email or password is wrong."]] * 3


def test_the_session_and_its_token_are_new_at_sign_in(visitor: Visitor, alice: User) -> None:
    visitor.go("/sign-in")
    before, token = cookie(visitor), visitor.form("/sign-in").find("input")["value"]
    visitor.send("/sign-in", email=alice.email, password=PASSWORD)
    assert cookie(visitor) != before
    assert visitor.client.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert is_in(visitor)


def test_signing_in_again_ends_the_former_session(app: Flask, guest: Visitor, bob: User) -> None:
    token = guest.go("/account").page.find("input", attrs={"name": "csrf_token"})["value"]
    fields = {"email": bob.email, "password": PASSWORD, "csrf_token": token}
    assert guest.client.post("/sign-in", data=fields).status_code == 303
    assert guest.go("/account").page.find("input", attrs={"name": "fullName"})["value"] == "Bob"
    assert count(Session, ended_at=None) == 1


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(app: Flask, guest: Visitor) -> None:
    copy = Visitor(app)
    copy.client.set_cookie("session", cookie(guest))
    assert is_in(copy)
    guest.go("/account").send("/sign-out")
    assert guest.url == "/"
    assert not is_in(guest)
    assert not is_in(copy)


def test_signed_in_people_need_no_sign_in_page(guest: Visitor) -> None:
    assert guest.go("/sign-in?next=/account").url == "/account"
    assert guest.go("/register").url == "/bookings"


@pytest.mark.parametrize(
    "evil",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\thttps://evil.example"],
)
def test_nobody_is_sent_elsewhere(visitor: Visitor, alice: User, evil: str) -> None:
    visitor.go("/sign-in", **{}).send("/sign-in", email=alice.email, password=PASSWORD, next=evil)
    assert visitor.url == "/bookings"


# --- one's own account


def test_another_name(guest: Visitor) -> None:
    guest.go("/account").send("/account/profile", fullName="Alice Liddell")
    assert "Your name has been changed." in guest.text
    assert guest.page.find("input", attrs={"name": "fullName"})["value"] == "Alice Liddell"
    assert "Your name has been changed." not in guest.go("/account").text


def test_a_form_of_a_sign_in_that_ended_elsewhere_leads_back_to_the_account(app: Flask, guest: Visitor) -> None:
    wrong = {"currentPassword": "not mine", "newPassword": NEW}
    guest.go("/account").send("/account/password", wrong)
    Visitor(app).sign_in("alice").go("/account").send("/account/sessions/end-others")
    guest.send("/account/password", wrong)
    assert guest.heading == "Sign in"
    guest.send("/sign-in", email="alice@example.com", password=PASSWORD)
    assert (guest.status, guest.heading) == (200, "Your account")


@pytest.mark.parametrize("path", ["/account/password", "/account/profile"])
def test_where_a_refused_form_stays_can_be_reloaded(guest: Visitor, path: str) -> None:
    assert guest.go(path).url == "/account"


@each(
    ("came_from", "back"),
    [
        ("http://localhost/bookings?show=past", "/bookings?show=past"),
        ("http://localhost/checkout/booking_x/release", "/"),
        ("http://localhost/nowhere", "/"),
        ("http://elsewhere.example/bookings", "/"),
        ("", "/"),
    ],
)
def test_after_a_form_one_comes_back_only_to_what_can_be_opened(app: Flask, came_from: str, back: str) -> None:
    with app.test_request_context("/checkout/booking_x", method="POST", headers={"Referer": came_from}):
        assert security.current_path() == back


def test_no_name_is_refused(guest: Visitor) -> None:
    guest.go("/account").send("/account/profile", fullName=" ")
    assert (guest.status, guest.problems) == (400, ["Name must not be empty."])


def test_another_password_ends_the_other_sign_ins(app: Flask, guest: Visitor) -> None:
    phone = Visitor(app).sign_in("alice")
    guest.go("/account").send("/account/password", currentPassword=PASSWORD, newPassword=NEW)
    assert "You’ve been signed out everywhere else." in guest.text
    assert is_in(guest)
    assert not is_in(phone)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"currentPassword": "wrong", "newPassword": NEW}, "Current password is wrong."),
        ({"currentPassword": PASSWORD, "newPassword": "short"}, "New password must have at least 10 characters."),
    ],
)
def test_a_password_that_is_not_changed_says_why(guest: Visitor, fields: Any, said: str) -> None:
    guest.go("/account").send("/account/password", fields)
    assert (guest.status, guest.problems) == (400, [said])
    assert users.with_password("alice@example.com", PASSWORD)


def test_sign_ins_are_listed_and_ended(app: Flask, guest: Visitor, alice: User) -> None:
    phone = sessions.start_web(alice.id, "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1")
    guest.go("/account")
    assert "Safari on iPhone" in guest.text
    guest.send(f"/account/sessions/{encode('session', phone.session_id)}/end")
    assert "That device has been signed out." in guest.text
    assert "Safari on iPhone" not in guest.text


def test_a_strangers_sign_in_cannot_be_ended(guest: Visitor, bob: User) -> None:
    bobs = sessions.start_web(bob.id, "")
    token = guest.go("/account").page.find("input", attrs={"name": "csrf_token"})["value"]
    url = f"/account/sessions/{encode('session', bobs.session_id)}/end"
    assert guest.client.post(url, data={"csrf_token": token}).status_code == 404
    assert sessions.current(bobs.session_id, bob.id)


def test_everywhere_else_is_signed_out_at_once(app: Flask, guest: Visitor) -> None:
    phone = Visitor(app).sign_in("alice")
    guest.go("/account").send("/account/sessions/end-others")
    assert not is_in(phone)
    assert is_in(guest)


def test_a_browser_that_was_not_used_for_a_month_is_signed_out(guest: Visitor) -> None:
    later(dt.timedelta(days=31))
    redis.servers.cache.client.flushdb()  # who has signed in is kept by the server's clock, which does not move
    assert not is_in(guest)


@each(
    ("client", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/19.0 Safari/605.1.15", "Safari on Mac"),
        ("curl/8.5.0", "curl"),
        ("", "An unknown browser"),
        ("<script>", "An unknown browser"),
    ],
)
def test_browsers_are_called_what_people_call_them(app: Flask, client: str, name: str) -> None:
    with app.test_request_context():
        assert called(client) == name


# --- a forgotten password


@transaction
def link() -> Any:
    """The one in the latest mail."""
    event = db.session.query(Event).filter_by(type="password.requested").order_by(Event.id.desc()).first()
    reset_id = decode("reset", event.payload["resetId"])
    return (
        f"/reset-password/{password_resets.token(cast(UUID, reset_id), ('a-secret-for-tests-only-0123456789abcdef',))}"
    )


def test_a_forgotten_password_is_set_anew(app: Flask, visitor: Visitor, guest: Visitor) -> None:
    visitor.go("/forgot-password").send("/forgot-password", email="alice@example.com")
    assert visitor.heading == "Check your email"
    url = link()
    assert visitor.go(url).heading == "Choose a new password"
    visitor.send(url, newPassword=NEW)
    assert visitor.heading == "Sign in"
    assert "Your password has been changed" in visitor.text
    assert not is_in(guest)
    visitor.go("/sign-in").send("/sign-in", email="alice@example.com", password=NEW)
    assert is_in(visitor)
    assert visitor.go(url).heading == "This link no longer works"
    assert "A password link works once, for 60 minutes." in visitor.text
    assert "If you’ve already chosen a new password, sign in with it." in visitor.text
    assert {"/sign-in", "/forgot-password"} <= set(visitor.links())


def test_the_answer_is_the_same_for_nobody(visitor: Visitor, alice: User) -> None:
    told = []
    for email in ("alice@example.com", "nobody@example.com"):
        visitor.go("/forgot-password").send("/forgot-password", email=email)
        told.append((visitor.status, visitor.text.replace(email, "…")))
    assert told[0] == told[1]


def test_what_is_no_address_is_said(visitor: Visitor) -> None:
    visitor.go("/forgot-password").send("/forgot-password", email="nobody")
    assert visitor.problems == ["Email must be an email address."]


def test_a_bad_new_password_keeps_the_link(visitor: Visitor, alice: User) -> None:
    password_resets.request(alice.email)
    url = link()
    visitor.go(url).send(url, newPassword="short")
    assert visitor.problems == ["New password must have at least 10 characters."]
    visitor.send(url, newPassword=NEW)
    assert visitor.heading == "Sign in"


@pytest.mark.parametrize("minutes", [61, 60 * 24])
def test_an_old_link_says_so_and_offers_a_new_one(visitor: Visitor, alice: User, minutes: Any) -> None:
    password_resets.request(alice.email)
    url = link()
    later(dt.timedelta(minutes=minutes))
    assert visitor.go(url).status == 404
    assert "/forgot-password" in visitor.links()


# --- everybody


@each(
    "path",
    [
        "/sign-in",
        "/register",
        "/forgot-password",
        "/forgot-password/sent",
        "/account",
        "/bookings",
        "/reset-password/x",
    ],
)
def test_nothing_personal_is_kept(visitor: Visitor, path: str) -> None:
    assert visitor.go(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    first_quick(
        [
            "/sign-in",
            "/register",
            "/sign-out",
            "/forgot-password",
            "/account/profile",
            "/account/password",
            "/account/sessions/end-others",
            "/reset-password/x",
        ],
        quick=3,
    ),
)
def test_every_form_needs_its_token(guest: Visitor, path: str) -> None:
    assert guest.post(path, email="alice@example.com", password=PASSWORD).status == 400
    assert guest.heading == "This form is out of date"


@pytest.fixture
def strict(environ: dict[str, str], empty: None) -> Flask:
    """An application that lets an address try three times."""
    redis_client.Redis.from_url(environ["REDIS_URL"]).flushdb()
    return create_app(Settings.from_env(environ | {"RATELIMIT_ENABLED": "true", "LIMIT_PUBLIC": "3 per 15 minutes"}))


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/sign-in", "/register", "/forgot-password"])
def test_trying_too_often_is_asked_to_wait(strict: Flask, path: str) -> None:
    visitor = Visitor(strict)
    for _ in range(3):
        visitor.go(path).send(path, email="nobody", password="wrong")
        assert visitor.status in (400, 401)
    visitor.go(path).send(path, email="nobody", password="wrong")
    assert visitor.status == 429
    assert visitor.form(path).select_one("[name=email]")["value"] == "nobody"  # as it was typed
    assert int(visitor.headers["Retry-After"]) > 0
    assert visitor.page.select_one("main").get_text().count("Too many attempts") == 1
    assert f"Try again in {-(-int(visitor.headers['Retry-After']) // 60)} minutes" in visitor.text
    assert seconds_hidden(visitor.form(path).select_one("button.button")) == int(visitor.headers["Retry-After"])
