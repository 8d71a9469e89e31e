"""Two tabs of one browser: what a form that stayed open does after signing out, in or in again beside it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import Tag
from flask import Flask

from booking.domain.reservations import personal_data
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import PASSWORD, in_days, person
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture
def open_tab(app: Flask, alice: User) -> Visitor:
    """Signed in; `beside` is another tab of the same browser."""
    return Visitor(app).sign_in("alice")


def beside(tab: Visitor) -> Visitor:
    other = Visitor(tab.client.application)
    other.client = tab.client
    return other


def reserve_url(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}/reserve"


def look_at(tab: Visitor, room: Room) -> Visitor:
    query = f"checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests=2"
    return tab.go(f"/rooms/{encode('room', room.id)}?{query}")


def value(tab: Visitor, action: str, name: str) -> str:
    """What stands in a field of the form with this action."""
    field = tab.form(action).select_one(f"[name={name}]")
    assert isinstance(field, Tag)
    return str(field["value"])


def sign_out(tab: Visitor) -> None:
    beside(tab).go("/account").send("/sign-out")


def bookings() -> Any:
    return db.session.query(Booking).count()


def test_reserving_after_signing_out_beside_it_asks_for_a_sign_in_and_keeps_the_wish(
    open_tab: Visitor, room: Room
) -> None:
    look_at(open_tab, room)
    sign_out(open_tab)
    open_tab.send(reserve_url(room))
    assert (open_tab.status, open_tab.url.partition("?")[0]) == (200, "/sign-in")
    assert bookings() == 0
    open_tab.send("/sign-in", email="alice@example.com", password=PASSWORD)
    assert (open_tab.status, open_tab.heading) == (200, "Reserve this room?"), open_tab.text
    open_tab.send(reserve_url(room))
    assert open_tab.heading == "Review and pay"
    assert bookings() == 1


def test_any_other_form_is_out_of_date_by_then(open_tab: Visitor) -> None:
    open_tab.go("/account")
    sign_out(open_tab)
    open_tab.send("/account/password", currentPassword=PASSWORD, newPassword="another horse battery")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")
    assert "horse" not in str(open_tab.page)


def test_a_sign_in_that_ended_elsewhere_makes_forms_no_better_or_worse(app: Flask, open_tab: Visitor) -> None:
    open_tab.go("/account")
    other = Visitor(app).sign_in("alice").go("/account")
    other.send("/account/sessions/end-others")
    beside(open_tab).go("/")  # which finds that it has ended
    open_tab.send("/account/profile", fullName="Alice Liddell")
    assert_kept_until_signed_in(open_tab, "Alice Liddell")


def test_what_was_typed_after_the_end_of_the_sign_in_is_sent_after_the_next_one(open_tab: Visitor) -> None:
    ends = (sign_out, lambda tab: tab.client.delete_cookie("session"), end_elsewhere)
    for number, end in enumerate(ends):
        open_tab.go("/account")
        end(open_tab)
        open_tab.send("/account/profile", fullName=f"Alice {number}")
        assert_kept_until_signed_in(open_tab, f"Alice {number}")


def end_elsewhere(tab: Visitor) -> None:
    Visitor(tab.client.application).sign_in("alice").go("/account").send("/account/sessions/end-others")


def assert_kept_until_signed_in(tab: Visitor, name: str) -> None:
    assert (tab.status, tab.heading) == (401, "Sign in")
    assert "You’ve been signed out" in tab.text
    tab.send("/sign-in", email="alice@example.com", password="not this one at all")
    assert (tab.status, name in tab.text) == (401, True)
    tab.send("/sign-in", email="alice@example.com", password=PASSWORD)
    assert tab.heading == "You’re signed in again"
    assert f"You’re signed in as alice@example.com. What you typed hasn’t been sent yet: Name {name}" in tab.text
    assert value(beside(tab).go("/account"), "/account/profile", "fullName") != name
    tab.send("/account/profile")
    assert "Your name has been changed." in tab.text
    assert value(tab, "/account/profile", "fullName") == name


def test_what_was_typed_under_another_sign_in_is_shown_before_it_is_sent(app: Flask, open_tab: Visitor) -> None:
    person("bob")
    open_tab.go("/account")
    sign_out(open_tab)
    beside(open_tab).sign_in("bob")
    open_tab.send("/account/email", newEmail="alice@new.example")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")
    assert "New email alice@new.example" in open_tab.text
    assert value(open_tab, "/account/email", "newEmail") == "alice@new.example"


def test_what_another_site_typed_is_neither_shown_nor_kept(open_tab: Visitor) -> None:
    sign_out(open_tab)
    fields = {"fullName": "Mallory", "unsentTo": "/account/profile"}
    told: tuple[dict[str, str], ...]
    told = ({}, {"Origin": "http://evil.example"}, {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"})
    for headers in told:
        for action in ("/account/profile", "/bookings/booking_x/cancel", "/sign-in"):
            answer = open_tab.client.post(action, data=fields, headers=headers)
            assert "Mallory" not in answer.text, (action, headers)
    for action in ("https://evil.example/", "//evil.example", "/bookings", "/nowhere", ""):
        led = Visitor(open_tab.client.application).go("/sign-in")
        led.send("/sign-in", email="alice@example.com", password=PASSWORD, fullName="Mallory", unsentTo=action)
        assert led.heading == "Your bookings", action


def test_signing_out_twice_ends_at_home(open_tab: Visitor) -> None:
    open_tab.go("/account")
    sign_out(open_tab)
    open_tab.send("/sign-out")
    assert (open_tab.status, open_tab.url) == (200, "/")


def test_an_old_sign_out_does_not_end_the_next_sign_in(open_tab: Visitor) -> None:
    open_tab.go("/account")
    sign_out(open_tab)
    beside(open_tab).sign_in("alice")
    open_tab.send("/sign-out")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")
    assert open_tab.go("/account").heading == "Your account"


def test_a_restored_page_of_a_browser_that_keeps_cookies_is_out_of_date(open_tab: Visitor) -> None:
    open_tab.go("/account")
    open_tab.client.delete_cookie("session")  # as when it was closed in between
    open_tab.send("/account/password", currentPassword=PASSWORD, newPassword="another horse battery")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")


@pytest.mark.parametrize("action", ["/sign-in", "/sign-out", "/account/profile", "/rooms/room_x/reserve"])
def test_a_browser_without_any_cookie_is_asked_to_allow_them(app: Flask, action: str) -> None:
    person("alice")
    refusing = Visitor(app)
    refusing.post(action, email="alice@example.com")
    assert (refusing.status, refusing.heading) == (400, "Please allow cookies for this site")


def test_signing_out_leaves_nothing_of_the_sign_in(open_tab: Visitor) -> None:
    thief = open_tab.copy()
    sign_out(open_tab)
    assert thief.get("/account").status_code == 303
    assert open_tab.go("/account").url.startswith("/sign-in")


def test_a_second_press_beside_the_first_is_told_that_the_account_is_deleted(
    open_tab: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = personal_data.delete_own_account

    def beside_the_first(*call: Any) -> None:
        once(*call)
        once(*call)

    monkeypatch.setattr(personal_data, "delete_own_account", beside_the_first)
    open_tab.go("/account/close").send("/account/delete", confirmEmail="alice@example.com")
    assert (open_tab.heading, open_tab.status) == ("Your account is deleted", 200)
    assert open_tab.go("/account").heading == "Sign in"
