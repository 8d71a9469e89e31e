"""What is paid now and what is charged later, and when, as a guest reads it before paying, and afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Room, User
from booking.http import date_format
from booking.infra.db import db
from booking.infra.ids import encode
from booking.jobs.mails import BALANCE_AHEAD, BALANCE_DECLINED, CANCELLATION, CONFIRMATION, compose
from tests.api.test_rate_plans import plan_of
from tests.cast import VISA, acting, beside, in_days, order_of, reload
from tests.domain.pricing.test_projection import add
from tests.jobs.stories import SETTINGS, letter
from tests.web.visitor import Visitor

A_THIRD = DepositPlan(balance_days=10, percent=Decimal(30))


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def held(guest: User, desk: BookingContext, *wanted: tuple[Room, int]) -> Lines:
    """Rooms, each from so many days from now."""
    items = tuple(OrderItem(room.id, in_days(start), 2) for room, start in wanted)
    several = bookings.hold_all(acting(guest), OrderRequest(guest.id, items, deposit=A_THIRD), desk)
    return tuple(sorted(several, key=lambda one: one.reference))


def checkout(booking: Booking) -> str:
    return f"/checkout/{encode('booking', booking.id)}"


def page_of(booking: Booking, rest: str = "") -> str:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


def due_on(booking: Booking) -> str:
    return date_format.day_long(booking.check_in - dt.timedelta(days=10))


def emailed(several: Lines) -> str:
    first, *others = [summary for one in several if (summary := find_summary(one.id))]
    return " ".join(compose(first, letter(CONFIRMATION), SETTINGS, others).text.split())


def test_the_button_names_what_is_charged_now_and_the_page_what_is_charged_later(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    [one] = held(alice, desk, (room, 30))
    said = guest.go(checkout(one)).text
    assert f"Total €360 Charged now €108 Charged to your card on {due_on(one)} €252" in said
    told = f"You pay a deposit of €108 now. We keep your card and charge the rest to it: €252 on {due_on(one)}."
    assert told in said
    assert "Pay €108" in said
    assert "Pay €360" not in said
    guest.send(checkout(one), paymentMethodId=VISA)
    assert (reload(one).status, int(order_of(one).paid)) == ("CONFIRMED", 108)
    assert f"Paid €108 Charged to your card on {due_on(one)} €252" in guest.text


def test_where_all_is_paid_at_once_nothing_is_said_of_later(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    [one] = held(alice, desk, (room, 5))
    said = guest.go(checkout(one)).text
    assert "Pay €360" in said
    assert "deposit" not in said
    assert "Charged" not in said


def test_several_rooms_say_each_day(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    several = held(alice, desk, (room, 30), (beside(room, "Suite", 200), 50))
    first, second = several
    steps = f"Charged to your card on {due_on(first)} €252 Charged to your card on {due_on(second)} €420"
    for one in several:
        said = guest.go(checkout(one)).text
        assert f"Total for all rooms €960 Charged now €288 {steps}" in said
        told = "You pay a deposit of €288 for all 2 rooms now. We keep your card and charge the rest to it: "
        assert f"{told}€252 on {due_on(first)}, €420 on {due_on(second)}." in said
        assert "Pay €288" in said
    guest.send(checkout(second), paymentMethodId=VISA)
    assert {reload(one).status for one in several} == {"CONFIRMED"}
    for one in several:
        assert f"Paid €288 {steps}" in guest.go(page_of(one)).text
        assert f"Paid €288 {steps}" in guest.go(page_of(one, "/receipt")).text
    steps = steps.replace(" €", ": €")
    assert f"Total for all rooms: €960 Paid: €288 {steps}" in emailed(several)


def test_a_room_that_is_released_takes_its_deposit_along(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    first, second = held(alice, desk, (room, 30), (beside(room, "Suite", 200), 50))
    guest.go(checkout(second)).send(f"{checkout(second)}/release")
    assert f"Charged now €108 Charged to your card on {due_on(first)} €252" in guest.go(checkout(first)).text


def test_before_one_room_is_cancelled_the_page_says_what_that_does_to_the_rest(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    first, second = held(alice, desk, (room, 30), (beside(room, "Suite", 200), 50))
    guest.go(checkout(first)).send(checkout(first), paymentMethodId=VISA)
    said = guest.go(page_of(first, "/cancel")).text
    assert "You’ve paid €288 for the whole order. If you cancel this room, the order costs €600." in said
    assert "For the whole order, €312 is then still to pay." in said
    guest.send(page_of(first, "/cancel"))
    assert f"Charged to your card on {due_on(second)} €312" in guest.go(page_of(second)).text


def test_a_rate_plan_with_a_deposit_says_what_is_paid_when_from_the_room_to_the_emails(
    guest: Visitor, room: Room, desk: BookingContext
) -> None:
    add(room, "policy", name="Deposit", tiers=[], deposit="30%", restDays=10, cancelAfter=3)
    add(room, "plan", name="Pay later", percent=0, policy=plan_of(room, "Deposit"))
    stay = in_days(30)
    asked = f"checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2"
    guest.go(f"/rooms/{encode('room', room.id)}?{asked}&ratePlan={plan_of(room, 'Pay later')}")
    day = date_format.day(stay.check_in - dt.timedelta(days=10))
    assert f"€108 when you book, €252 on {day}" in guest.text
    terms = "still unpaid 3 days later, your stay is cancelled under its cancellation terms."
    assert terms in guest.text
    guest.send(f"/rooms/{encode('room', room.id)}/reserve")
    assert "You pay a deposit of €108 now." in guest.text
    assert terms in guest.text
    [one] = db.session.scalars(select(Booking))
    guest.send(checkout(one), paymentMethodId=VISA)
    assert (reload(one).status, int(order_of(one).paid)) == ("CONFIRMED", 108)
    assert "still unpaid 3 days later, the stay is cancelled under these terms." in emailed((one,))


def test_the_emails_around_the_rest_say_the_sum_the_day_and_until_when_the_stay_is_kept(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    [one] = held(alice, desk, (room, 30))
    guest.go(checkout(one)).send(checkout(one), paymentMethodId=VISA)
    summary = find_summary(one.id)
    assert summary
    ahead = " ".join(compose(summary, letter(BALANCE_AHEAD), SETTINGS).text.split())
    assert f"On {due_on(one)} we’ll charge €252 to the same card." in ahead
    ends = replace(summary, cancels_at=summary.arrival - dt.timedelta(days=7))
    warned = " ".join(compose(ends, letter(BALANCE_DECLINED), SETTINGS).text.split())
    assert "If the rest isn’t paid by" in warned
    ended = compose(replace(summary, was_unpaid=True, refunded=Decimal(0)), letter(CANCELLATION), SETTINGS)
    assert "wasn’t paid in time." in " ".join(ended.text.split())
    assert "wasn’t paid in time." in ended.html
