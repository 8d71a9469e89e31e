"""Confirm it's you: the password once more before something sensitive, and nothing that was typed is lost."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import SignInTooOld
from booking.domain.people import own_account, sessions
from booking.domain.people.sessions import SignIn
from booking.domain.people.users import CurrentUser
from booking.domain.tables import User
from booking.pages import signed_in
from tests.api.program import program_of, refused
from tests.cast import PASSWORD, acting, later
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

HOUR = dt.timedelta(hours=1)
HEADING = "Confirm it’s you"


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).sign_in("alice")


@pytest.fixture
def sensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renaming, and nothing else, asks for a recent sign-in."""
    rename = own_account.rename

    def careful(user_id: object, full_name: str) -> None:
        sessions.require_recent(acting(signed_in.visitor()))
        rename(user_id, full_name)  # type: ignore[arg-type]  # the id that the page gave

    monkeypatch.setattr(people, "change_name", careful)


def name_of(guest: Visitor) -> str:
    return str(guest.go("/account").page.find("input", attrs={"name": "fullName"})["value"])  # type: ignore[index]  # it is there


def test_soon_after_the_sign_in_nothing_is_asked(guest: Visitor, sensitive: None) -> None:
    guest.go("/account").send("/account/profile", fullName="Alice Liddell")
    assert name_of(guest) == "Alice Liddell"


def test_later_the_password_is_asked_for_and_what_was_typed_goes_on_with_it(guest: Visitor, sensitive: None) -> None:
    later(HOUR)
    guest.go("/account").send("/account/profile", fullName="Alice <Liddell>")
    assert (guest.status, guest.heading) == (401, HEADING)
    assert name_of(guest) == "Alice"
    guest.go("/account").send("/account/profile", fullName="Alice <Liddell>")
    guest.send("/account/profile", confirmPassword=PASSWORD)
    assert guest.url == "/account"
    assert name_of(guest) == "Alice <Liddell>"


def test_it_is_not_asked_for_again(guest: Visitor, sensitive: None) -> None:
    later(HOUR)
    guest.go("/account").send("/account/profile", fullName="One").send("/account/profile", confirmPassword=PASSWORD)
    guest.send("/account/profile", fullName="Two")
    assert name_of(guest) == "Two"


def test_a_wrong_password_changes_nothing_and_keeps_what_was_typed(guest: Visitor, sensitive: None) -> None:
    later(HOUR)
    guest.go("/account").send("/account/profile", fullName="Alice Liddell")
    guest.send("/account/profile", confirmPassword="not the password")
    assert (guest.status, guest.heading) == (400, HEADING)
    assert guest.problems == ["Your password is wrong."]
    guest.send("/account/profile", confirmPassword=PASSWORD)
    assert name_of(guest) == "Alice Liddell"


def test_no_password_is_asked_for_again(guest: Visitor, sensitive: None) -> None:
    later(HOUR)
    guest.go("/account").send("/account/profile", fullName="Alice Liddell")
    guest.send("/account/profile")
    assert guest.heading == HEADING


def test_passwords_are_not_written_into_the_page(
    guest: Visitor, sensitive: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(HOUR)
    guest.go("/account").send(
        "/account/profile", fullName="Alice", newPassword="a secret of mine", oldPASSWORD="mine too"
    )
    assert guest.heading == HEADING
    assert guest.response is not None
    assert "a secret of mine" not in guest.response.text
    assert "mine too" not in guest.response.text


def test_a_page_that_is_only_looked_at_is_come_back_to(guest: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = sessions.mine

    def careful(actor: Actor, ends: sessions.SessionEnds) -> list[SignIn]:
        sessions.require_recent(actor)
        return mine(actor, ends)

    monkeypatch.setattr(people, "own_sessions", careful)
    later(HOUR)
    guest.go("/account?a=1")
    assert (guest.status, guest.heading) == (401, HEADING)
    guest.send("/account/confirm", confirmPassword="wrong one")
    assert guest.problems == ["Your password is wrong."]
    guest.send("/account/confirm", confirmPassword=PASSWORD)
    assert (guest.url, guest.heading) == ("/account?a=1", "Your account")


def test_confirming_leads_nowhere_else(guest: Visitor) -> None:
    guest.go("/account")
    token = guest.page.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]  # it is there
    for wanted in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        answer = guest.client.post(
            "/account/confirm", data={"csrf_token": token, "next": wanted, "confirmPassword": PASSWORD}
        )
        assert answer.headers["Location"] == "/account"


def test_a_form_of_somebody_elses_tries_no_password(guest: Visitor, alice: User) -> None:
    later(HOUR)
    guest.go("/account")
    answer = guest.client.post("/account/confirm", data={"confirmPassword": PASSWORD})
    assert answer.status_code == 400
    with pytest.raises(SignInTooOld):
        sessions.require_recent(acting(only_sign_in(alice)))


def test_a_stranger_is_sent_to_sign_in(app: Flask) -> None:
    visitor = Visitor(app).go("/sign-in")
    token = visitor.page.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]  # it is there
    answer = visitor.client.post("/account/confirm", data={"csrf_token": token, "confirmPassword": PASSWORD})
    assert answer.headers["Location"].startswith("/sign-in")


def test_htmx_gets_the_page_whatever_it_meant_to_swap(guest: Visitor, sensitive: None) -> None:
    later(HOUR)
    guest.go("/account")
    token = guest.page.find("input", attrs={"name": "csrf_token"})["value"]  # type: ignore[index]  # it is there
    answer = guest.client.post(
        "/account/profile",
        data={"csrf_token": token, "fullName": "Alice Liddell"},
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    )
    assert answer.headers["HX-Retarget"] == "#main"
    assert HEADING in answer.text


def test_a_program_is_told_to_sign_in_again(app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_of(app, alice)
    monkeypatch.setattr("booking.api.auth.schemas.me", lambda user, **_: sessions.require_recent(acting(user)))
    later(HOUR - dt.timedelta(minutes=1))
    refused(program.get("/me"), 401, "RECENT_SIGN_IN_NEEDED")


def only_sign_in(user: User) -> CurrentUser:
    from booking.domain.tables import Session
    from booking.infra.db import db, transaction

    session = transaction(lambda: db.session.query(Session).filter_by(user_id=user.id).one())()
    return CurrentUser(user.id, user.email, user.full_name, user.role, user.region, session.id)
