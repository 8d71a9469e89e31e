"""What was typed or wanted is not lost: not while Postgres cannot answer, and not on the way to a new password."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.domain.people import email_changes, password_resets, sessions, users
from booking.domain.tables import Booking, EmailChange, Room, User
from booking.infra.db import Unavailable
from booking.infra.ids import encode
from tests.cast import PASSWORD, VISA, count, in_days, later
from tests.jobs.letters_sent import newest, path_in
from tests.web.visitor import Visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def away(*_: object, **__: object) -> Any:
    raise Unavailable("Postgres hangs")


def typed(visitor: Visitor, action: str) -> dict[str, str]:
    """The fields of the form that stands on the page, as they are filled in."""
    fields = visitor.form(action).select("input[name]")
    return {str(field["name"]): str(field.get("value", "")) for field in fields if field["name"] != "csrf_token"}


# --- while Postgres cannot answer


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/sign-in?next=/bookings", {"email": "alice@example.com", "password": PASSWORD}),
        ("/register", {"fullName": "Carol", "email": "carol@example.com", "password": "three words here"}),
        ("/forgot-password", {"email": "alice@example.com"}),
    ],
)
def test_a_form_of_a_stranger_comes_back_as_it_was_filled_in(
    visitor: Visitor, alice: User, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, str]
) -> None:
    action = path.partition("?")[0]
    visitor.go(path)
    with monkeypatch.context() as trouble:
        for module, name in ((users, "find"), (users, "_create"), (password_resets, "_record")):
            trouble.setattr(module, name, away)
        visitor.send(action, fields)
        assert (visitor.status, visitor.headers["Retry-After"]) == (503, "2")
        assert visitor.problems == ["The service is temporarily unavailable. Please try again in a moment."]
        kept = typed(visitor, action)
        assert {name: kept[name] for name in fields if name != "password"} == {
            name: text for name, text in fields.items() if name != "password"
        }
        assert kept.get("password", "") == ""
        assert kept.get("next", "") == ("/bookings" if "next" in path else "")
    visitor.send(action, {name: text for name, text in fields.items() if name == "password"})
    assert visitor.status == 200


def test_a_new_password_is_asked_for_again_on_the_same_page(
    visitor: Visitor, alice: User, mail_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password_resets.request(alice.email)
    url = path_in(newest(mail_dir, "Reset"), "reset-password")
    visitor.go(url)
    with monkeypatch.context() as trouble:
        trouble.setattr(password_resets, "email_of", away)
        trouble.setattr(users, "find", away)
        visitor.send(url, newPassword="another horse battery")
        assert (visitor.status, visitor.heading) == (503, "Choose a new password")
        assert typed(visitor, url)["newPassword"] == ""
    visitor.send(url, newPassword="another horse battery")
    assert visitor.heading == "Sign in"


def test_other_forms_are_sent_again_by_one_button_without_their_passwords(
    visitor: Visitor, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.signed_in(alice).go("/account")
    with monkeypatch.context() as trouble:
        trouble.setattr(email_changes, "request", away)
        trouble.setattr("booking.domain.people.request_email_change", away)
        visitor.send("/account/email", newEmail="new@example.com")
        assert (visitor.status, visitor.headers["Retry-After"]) == (503, "2")
        assert typed(visitor, "/account/email") == {"newEmail": "new@example.com"}
        assert "/account" in visitor.links()
    visitor.send("/account/email")
    assert (visitor.status, count(EmailChange)) == (200, 1)
    with monkeypatch.context() as trouble:
        trouble.setattr("booking.domain.people.change_password", away)
        visitor.go("/account").send("/account/password", currentPassword=PASSWORD, newPassword="another horse battery")
        assert visitor.status == 503
        assert "horse" not in visitor.response.text  # type: ignore[union-attr]  # it came
        # Without its passwords it would only be refused: the page that it stands on is offered instead.
        assert visitor.page.find("form", action="/account/password") is None
        assert [link["href"] for link in visitor.page.select("main a.button")] == ["/account"]


def test_paying_and_cancelling_go_on_with_one_button(
    visitor: Visitor, alice: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay, reserve = in_days(30), f"/rooms/{encode('room', room.id)}/reserve"
    dates = {"checkIn": stay.check_in, "checkOut": stay.check_out, "guests": 2}
    visitor.signed_in(alice).go(f"{reserve.removesuffix('/reserve')}?{'&'.join(f'{k}={v}' for k, v in dates.items())}")
    with monkeypatch.context() as trouble:
        trouble.setattr("booking.domain.reservations.reserve", away)
        visitor.send(reserve)
        assert visitor.status == 503
    visitor.send(reserve)
    pay = visitor.url
    with monkeypatch.context() as trouble:
        trouble.setattr("booking.domain.reservations.pay", away)
        visitor.send(pay, paymentMethodId=VISA)
        assert (visitor.status, typed(visitor, pay)["paymentMethodId"]) == (503, VISA)
    visitor.send(pay)
    assert visitor.heading == "You’re booked"
    cancel = f"{visitor.url}/cancel"
    visitor.go(cancel)
    with monkeypatch.context() as trouble:
        trouble.setattr("booking.domain.reservations.cancel", away)
        visitor.send(cancel)
        assert visitor.status == 503
    visitor.send(cancel)
    assert visitor.heading == "This booking has been cancelled"


def test_a_form_that_is_not_ours_is_not_offered_again(
    visitor: Visitor, alice: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.signed_in(alice).go("/account")
    monkeypatch.setattr(sessions, "current", away)
    monkeypatch.setattr("booking.domain.people.current_session", away)
    url = f"/rooms/{encode('room', room.id)}/reserve"
    visitor.post(url, checkIn=in_days(30).check_in, checkOut=in_days(30).check_out, guests=2)
    assert visitor.status == 503
    assert visitor.page.find("form", action=url) is None
    assert count(Booking) == 0


def test_while_nobody_knows_who_has_signed_in_nobody_is_told_to_sign_in(
    visitor: Visitor, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.domain.people.current_session", away)
    visitor.signed_in(alice).go("/bookings")
    header = [link["href"] for link in visitor.page.select("header .menu a")]
    assert (visitor.status, header) == (503, ["/bookings", "/account"])
    assert "no-store" in visitor.headers["Cache-Control"]
    assert visitor.page.find("form", action="/sign-out") is None


def test_a_page_that_cannot_be_shown_is_tried_again_as_it_was_asked_for(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("booking.domain.search.find_rooms", away)
    visitor.go("/rooms?location=antwerp&checkIn=2027-01-04&checkOut=2027-01-06&q=sea")
    assert visitor.status == 503
    assert "/rooms?location=antwerp&checkIn=2027-01-04&checkOut=2027-01-06&q=sea" in visitor.links()


def test_what_else_is_wrong_is_said_too_or_that_nothing_can_be_asked_and_nothing_is_called_our_fault(
    visitor: Visitor, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.signed_in(alice).go("/account")
    monkeypatch.setattr("booking.domain.people.current_session", away)
    assert (visitor.go("/nowhere").status, visitor.heading) == (404, "Page not found")
    for action in ("/sign-in", "/account/profile", "/account/password"):
        visitor.post(action, email="alice@example.com", csrf_token="of another session")
        assert (visitor.status, visitor.headers["Retry-After"]) == (503, "2"), visitor.text


# --- a form from before the last sign-in, or after it


def test_an_outdated_form_of_a_stranger_comes_back_with_the_reason_and_what_was_typed(
    visitor: Visitor, alice: User, mail_dir: Path
) -> None:
    password_resets.request(alice.email)
    reset = path_in(newest(mail_dir, "Reset"), "reset-password")
    forms = (
        ("/sign-in?next=/bookings", {"email": "alice@example.com", "password": PASSWORD}),
        ("/register", {"fullName": "Carol", "email": "carol@example.com", "password": "three words here"}),
        ("/forgot-password", {"email": "alice@example.com"}),
        (reset, {"newPassword": "another horse battery"}),
    )
    for path, fields in forms:
        action = path.partition("?")[0]
        visitor.go(path)
        heading = visitor.heading
        visitor.client.delete_cookie("session")
        visitor.client.set_cookie("device", "kept")  # the browser keeps cookies, as one that was closed in between
        visitor.send(action, fields)
        assert (visitor.status, visitor.heading) == (400, heading), path
        [problem] = visitor.problems
        assert "was out of date, so nothing was sent: you have signed in or out since the page opened" in problem
        kept = typed(visitor, action)
        for name, text in fields.items():
            assert kept[name] == ("" if "assword" in name else text), name
        assert kept.get("next", "") == ("/bookings" if "next" in path else "")
        visitor.send(action, {name: text for name, text in fields.items() if "assword" in name})
        assert visitor.status == 200, visitor.text
        visitor.client.delete_cookie("session")


# --- on the way to a new password


@pytest.mark.parametrize("wanted", ["/bookings?show=past", ""])
def test_a_forgotten_password_leads_to_what_was_wanted(
    visitor: Visitor, alice: User, mail_dir: Path, wanted: str
) -> None:
    visitor.go("/bookings?show=past" if wanted else "/sign-in")
    assert visitor.heading == "Sign in"
    visitor.press("Forgot your password?").send("/forgot-password", email=alice.email)
    assert visitor.heading == "Check your email"
    url = path_in(newest(mail_dir, "Reset"), "reset-password")
    other = Visitor(visitor.client.application)  # the mailbox opens links in a browser of its own
    other.go(url).send(url.partition("?")[0], newPassword="short")
    other.send(url.partition("?")[0], newPassword="another horse battery")
    other.send("/sign-in", email=alice.email, password="another horse battery")
    assert other.url == (wanted or "/bookings")
    assert any(("next=" in link) is bool(wanted) for link in visitor.go(url).links() if "forgot" in link)


def shown(visitor: Visitor, name: str = "email") -> str:
    """What stands in a field that can be seen."""
    field = visitor.page.select_one(f"main input[name={name}]:not([type=hidden])")
    return str(field["value"]) if field else ""


def test_an_email_typed_once_comes_along_on_every_way_to_a_new_password_and_back(
    visitor: Visitor, alice: User, mail_dir: Path
) -> None:
    visitor.go("/sign-in?next=/account").press("Forgot your password?", email=alice.email)
    assert (visitor.heading, shown(visitor)) == ("Forgot your password?", alice.email)
    assert (visitor.press("Back to sign in").heading, shown(visitor)) == ("Sign in", alice.email)
    assert (visitor.press("Create account").heading, shown(visitor)) == ("Create account", alice.email)
    visitor.press("Sign in", fullName="Alice B.", email="alic@example.com").press("Create account")
    assert (shown(visitor), shown(visitor, "fullName")) == ("alic@example.com", "")  # the sign-in form has no name
    visitor.press("Sign in").press("Forgot your password?").press("Send link")
    assert visitor.press("Try another address").press("Send link", email=alice.email).heading == "Check your email"
    assert (visitor.press("Back to sign in").heading, shown(visitor)) == ("Sign in", alice.email)
    other = Visitor(visitor.client.application)  # the mailbox opens links in a browser of its own
    link = path_in(newest(mail_dir, "Reset"), "reset-password")
    other.go(link).press("Change password", newPassword="another horse battery")
    assert (other.heading, shown(other)) == ("Sign in", alice.email)
    assert other.press("Sign in", password="another horse battery").url == "/account"


def test_a_form_whose_sign_in_had_ended_is_kept_where_a_new_password_is_asked_for(
    visitor: Visitor, alice: User, mail_dir: Path
) -> None:
    visitor.signed_in(alice).go("/account")
    sessions.end_all(alice.id)
    visitor.send("/account/profile", fullName="Alice Liddell")
    for button in ("Forgot your password?", "Send link", "Try another address", "Send link"):
        assert "Alice Liddell" in visitor.text
        visitor.press(button, email=alice.email)
        assert "What you typed hasn’t been sent. It stays in this tab only: the link in the email opens" in visitor.text
    beside = Visitor(visitor.client.application)
    beside.client = visitor.client  # the link opens in another tab: its end of every sign-in makes this one out of date
    beside.go(path_in(newest(mail_dir, "Reset"), "reset-password"))
    beside.press("Change password", newPassword="another horse battery")
    assert visitor.press("Back to sign in").heading == "Sign in"
    assert (visitor.status, visitor.problems, shown(visitor)) == (200, [], alice.email)
    visitor.press("Sign in", password="another horse battery")
    assert "What you typed hasn’t been sent yet: Name Alice Liddell" in visitor.text
    assert "Your name has been changed." in visitor.press("Send it now").text


def test_what_was_kept_is_sent_also_where_somebody_has_signed_in_beside_it(visitor: Visitor, alice: User) -> None:
    visitor.signed_in(alice).go("/account")
    sessions.end_all(alice.id)
    visitor.send("/account/email", newEmail="new@example.com")
    visitor.press("Forgot your password?", email=alice.email).press("Send link")
    beside = Visitor(visitor.client.application)
    beside.client = visitor.client
    beside.sign_in("alice")
    assert visitor.press("Back to sign in").heading == "You’re signed in again"
    visitor.press("Send it now")
    assert (visitor.url, count(EmailChange)) == ("/account", 1)


def test_a_form_that_asked_for_the_password_again_is_kept_too(visitor: Visitor, alice: User) -> None:
    visitor.signed_in(alice).go("/account")
    later(dt.timedelta(hours=2))
    assert visitor.send("/account/email", newEmail="new@example.com").heading == "Confirm it’s you"
    visitor.press("Forgot your password?")
    assert (visitor.heading, shown(visitor)) == ("Forgot your password?", alice.email)
    assert "New email new@example.com" in visitor.text


def test_what_another_site_typed_goes_nowhere(visitor: Visitor) -> None:
    fields = {"email": "mallory@example.com", "fullName": "Mallory", "unsentTo": "/account/profile"}
    for place in ("sign-in", "register", "forgot-password"):
        for origin in ("http://evil.example", "null", ""):
            headers = {"Origin": origin} if origin else {}
            answer = visitor.client.post(f"/{place}/prefilled", data=fields | {"next": "/account"}, headers=headers)
            assert (answer.status_code, answer.headers["Location"]) == (303, f"/{place}?next=/account"), (place, origin)
        assert visitor.go(f"/{place}/prefilled").url == f"/{place}"


def test_no_link_leads_out_of_the_house(visitor: Visitor, alice: User, mail_dir: Path) -> None:
    for wanted in ("https://evil.example/", "//evil.example", "/sign-out", "/rooms?q=" + "x" * 1000):
        visitor.go("/forgot-password").send("/forgot-password", email="somebody@example.com", next=wanted)
        assert "next=" not in visitor.page.select_one("main").decode()  # type: ignore[union-attr]  # every page has one
    visitor.go("/forgot-password").send("/forgot-password", email=alice.email, next="https://evil.example/")
    assert "next" not in path_in(newest(mail_dir, "Reset"), "reset-password")
