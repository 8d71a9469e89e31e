"""Changing a stay at the desk: its price first; done, twice, with bad input, in a race; and back to the calendar."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import new_bookings
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.http.date_format import day
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.admin.staff import at_work, statements
from tests.cases import each
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    all_at_once,
    beside,
    blocked,
    in_days,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    person,
    reload,
)
from tests.domain.reservations.changing import findings
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights, 360 EUR, paid by card."""
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


@pytest.fixture
def called(room: Room, desk: BookingContext) -> Booking:
    """The same of somebody without an account, to be paid at the desk."""
    caller = Contact("Zoë", "zoe@hotel.example")
    wish = OrderRequest(None, (OrderItem(room.id, in_days(30), 2),), contact=caller)
    made = new_bookings.book(SYSTEM, wish, "desk", None, desk)
    return reload(made.bookings[0])


def at(booking: Booking, **asked: object) -> str:
    page = f"/admin/bookings/{encode('booking', booking.id)}/change"
    return f"{page}?{urlencode(asked)}" if asked else page


def dates(stay: Stay) -> dict[str, str]:
    return {"checkIn": str(stay.check_in), "checkOut": str(stay.check_out)}


def stay_of(booking: Booking) -> Stay:
    now = reload(booking)
    return Stay(now.check_in, now.check_out)


def follow(visitor: Visitor, text: str) -> None:
    [link] = [one for one in visitor.page.select("main a") if one.get_text(strip=True) == text]
    visitor.go(str(link["href"]))


# --- what it means, and then it is so


def test_what_is_dearer_is_shown_and_then_stays_due_by_the_houses_word(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, **dates(in_days(30, 5))))
    assert clerk.status == 200
    assert all(text in clerk.text for text in ("€240", "€600", "At the desk"))
    assert stay_of(booked) == in_days(30)
    clerk.send(at(booked), how="transfer")
    assert "The stay is changed." in clerk.text
    assert "Enter the payment of €240" in clerk.text
    assert stay_of(booked) == in_days(30, 5)
    ledger = order_of(booked)
    assert [ledger.owed, ledger.paid, ledger.due] == [600, 360, 240]
    assert ledger.guarantee == "transfer"
    assert "Stay changed" in clerk.page.select(".desk-events")[-1].get_text()
    assert findings() == []


def test_what_is_cheaper_gives_back_what_was_shown(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, **dates(in_days(30, 2)), part=1))
    assert (clerk.heading, "€120" in clerk.text) == ("Cancel part of the stay", True)
    clerk.send(at(booked))
    assert stay_of(booked) == in_days(30, 2)
    assert [int(one.amount) for one in payments_of(booked) if one.kind == "refund"] == [120]
    assert findings() == []


def test_another_room_for_a_caller_without_an_account(clerk: Visitor, called: Booking, room: Room) -> None:
    suite = beside(room, "The suite", 200)
    clerk.go(at(called))
    assert "€600: The suite" in clerk.text
    clerk.go(at(called, roomId=encode("room", suite.id), guests=3)).send(at(called), how="desk")
    assert (reload(called).room_id, reload(called).guests) == (suite.id, 3)
    assert nights_of(room) == {}
    assert order_of(called).due == reload(called).total_price > 360
    assert findings() == []


def test_a_manager_lets_the_guest_off_the_difference(manager: Visitor, booked: Booking) -> None:
    manager.go(at(booked, **dates(in_days(30, 5)))).send(at(booked), how="waived", reason="")
    assert manager.status == 400
    assert "Reason" in " ".join(manager.problems)
    assert stay_of(booked) == in_days(30)
    manager.send(at(booked), how="waived", reason="the lift was out")
    ledger = order_of(booked)
    assert [ledger.owed, ledger.due, ledger.waived] == [600, 0, 240]
    assert ledger.guarantee is None
    assert "the lift was out" in manager.text
    assert findings() == []


def test_what_is_waived_counts_as_far_as_there_is_something_to_pay(manager: Visitor, booked: Booking) -> None:
    longer, as_booked = dates(in_days(30, 5)), dates(in_days(30))
    manager.go(at(booked, **longer)).send(at(booked), how="waived", reason="the lift was out")
    assert "Waived €240" in manager.text
    manager.go(at(booked, **as_booked))
    for told in ("The stay costs less €240", "Of that it was waived, not paid €240", "Refund to the guest €0"):
        assert told in manager.text, told
    manager.send(at(booked))
    assert "Waived €0 of €240: no more than that is left to be waived now Due €0" in manager.text
    manager.go(at(booked, **longer))
    assert "Waived already €240" in manager.text
    assert "It stays due" not in manager.text
    manager.send(at(booked))
    assert [int(one) for one in (order_of(booked).owed, order_of(booked).due)] == [600, 0]
    assert findings() == []


def test_a_clerk_lets_nobody_off(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, **dates(in_days(30, 5))))
    assert clerk.page.select_one('option[value="waived"]') is None
    fields = {str(one["name"]): str(one["value"]) for one in clerk.form(at(booked)).select("input")}
    clerk.post(at(booked), **fields, how="waived", reason="mine")
    assert clerk.status == 403
    assert stay_of(booked) == in_days(30)
    assert order_of(booked).waived == 0


# --- what cannot be


def test_a_room_that_is_taken_is_explained_and_others_are_offered(clerk: Visitor, booked: Booking, room: Room) -> None:
    suite, attic = beside(room, "The suite", 200), beside(room, "The attic", 90)
    blocked(suite, in_days(32, 1))
    clerk.go(at(booked, **dates(in_days(31)), roomId=encode("room", suite.id), guests=2))
    assert clerk.status == 409
    assert "taken on some of these nights" in " ".join(clerk.problems)
    shown = clerk.page.select_one("#f-checkIn")
    assert shown is not None
    assert shown["value"] == str(in_days(31).check_in)
    assert [str(one["value"]) for one in clerk.page.select("#f-roomId option[selected]")] == [encode("room", suite.id)]
    assert encode("room", attic.id) in [str(one["value"]) for one in clerk.page.select("#f-roomId option")]


@each(
    ("asked", "problem"),
    [
        ({"checkIn": "soon"}, "Check-in"),
        ({"checkIn": "2020-01-01"}, "past"),
        ({"guests": "99"}, "guests"),
        ({"roomId": "room_1"}, ""),
        ({"roomId": "room_01h455vb4pex5vsknk084sn02q"}, "no such room"),
    ],
)
def test_what_cannot_be_asked_for_keeps_what_was_typed(
    clerk: Visitor, booked: Booking, asked: dict[str, str], problem: str
) -> None:
    clerk.go(at(booked, **{"checkOut": str(in_days(30, 4).check_out), **asked}))
    assert clerk.status in (400, 404)
    assert problem in " ".join(clerk.problems)
    shown = clerk.page.select_one("#f-checkOut")
    assert shown is not None
    assert shown["value"] == str(in_days(30, 4).check_out)
    assert clerk.page.select_one("#quote") is None


def test_of_a_stay_that_has_begun_check_out_and_the_room_for_the_nights_left_are_asked(
    app: Flask, bob: User, alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(2)), VISA, desk)  # sessions of staff last a week
    suite, small = beside(room, "The suite", 200), beside(room, "The attic", 120)
    blocked(small, in_days(4, 1))
    later(dt.datetime.combine(in_days(3).check_in, dt.time(12), tzinfo=dt.UTC) - clock.now())  # a night is over
    clerk = at_work(app, bob, Role.DESK, room).go(at(booked))
    assert clerk.page.select_one("#f-checkIn") is None
    assert clerk.page.select_one("#f-guests") is None
    label = clerk.page.select_one("label[for=f-roomId]")
    assert label is not None
    assert label.get_text(strip=True) == f"Room from {day(in_days(3).check_in)} on"
    assert [one.get_text(strip=True) for one in clerk.page.select("#f-roomId option")] == [
        f"As booked: {room.name}",
        "€400: The suite",  # for two nights
    ]
    clerk.go(at(booked, roomId=encode("room", suite.id)))
    assert f"The suite, from {day(in_days(3).check_in)} on" in clerk.text
    clerk.send(at(booked), how="desk")
    assert "The stay is changed." in clerk.text
    assert f"The suite until {day(in_days(3).check_in)}: {room.name}" in clerk.text
    assert (len(nights_of(room)), len(nights_of(suite)), findings()) == (1, 2, [])


def test_what_is_over_or_only_held_cannot_be_changed(
    clerk: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(50)), desk)
    assert clerk.go(at(held)).url == at(held).removesuffix("/change")


# --- meanwhile


def test_pressed_twice_it_is_changed_once(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, **dates(in_days(30, 2))))
    fields = {str(one["name"]): str(one["value"]) for one in clerk.form(at(booked)).select("input")}
    for _ in range(2):
        clerk.post(at(booked), **fields)
        assert clerk.status == 200
        assert "The stay is changed." in clerk.text
    assert reload(booked).times_changed == 1
    assert len([one for one in payments_of(booked) if one.kind == "refund"]) == 1


def test_another_price_is_shown_before_anything_is_done(clerk: Visitor, booked: Booking, room: Room) -> None:
    clerk.go(at(booked, **dates(in_days(30, 5))))
    _set_price(room, 150)
    clerk.send(at(booked), how="later")
    assert clerk.status == 409
    assert "Nothing was done" in " ".join(clerk.problems)
    assert "€300" in clerk.text
    assert stay_of(booked) == in_days(30)
    assert [str(one["value"]) for one in clerk.page.select("#f-how option[selected]")] == ["later"]
    clerk.send(at(booked), how="later")
    assert order_of(booked).due == 300
    assert order_of(booked).guarantee == "later"


def test_another_change_or_refund_meanwhile_is_shown_first(
    clerk: Visitor, called: Booking, desk: BookingContext
) -> None:
    clerk.go(at(called, **dates(in_days(30, 2))))
    clerk.send(at(called), {"version": str(called.version + 1)})
    assert clerk.status == 409
    clerk.send(at(called), {"shownRefund": "1"})
    assert clerk.status == 409
    assert "The refund has changed" in " ".join(clerk.problems)
    assert stay_of(called) == in_days(30)


def test_where_it_was_cancelled_meanwhile_that_is_said(clerk: Visitor, called: Booking, desk: BookingContext) -> None:
    clerk.go(at(called, **dates(in_days(30, 2))))
    bookings.cancel(SYSTEM, called.id, desk)
    clerk.send(at(called))
    assert (clerk.status, clerk.url) == (200, at(called).removesuffix("/change"))
    assert "It was not changed" in clerk.text


@transaction
def _set_price(room: Room, price: int) -> None:
    db.session.get_one(Room, room.id).price_per_night = Decimal(price)


def test_of_two_who_want_the_same_nights_one_is_told_that_they_are_taken(
    app: Flask, bob: User, booked: Booking, room: Room, alice: User, desk: BookingContext
) -> None:
    suite = beside(room, "The suite", 120)
    other = bookings.book(acting(alice), order(alice, beside(room, "The attic", 120), in_days(30)), VISA, desk)
    clerks = [at_work(app, one, Role.DESK, room) for one in (bob, person("carol"))]
    for one, booking in zip(clerks, (booked, other), strict=True):
        one.go(at(booking, roomId=encode("room", suite.id)))
    sending = [partial(one.send, at(booking)) for one, booking in zip(clerks, (booked, other), strict=True)]
    all_at_once(app, list(sending))
    assert sorted(one.status for one in clerks) == [200, 409]
    assert [reload(booked).room_id, reload(other).room_id].count(suite.id) == 1
    assert findings() == []


# --- around it


def test_from_the_calendar_it_leads_back_to_the_same_place(clerk: Visitor, booked: Booking, room: Room) -> None:
    start = in_days(28).check_in
    clerk.go(f"/admin/calendar/?start={start}&days=14")
    bar = clerk.page.select_one("a.tape-bar")
    assert bar is not None
    clerk.go(str(bar["href"]))
    follow(clerk, "Change dates, room or guests")
    assert clerk.heading == "Change dates, room or guests"
    place = clerk.page.select_one('input[name="calendar"]')
    assert place is not None
    clerk.go(at(booked, checkOut=in_days(30, 2).check_out, calendar=place["value"]))
    [action] = {str(form["action"]) for form in clerk.page.select("main form[method=post]")}
    clerk.send(action)
    assert clerk.url.startswith("/admin/calendar/?")
    assert f"start={start}&days=14" in clerk.url
    assert booked.reference in clerk.text
    assert stay_of(booked) == in_days(30, 2)


@each("place", ["https://elsewhere.example", "//elsewhere.example/?start=x", "start=x&next=//elsewhere", "%"])
def test_the_way_back_is_to_our_calendar_only(clerk: Visitor, booked: Booking, place: str) -> None:
    clerk.go(at(booked, checkOut=in_days(30, 2).check_out, calendar=place))
    assert clerk.status == 200
    assert "elsewhere" not in " ".join(clerk.links())


def test_one_room_of_several_can_be_given_back(clerk: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "The attic", 100)))
    made = bookings.book_all(acting(alice), OrderRequest(alice.id, items), VISA, desk)
    first = made[0]
    clerk.go(at(first, part=1))
    follow(clerk, "Cancel The attic")
    assert clerk.heading == "Cancel this room?"


def test_a_change_asks_for_a_fresh_sign_in_where_money_goes_back(clerk: Visitor, booked: Booking) -> None:
    clerk.go(at(booked, **dates(in_days(30, 2))))
    later(dt.timedelta(minutes=16))
    clerk.send(at(booked))
    assert clerk.status == 401
    assert clerk.page.select_one('input[name="shownRefund"]') is not None
    assert stay_of(booked) == in_days(30)


def test_its_page_costs_the_same_however_many_rooms_are_free(clerk: Visitor, booked: Booking, room: Room) -> None:
    def look() -> object:
        return clerk.go(at(booked, **dates(in_days(30, 5))))

    look()
    few = statements(look)
    for number in range(4):
        beside(room, f"Room {number}", 100)
    look()
    assert statements(look) == few


def test_a_manager_refunds_another_amount_for_nights_that_are_given_back(manager: Visitor, booked: Booking) -> None:
    manager.go(at(booked, part=1, checkOut=in_days(30, 2).check_out))
    manager.send(at(booked), refund="121", reason="fell ill")
    assert (manager.status, "at most 120.00" in " ".join(manager.problems)) == (400, True), manager.problems
    manager.send(at(booked), refund="50")
    assert "The stay is changed." in manager.text
    assert "fell ill" in manager.text
    now = order_of(booked)
    assert [int(one) for one in (now.owed, now.paid - now.refunded, now.due)] == [310, 310, 0]
    assert (stay_of(booked), findings()) == (in_days(30, 2), [])
