"""Two tabs of one browser: what a form that stayed open does after signing out, in or in again beside it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.domain.tables import Booking, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import PASSWORD, in_days, person
from tests.web.visitor import Visitor

STAY = in_days(30)


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
    query = f"checkIn={STAY.check_in}&checkOut={STAY.check_out}&guests=2"
    return tab.go(f"/rooms/{encode('room', room.id)}?{query}")


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


@pytest.mark.parametrize("action", ["/account/profile", "/account/password"])
def test_any_other_form_is_out_of_date_by_then(open_tab: Visitor, action: str) -> None:
    open_tab.go("/account")
    sign_out(open_tab)
    open_tab.send(action, fullName="Alice")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")


def test_a_sign_in_that_ended_elsewhere_makes_forms_no_better_or_worse(app: Flask, open_tab: Visitor) -> None:
    open_tab.go("/account")
    other = Visitor(app).sign_in("alice").go("/account")
    other.send("/account/sessions/end-others")
    beside(open_tab).go("/")  # which finds that it has ended
    open_tab.send("/account/profile", fullName="Alice")
    assert (open_tab.status, open_tab.heading) == (400, "This form is out of date")


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
    open_tab.send("/account/profile", fullName="Alice")
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
