"""Two-step sign-in on pages: set up, signed in by it, recovery codes, turned off."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from booking import create_app
from booking.config import Settings
from booking.domain import people
from booking.domain.actors import Actor, Role
from booking.domain.people import second_factor, sessions, staff
from booking.domain.tables import User
from booking.infra import clock
from tests.cast import PASSWORD, SYSTEM, acting, later
from tests.domain.people.second_factors import app_of, turned_on
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
A_WHILE = dt.timedelta(minutes=5)


@pytest.fixture
def secrets(app: Flask) -> tuple[str, ...]:
    found: tuple[str, ...] = app.extensions["services"].settings.secret_keys
    return found


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).sign_in("alice")


@pytest.fixture
def protected(alice: User, secrets: tuple[str, ...]) -> list[str]:
    """Alice has an app; these are her recovery codes."""
    return turned_on(acting(sessions.start_web(alice.id, "elsewhere")), secrets)


@pytest.fixture
def counting(environ: dict[str, str]) -> Flask:
    return create_app(Settings.from_env(environ | {"RATELIMIT_ENABLED": "true", "LIMIT_PUBLIC": "50 per 15 minutes"}))


def code_of(alice: User, secrets: tuple[str, ...]) -> str:
    return app_of(Actor.guest(alice.id), secrets).at(clock.now())


def half_way(app: Flask, url: str = "/sign-in") -> Visitor:
    return Visitor(app).sign_in("alice", url)


# --- setting up


def test_set_up_from_the_account_page(guest: Visitor, alice: User, secrets: tuple[str, ...]) -> None:
    guest.go("/account")
    assert "/account/two-step" in guest.links()
    guest.go("/account/two-step").send("/account/two-step")
    assert guest.page.select_one(".qr svg") is not None
    typed = guest.page.select_one("details code")
    assert typed is not None
    assert typed.get_text().replace(" ", "") == app_of(Actor.guest(alice.id), secrets).secret
    guest.send("/account/two-step/on", code=code_of(alice, secrets))
    assert guest.heading == "Your recovery codes"
    assert len(guest.page.select(".codes li")) == 10
    assert guest.headers["Cache-Control"] == "no-store"
    guest.go("/account/two-step")
    assert "You have 10 codes left" in guest.text


def test_a_wrong_code_keeps_the_same_qr_code(guest: Visitor) -> None:
    guest.go("/account/two-step").send("/account/two-step")
    shown = str(guest.page.select_one(".qr"))
    guest.send("/account/two-step/on", code="000000")
    assert (guest.status, guest.problems) == (400, ["Code is wrong, expired or already used."])
    assert str(guest.page.select_one(".qr")) == shown


def test_without_a_code_the_field_is_named(guest: Visitor) -> None:
    guest.go("/account/two-step").send("/account/two-step").send("/account/two-step/on")
    assert guest.problems == ["Code is missing."]


def test_pressed_twice_or_in_two_tabs_nothing_breaks(
    app: Flask, guest: Visitor, alice: User, secrets: tuple[str, ...]
) -> None:
    guest.go("/account/two-step").send("/account/two-step")
    token = guest.page.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]  # it is there
    data = {"csrf_token": token, "code": code_of(alice, secrets)}
    assert guest.client.post("/account/two-step/on", data=data).status_code == 200
    assert guest.client.post("/account/two-step/on", data=data).headers["Location"] == "/account/two-step"
    assert guest.client.post("/account/two-step", data=data).headers["Location"] == "/account/two-step"


def test_after_a_while_the_password_is_asked_for_first(guest: Visitor) -> None:
    later(dt.timedelta(hours=1))
    guest.go("/account/two-step").send("/account/two-step")
    assert guest.heading == "Confirm it’s you"
    guest.send("/account/two-step", confirmPassword=PASSWORD)
    assert guest.page.select_one(".qr svg") is not None


def test_a_stranger_is_sent_to_sign_in(app: Flask) -> None:
    for path in ("", "/on", "/off", "/recovery-codes"):
        assert Visitor(app).go(f"/account/two-step{path}").heading == "Sign in"


# --- signing in


def test_the_password_leads_to_the_code_and_the_code_to_what_was_wanted(
    app: Flask, alice: User, protected: list[str], secrets: tuple[str, ...]
) -> None:
    visitor = half_way(app, "/sign-in?next=/account")
    assert (visitor.status, visitor.heading) == (200, "Enter your code")
    assert Visitor(app).go("/account").heading == "Sign in"
    assert visitor.copy().get("/account").status_code == 303
    later(A_WHILE)
    visitor.send("/sign-in/code", code=code_of(alice, secrets))
    assert (visitor.url, visitor.heading) == ("/account", "Your account")


def test_a_recovery_code_will_do_once(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app).send("/sign-in/code", code=protected[0].lower())
    assert visitor.url == "/bookings"
    assert "9 codes left" in visitor.go("/account/two-step").text
    again = half_way(app).send("/sign-in/code", code=protected[0])
    assert (again.status, again.problems) == (401, ["This code is wrong, expired or already used."])


def test_a_wrong_code_is_said_and_another_one_may_follow(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app, "/sign-in?next=/account").send("/sign-in/code", code="123")
    assert (visitor.status, visitor.heading) == (401, "Enter your code")
    assert visitor.send("/sign-in/code", code=protected[0]).url == "/account"


def test_too_many_wrong_codes_wait(counting: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(counting)
    for _ in range(5):
        visitor.send("/sign-in/code", code="000000")
    visitor.send("/sign-in/code", code=protected[0])
    assert visitor.status == 429
    assert int(visitor.headers["Retry-After"]) >= 1


def test_whoever_takes_too_long_begins_again(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app, "/sign-in?next=/account")
    later(dt.timedelta(minutes=10))
    visitor.send("/sign-in/code", code=protected[0])
    assert (visitor.status, visitor.heading) == (401, "Sign in")
    assert visitor.problems == ["That took too long. Sign in again."]
    assert visitor.go("/sign-in/code?next=/account").url == "/sign-in?next=/account"


def test_reloading_the_code_page_asks_once_more(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app).go("/sign-in/code")
    assert visitor.heading == "Enter your code"


def test_somebody_else_may_sign_in_instead(app: Flask, alice: User, bob: User, protected: list[str]) -> None:
    visitor = half_way(app).press("Sign in with another account")
    visitor.send("/sign-in", email="bob@example.com", password=PASSWORD)
    assert "bob@example.com" in visitor.go("/account").text


def test_nobody_gets_in_with_a_code_alone(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = Visitor(app).go("/sign-in/code")
    assert visitor.heading == "Sign in"
    token = visitor.page.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]  # it is there
    answer = visitor.client.post("/sign-in/code", data={"csrf_token": token, "code": protected[0]})
    assert answer.status_code == 401


def test_a_made_up_half_sign_in_is_none(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = Visitor(app)
    for made_up in (["user_x", "mark", 1.0], "half", [1, 2], None):
        with visitor.client.session_transaction() as cookie:
            cookie["half"] = made_up
        assert visitor.go("/sign-in/code").heading == "Sign in"


# --- afterwards


def test_new_recovery_codes(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app).send("/sign-in/code", code=protected[0])
    visitor.go("/account/two-step").send("/account/two-step/recovery-codes")
    new = [code.get_text() for code in visitor.page.select(".codes code")]
    assert len(set(new) - set(protected)) == 10
    assert visitor.go("/account/two-step/recovery-codes").url == "/account/two-step"


def test_turned_off_after_a_question(app: Flask, alice: User, protected: list[str]) -> None:
    visitor = half_way(app).send("/sign-in/code", code=protected[0]).go("/account/two-step/off")
    assert visitor.heading == "Turn off two-step sign-in?"
    visitor.send("/account/two-step/off")
    assert "Two-step sign-in is off" in visitor.text
    assert Visitor(app).sign_in("alice").url == "/bookings"


def test_few_codes_left_are_said(app: Flask, alice: User, protected: list[str], secrets: tuple[str, ...]) -> None:
    for code in protected[1:8]:
        second_factor.accept(alice.id, code, secrets)
    visitor = half_way(app).send("/sign-in/code", code=protected[0]).go("/account/two-step")
    assert "You have 2 recovery codes left." in visitor.text


# --- required


@pytest.fixture
def strict(environ: dict[str, str]) -> Flask:
    return create_app(Settings.from_env(environ | {"STAFF_SECOND_FACTOR": "required"}))


def test_an_owners_role_counts_only_with_it(strict: Flask, alice: User, secrets: tuple[str, ...]) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    who = sessions.start_web(alice.id)
    weak = people.current_session(who.session_id, alice.id, second_factor_required=True)
    assert (weak.memberships, weak.lacks_second_factor) == ((), True)
    visitor = Visitor(strict).sign_in("alice").go("/account")
    assert "Owners and managers can do their work only with two-step sign-in." in visitor.text
    codes = turned_on(weak.actor, secrets)
    strong = people.current_session(who.session_id, alice.id, second_factor_required=True)
    assert (len(strong.memberships), strong.lacks_second_factor) == (1, False)
    visitor = half_way(strict).send("/sign-in/code", code=codes[0]).go("/account")
    assert "can do their work only" not in visitor.text


def test_where_it_is_not_required_a_password_is_enough_and_a_desk_never_needs_it(alice: User, bob: User) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.give_role(SYSTEM, bob.id, Role.DESK)
    for user, required in ((alice, False), (bob, True)):
        who = sessions.start_web(user.id)
        found = people.current_session(who.session_id, user.id, second_factor_required=required)
        assert len(found.memberships) == 1
