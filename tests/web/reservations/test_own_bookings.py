"""A guest's bookings: lists, one of them, its calendar entry, cancelling with the refund shown first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar
import pytest
from flask import Flask

from booking.domain.catalogue.cancellation_policies import MODERATE, STRICT
from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory import availability
from booking.domain.pricing import policies
from booking.domain.reservations import bookings, guarantees, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.http import date_format
from booking.infra import clock
from booking.infra.db import transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    REFUND_DECLINED,
    REFUND_SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    in_days,
    interrupted,
    later,
    order,
    reload,
)
from tests.web.visitor import Visitor


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


def url_of(booking: Any, rest: Any = "") -> Any:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


def test_without_bookings_there_is_a_way_on(guest: Visitor) -> None:
    for group in ("upcoming", "past", "cancelled"):
        assert guest.go(f"/bookings?show={group}").page.select_one(".empty a.button")["href"] in ("/", "/bookings")


def test_a_booking_says_how_to_reach_the_house_and_what_it_asks(
    guest: Visitor, alice: User, desk: BookingContext
) -> None:
    room = a_room(contact_email="hello@pier.example", house_rules="Quiet from 22:00.")
    booked = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    guest.go(url_of(booked))
    assert ("hello@pier.example" in guest.text, "Quiet from 22:00." in guest.text) == (True, True)


def test_lists_show_what_belongs_there(
    guest: Visitor, alice: User, room: Room, desk: BookingContext, booked: Booking
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(40)), desk)
    guest.go("/bookings")
    days = (booked.check_in - clock.today("Europe/Brussels")).days
    assert f"In {days} days" in guest.text
    assert "Not paid yet" in guest.text
    assert url_of(booked) in guest.links()
    assert guest.go(url_of(held)).heading == "Review and pay"
    bookings.cancel(acting(alice), booked.id, desk)
    assert url_of(booked) in guest.go("/bookings?show=cancelled").links()


def test_cancelled_bookings_name_their_refund(
    guest: Visitor, alice: User, room: Room, desk: BookingContext, booked: Booking
) -> None:
    bookings.cancel(acting(alice), booked.id, desk)
    assert "Refund: €360" in guest.go("/bookings?show=cancelled").text


def test_cancelled_bookings_without_a_refund_say_so(guest: Visitor, alice: User, desk: BookingContext) -> None:
    strict = bookings.book(acting(alice), order(alice, a_room(cancellation_policy=STRICT), in_days(3)), VISA, desk)
    bookings.cancel(acting(alice), strict.id, desk)
    assert "No refund" in guest.go("/bookings?show=cancelled").text


def test_a_cancelled_booking_that_cost_nothing_has_nothing_to_refund(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    unpaid = holds.reserve(acting(alice), order(alice, room), desk)
    guarantees.guarantee(SYSTEM, unpaid.order_id, "later")
    bookings.cancel(acting(alice), unpaid.id, desk)
    text = guest.go("/bookings?show=cancelled").text
    assert "Nothing to refund" in text
    assert "No refund" not in text
    assert "Still to pay" not in text


@each("query", ["show=nonsense", "page=9", "show=past&page=2"])
def test_lists_that_do_not_exist_are_empty_or_the_first(guest: Visitor, booked: Booking, query: str) -> None:
    assert guest.go(f"/bookings?{query}").status == 200


@each("query", ["page=0", "page=x", "page=-1"])
def test_a_page_that_is_no_number_is_the_first(guest: Visitor, booked: Booking, query: str) -> None:
    assert guest.go(f"/bookings?{query}").status == 200
    assert url_of(booked) in guest.links()


def test_a_cancellation_from_before_the_last_sign_in_is_asked_once_more(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked, "/cancel"))
    old = guest.form(url_of(booked, "/cancel")).find("input", attrs={"name": "csrf_token"})["value"]
    guest.go("/account").send("/sign-out")
    guest.sign_in("alice").go(url_of(booked, "/cancel"))
    guest.send(url_of(booked, "/cancel"), csrf_token=old)
    assert (guest.status, reload(booked).status) == (400, "CONFIRMED")
    assert "so nothing was cancelled" in guest.text
    guest.send(url_of(booked, "/cancel"))
    assert reload(booked).status == "CANCELLED"


def test_a_booking_says_what_matters(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked))
    for fact in (booked.reference, "Room with a view", "€360", "from 15:00", "2 guests", "Free cancellation until"):
        assert fact in guest.text
    assert guest.headers["Cache-Control"] == "no-store"


def test_a_booking_names_its_guest_also_before_the_address_is_confirmed(
    guest: Visitor, booked: Booking, alice: User
) -> None:
    text = guest.go(url_of(booked)).text
    assert f"Booked under the name {alice.full_name}." in text
    assert f"Paid and confirmed, {alice.full_name}." in text


def test_later_it_is_not_news_any_more(guest: Visitor, booked: Booking) -> None:
    assert guest.go(url_of(booked)).heading == "You’re booked"
    later(dt.timedelta(hours=1))
    assert guest.go(url_of(booked)).heading == "Your booking"


def test_the_calendar_entry(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked, "/calendar.ics"))
    assert guest.headers["Content-Type"].startswith("text/calendar")
    assert f"stay-{booked.reference}.ics" in guest.headers["Content-Disposition"]
    (stay,) = icalendar.Calendar.from_ical(guest.response.data).walk("VEVENT")
    assert stay["DTSTART"].dt.date() == booked.check_in
    for of_a_library in ("COMMENT", "icalendar", "X-LIC"):
        assert of_a_library not in guest.text
    assert "PRODID:-//Room Booking//Bookings//EN" in guest.response.text


def test_a_hold_has_no_calendar_entry(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    assert guest.go(url_of(held, "/calendar.ics")).status == 404


# --- cancel


def test_the_refund_is_shown_first_and_then_paid(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked, "/cancel"))
    assert "You’ll get €360 back That’s everything you paid. It goes back to the card you paid with." in guest.text
    assert "You’ll get this refund if you cancel before" in guest.text
    assert reload(booked).status == "CONFIRMED"
    guest.send(url_of(booked, "/cancel"))
    assert guest.heading == "This booking has been cancelled"
    assert "You’ll get a full refund of €360." in guest.text
    assert "Cancelled on" in guest.text
    assert reload(booked).status == "CANCELLED"


def test_a_part_of_it(guest: Visitor, alice: User, desk: BookingContext) -> None:
    half = bookings.book(acting(alice), order(alice, a_room(cancellation_policy=MODERATE), in_days(3)), VISA, desk)
    guest.go(url_of(half, "/cancel"))
    assert "You’ll get €180 back" in guest.text
    day_before = policies.check_in_instant(half.policy, half.check_in - dt.timedelta(days=1))
    assert f"if you cancel before {date_format.moment(day_before)} (local time)" in guest.text
    guest.send(url_of(half, "/cancel"))
    assert reload(half).refund_amount == 180


def test_nothing_at_all_is_said_plainly(guest: Visitor, alice: User, desk: BookingContext) -> None:
    strict = bookings.book(acting(alice), order(alice, a_room(cancellation_policy=STRICT), in_days(3)), VISA, desk)
    guest.go(url_of(strict, "/cancel"))
    assert "No refund" in guest.text
    guest.send(url_of(strict, "/cancel"))
    assert reload(strict).status == "CANCELLED"


def test_twice_is_cancelled_once(guest: Visitor, booked: Booking) -> None:
    fields = {
        str(field["name"]): field["value"]
        for field in guest.go(url_of(booked, "/cancel")).form(url_of(booked, "/cancel")).select("input[name]")
    }
    for _ in range(2):
        response = guest.client.post(url_of(booked, "/cancel"), data=fields)
        assert response.status_code in (303, 409)
    assert guest.go(url_of(booked)).heading == "This booking has been cancelled"
    assert guest.go(url_of(booked, "/cancel")).heading == "This booking has been cancelled"


def test_a_refund_that_shrank_is_shown_again(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    soon = bookings.book(acting(alice), order(alice, room, in_days(5)), VISA, desk)
    guest.go(url_of(soon, "/cancel"))
    assert "You’ll get €360 back" in guest.text
    arrival = policies.check_in_instant(soon.policy, soon.check_in)
    later(arrival - dt.timedelta(hours=12) - clock.now())
    guest.send(url_of(soon, "/cancel"))
    assert guest.status == 409
    assert "The refund has changed" in guest.text
    assert "Nothing was cancelled" in guest.text
    assert "No refund" in guest.text


def test_what_was_changed_elsewhere_is_shown_again(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked, "/cancel")).send(url_of(booked, "/cancel"), version=99)
    assert guest.status == 409
    assert "The booking has changed" in guest.text
    assert "The refund has changed" not in guest.text
    assert reload(booked).status == "CONFIRMED"


def test_nonsense_cancels_nothing(guest: Visitor, booked: Booking) -> None:
    guest.go(url_of(booked, "/cancel")).send(url_of(booked, "/cancel"), version="x", shownRefund="y")
    assert guest.status == 400
    assert "The booking has changed" in guest.text
    assert reload(booked).status == "CONFIRMED"


# --- strangers


def test_a_strangers_booking_does_not_exist(app: Flask, bob: User, booked: Booking) -> None:
    other = Visitor(app).sign_in("bob")
    for rest in ("", "/cancel", "/calendar.ics"):
        assert other.go(url_of(booked, rest)).status == 404
    token = other.go("/account").page.find("input", attrs={"name": "csrf_token"})["value"]
    fields = {"csrf_token": token, "version": 1, "shownRefund": "360"}
    assert other.client.post(url_of(booked, "/cancel"), data=fields).status_code == 404
    assert reload(booked).status == "CONFIRMED"


def test_nobody_signs_in_first(app: Flask, booked: Booking) -> None:
    for rest in ("", "/cancel", "/calendar.ics"):
        assert Visitor(app).go(url_of(booked, rest)).heading == "Sign in"


def test_a_refund_that_the_bank_declined_is_said_on_the_page_and_in_the_list(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room, in_days(30)), REFUND_DECLINED, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    guest.go(url_of(booking))
    assert guest.heading == "This booking has been cancelled"
    assert "We couldn’t return €360 to your card" in guest.text
    assert "We still owe you this money" in guest.text
    assert "Refund we owe you" in guest.text
    assert "goes back to the card" not in guest.text
    guest.go("/bookings?show=cancelled")
    assert "We couldn’t return €360 to your card. We’re on it." in guest.text
    assert "Refund: €360" not in guest.text


def test_a_refund_without_an_answer_is_on_its_way(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room, in_days(30)), REFUND_SLOW, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    assert "Refund on its way" in guest.go(url_of(booking)).text
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    guest.go(url_of(booking))
    assert "Refund on its way" not in guest.text
    assert "Refunded" in guest.text


def test_charged_too_late_and_not_to_be_refunded_is_listed_too(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(30)), desk)

    @transaction
    def somebody_frees_the_nights(_: Any) -> None:
        availability.release(SYSTEM, held.id)

    with pytest.raises(RoomNotAvailable):
        bookings.pay(
            acting(alice), held.id, REFUND_DECLINED, held.total_price, interrupted(desk, somebody_frees_the_nights)
        )
    guest.go("/bookings?show=cancelled")
    assert "Not booked" in guest.text
    assert "We couldn’t return €360 to your card. We’re on it." in guest.text
    guest.go(url_of(held))
    assert guest.heading == "The room was taken before your payment arrived"
    assert "We couldn’t return €360 to your card" in guest.text
    assert "on its way" not in guest.text
