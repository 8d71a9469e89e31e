"""The page on which a guest pays the rest of a booked stay now; every step without a script."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.reservations import deposits, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import AN_HOUR, DECLINED, SLOW, SYSTEM, VISA, later, payments_of
from tests.domain.payments.test_schedule import DUE, declining, hold, moved, pay, sums
from tests.web.visitor import Visitor

REST = ("charge", "balance", 252, "succeeded")


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, of which 108 are paid."""
    return pay(hold(alice, room, desk), desk)


def page_of(booking: Booking, rest: str = "") -> str:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


def test_the_booking_leads_to_paying_the_rest_and_back(guest: Visitor, booked: Booking) -> None:
    assert "Pay the rest now: €252" in guest.go(page_of(booked)).text
    assert page_of(booked, "/pay") in guest.links()
    said = guest.go(page_of(booked, "/pay")).text
    assert "You can pay now what we’d charge to your card later. Nothing is charged twice." in said
    assert "Pay €252" in said
    guest.send(page_of(booked, "/pay"), paymentMethodId=VISA)
    assert guest.url == page_of(booked)
    assert "Pay the rest" not in guest.text
    assert "Charged to your card" not in guest.text
    assert (moved(booked)[1:], sums(booked)) == ([REST], (360, 0, 0))
    assert guest.go(page_of(booked, "/pay")).url == page_of(booked)


def test_sent_twice_it_is_paid_once(guest: Visitor, booked: Booking) -> None:
    form = guest.go(page_of(booked, "/pay")).form(page_of(booked, "/pay"))
    values = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
    for _ in range(2):
        guest.client.post(page_of(booked, "/pay"), data=values | {"paymentMethodId": VISA})
    assert (moved(booked)[1:], sums(booked)) == ([REST], (360, 0, 0))


def test_a_declined_card_is_said_and_another_one_chosen(guest: Visitor, booked: Booking) -> None:
    guest.go(page_of(booked, "/pay")).send(page_of(booked, "/pay"), paymentMethodId=DECLINED)
    assert "Your card was declined You haven’t been charged, and your booking stands." in guest.text
    assert "Not paid yet" in str(guest.page.title)
    guest.send(page_of(booked, "/pay"), paymentMethodId=VISA)
    assert sums(booked) == (360, 0, 0)


def test_sent_twice_a_declined_card_is_tried_once(guest: Visitor, booked: Booking) -> None:
    form = guest.go(page_of(booked, "/pay")).form(page_of(booked, "/pay"))
    values = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden]")}
    for _ in range(2):
        guest.client.post(page_of(booked, "/pay"), data=values | {"paymentMethodId": DECLINED})
    assert "Your card was declined" in guest.go(page_of(booked, "/pay")).text
    assert len(payments_of(booked)) == 2


def test_a_slow_bank_is_checked_and_the_outcome_told(guest: Visitor, booked: Booking, desk: BookingContext) -> None:
    guest.go(page_of(booked, "/pay")).send(page_of(booked, "/pay"), paymentMethodId=SLOW)
    assert guest.heading == "We’re checking your payment"
    assert "Your booking stands in the meantime. Please don’t pay again; you can’t be charged twice." in guest.text
    assert guest.go(page_of(booked, "/pay"), **{"HX-Request": "true", "HX-Request-Type": "partial"}).status == 204
    assert "We’re checking your payment" in guest.go(page_of(booked)).text
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert sums(booked)[0] in (108, 360)
    assert guest.go(page_of(booked, "/pay")).heading in ("Your booking", "You’re booked", "Pay the rest")


def test_after_the_card_was_declined_the_booking_says_what_is_to_pay(
    guest: Visitor, booked: Booking, desk: BookingContext
) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    assert "Still to pay €252 Pay the rest now: €252" in guest.go(page_of(booked)).text
    guest.go(page_of(booked, "/pay")).send(page_of(booked, "/pay"), paymentMethodId=VISA)
    assert sums(booked) == (360, 0, 0)


def test_another_amount_is_shown_again_before_it_is_charged(guest: Visitor, booked: Booking) -> None:
    guest.go(page_of(booked, "/pay"))
    payments.record_received(SYSTEM, booked.order_id, Decimal(52), by="desk", reference="1")
    guest.send(page_of(booked, "/pay"), paymentMethodId=VISA)
    assert "The amount has changed It’s now €200. You haven’t been charged." in guest.text
    guest.send(page_of(booked, "/pay"), paymentMethodId=VISA)
    assert sums(booked) == (360, 0, 0)


def test_nonsense_is_refused_and_nothing_charged(guest: Visitor, booked: Booking) -> None:
    for typed in ({"shownTotal": "much"}, {"paymentMethodId": ""}, {"paymentMethodId": "4242"}, {"last": "x" * 80}):
        guest.go(page_of(booked, "/pay")).send(page_of(booked, "/pay"), {"paymentMethodId": VISA, **typed})
        assert guest.status == 400, typed
    assert len(payments_of(booked)) == 1


def test_strangers_find_no_such_page(app: Flask, booked: Booking, bob: User) -> None:
    assert Visitor(app).signed_in(bob).go(page_of(booked, "/pay")).status == 404
    assert Visitor(app).go(page_of(booked, "/pay")).heading != "Pay the rest"
