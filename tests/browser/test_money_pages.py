"""Pages that sell in steps, and tell what is paid, due and let off: at every width, in a browser, without faults."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from booking.domain import payments
from booking.domain.errors import PaymentUnknown
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings, rest_payments
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.looking import Looks, shoot
from tests.browser.steps import button
from tests.cast import DECLINED, SYSTEM, VISA, acting, beside, in_days, interrupted, silent
from tests.domain.payments.test_schedule import hold
from tests.domain.payments.test_schedule import pay as paid_in_steps

PLAN = DepositPlan(balance_days=10, percent=Decimal(30))


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, of which 108 are paid."""
    return paid_in_steps(hold(alice, room, desk), desk)


@pytest.fixture
def let_off(booked: Booking) -> Booking:
    """The same, with 52 that need not be paid."""
    payments.waive_debt(SYSTEM, booked.order_id, "the lift was out of order", Decimal(52))
    return booked


@pytest.fixture
def several(alice: User, room: Room, desk: BookingContext) -> Booking:
    """The first of three rooms that are held in one order and sold in steps."""
    rooms = [room, beside(room, "Suite", 80), beside(room, "Attic", 50)]
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in rooms)
    return bookings.hold_all(acting(alice), OrderRequest(alice.id, items, deposit=PLAN), desk)[0]


@pytest.fixture
def checking(booked: Booking, desk: BookingContext) -> Booking:
    """The card of the rest does not answer."""
    with pytest.raises(PaymentUnknown):
        rest_payments.pay(acting(booked.user_id), booked.id, VISA, Decimal(252), interrupted(desk, silent))
    return booked


def at(booking: Booking, rest: str = "") -> str:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


def checkout(booking: Booking) -> str:
    return f"/checkout/{encode('booking', booking.id)}"


def test_a_hold_that_is_sold_in_steps(looks: Looks, alice: User, room: Room, desk: BookingContext) -> None:
    held = hold(alice, room, desk)
    page = looks.right(alice, checkout(held), "deposit-checkout", "Review and pay")
    expect(button(page, "Pay €108")).to_be_visible()


def test_a_booking_whose_rest_is_due_later(looks: Looks, alice: User, booked: Booking) -> None:
    page = looks.right(alice, at(booked), "deposit-booking", "You’re booked")
    expect(page.get_by_text("Pay the rest now: €252")).to_be_visible()
    looks.right(alice, at(booked, "/receipt"), "deposit-receipt", "Receipt")


def test_paying_the_rest(looks: Looks, alice: User, booked: Booking) -> None:
    page = looks.right(alice, at(booked, "/pay"), "rest-pay", "Pay the rest")
    page.locator(f"input[value={DECLINED}]").check()
    button(page, "Pay €252").click()
    expect(page.get_by_text("Your card was declined")).to_be_visible()
    assert violations(page) == []
    shoot(page, "rest-declined-1280")


def test_a_rest_of_which_nobody_knows_yet(looks: Looks, alice: User, checking: Booking) -> None:
    looks.right(alice, at(checking, "/pay"), "rest-checking", "We’re checking your payment")


def test_what_need_not_be_paid_is_told_wherever_it_is_due(looks: Looks, alice: User, let_off: Booking) -> None:
    page = looks.right(alice, at(let_off), "waived-booking", "You’re booked")
    expect(page.get_by_text("No longer to pay")).to_be_visible()
    page = looks.right(alice, at(let_off, "/pay"), "waived-pay", "Pay the rest")
    expect(button(page, "Pay €200")).to_be_visible()
    looks.right(alice, at(let_off, "/receipt"), "waived-receipt", "Receipt")


def test_several_rooms_that_are_sold_in_steps(
    looks: Looks, alice: User, several: Booking, desk: BookingContext
) -> None:
    looks.right(alice, checkout(several), "several-checkout", "Review and pay")
    bookings.pay(acting(alice), several.id, VISA, Decimal(750), desk)
    looks.right(alice, at(several), "several-booking", "You’re booked")
    looks.right(alice, at(several, "/cancel"), "several-cancel", "Cancel this booking?")
    looks.right(alice, "/bookings", "several-list", "Your bookings")
