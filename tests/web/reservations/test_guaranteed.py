"""What a guest reads about a stay that the house vouches for and that is not paid yet: nothing that is not so."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.errors import AccountInUse
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, User
from booking.http import date_format
from booking.infra.ids import encode
from booking.jobs.mails import BALANCE_DECLINED, CANCELLATION, CONFIRMATION, compose
from tests.cast import SYSTEM, VISA, a_room, acting, later, order, payments_of
from tests.jobs.stories import SETTINGS, letter
from tests.web.visitor import Visitor

HALF = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}


@pytest.fixture
def vouched(alice: User, desk: BookingContext) -> Booking:
    """360 EUR, of which a cancellation keeps half."""
    held = holds.reserve(acting(alice), order(alice, a_room(cancellation_policy=HALF)), desk)
    return guarantees.guarantee(SYSTEM, held.order_id, "desk")[0]


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def url_of(booking: Booking, rest: str = "") -> str:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


def receive(booking: Booking, amount: int) -> None:
    payments.record_received(SYSTEM, booking.order_id, Decimal(amount), by="desk", reference=f"receipt {amount}")


def emailed(booking: Booking, kind: str) -> str:
    summary = find_summary(booking.id)
    assert summary
    message = compose(summary, letter(kind), SETTINGS)
    plain, html = (" ".join(body.split()) for body in (message.text, message.html))
    assert ("stays due" in plain) == ("stays due" in html)
    return plain


def test_what_is_not_paid_is_not_called_paid(vouched: Booking, guest: Visitor) -> None:
    text = guest.go(url_of(vouched)).text
    assert "Paid" not in text
    assert "To pay at the property €360" in text
    assert "Receipt" not in text
    told = emailed(vouched, CONFIRMATION)
    assert "Total: €360 To pay at the property: €360" in told
    assert "If you cancel, what isn’t refundable stays due." in told
    assert "paid" not in told.lower().replace("unpaid", "")


def test_what_is_paid_in_part_shows_both(vouched: Booking, guest: Visitor) -> None:
    receive(vouched, 100)
    for rest in ("", "/receipt"):
        assert "Paid €100 To pay at the property €260" in guest.go(url_of(vouched, rest)).text
    assert "Total: €360 Paid: €100 To pay at the property: €260" in emailed(vouched, CONFIRMATION)


def test_what_is_paid_at_the_desk_is_paid(vouched: Booking, guest: Visitor) -> None:
    receive(vouched, 360)
    text = guest.go(url_of(vouched)).text
    assert "To pay" not in text
    assert "Receipt" in text
    assert "Total paid €360" in guest.go(url_of(vouched, "/receipt")).text
    assert "Total paid: €360" in emailed(vouched, CONFIRMATION)


def test_cancelling_what_is_not_paid_says_what_stays_due(vouched: Booking, guest: Visitor) -> None:
    text = guest.go(url_of(vouched, "/cancel")).text
    assert "You haven’t paid yet, so there’s nothing to refund." in text
    assert "Under the terms of this booking, €180 stays due." in text
    guest.send(url_of(vouched, "/cancel"))
    assert (
        "You hadn’t paid yet, so there’s nothing to refund. Under the terms of this booking, €180 stays due."
        in guest.text
    )
    assert "To pay at the property €180" in guest.text
    told = emailed(vouched, CANCELLATION)
    assert "You hadn’t paid yet, so there’s nothing to refund. Under the terms of this booking, €180 stays due." in told
    assert "nothing left to do" not in told


def test_the_list_says_what_a_cancelled_stay_still_costs(
    vouched: Booking, guest: Visitor, desk: BookingContext
) -> None:
    receive(vouched, 100)
    bookings.cancel(SYSTEM, vouched.id, desk)
    assert "No refund Still to pay: €80" in guest.go("/bookings?show=cancelled").text
    receive(vouched, 80)
    assert "Still to pay" not in guest.go("/bookings?show=cancelled").text


def test_the_list_calls_no_refund_what_was_never_paid(vouched: Booking, guest: Visitor, desk: BookingContext) -> None:
    bookings.cancel(SYSTEM, vouched.id, desk)
    assert "Nothing to refund Still to pay: €180" in guest.go("/bookings?show=cancelled").text


def test_cancelling_what_was_paid_in_part_says_all_three(vouched: Booking, guest: Visitor) -> None:
    receive(vouched, 100)
    text = guest.go(url_of(vouched, "/cancel")).text
    assert "the €100 you paid is no longer refundable" in text
    assert "€80 stays due" in text


def test_what_was_paid_at_the_desk_goes_back_the_way_it_came(vouched: Booking, guest: Visitor) -> None:
    receive(vouched, 360)
    text = guest.go(url_of(vouched, "/cancel")).text
    assert "You’ll get €180 back That’s part of the €360 you paid. It goes back the way you paid." in text
    guest.send(url_of(vouched, "/cancel"))
    assert "a refund of €180 of the €360 you paid. It goes back the way you paid." in guest.text
    assert "Refund on its way" in guest.text
    assert "€180 of the €360 you paid goes back the way you paid." in emailed(vouched, CANCELLATION)
    payments.record_returned(SYSTEM, payments_of(vouched)[-1].id, reference="cash 3")
    assert "Refunded" in guest.go(url_of(vouched)).text


def test_cancelled_and_paid_in_part_it_shows_what_was_paid_and_that_no_more_is_due(
    vouched: Booking, guest: Visitor
) -> None:
    receive(vouched, 300)
    guest.go(url_of(vouched, "/cancel"))
    guest.send(url_of(vouched, "/cancel"))
    for rest in ("", "/receipt"):
        assert "Total €360 Paid €300 Refund on its way €120 Still to pay €0" in guest.go(url_of(vouched, rest)).text


def test_cancelled_and_paid_in_full_it_says_so_once(vouched: Booking, guest: Visitor) -> None:
    receive(vouched, 360)
    guest.go(url_of(vouched, "/cancel"))
    guest.send(url_of(vouched, "/cancel"))
    text = guest.go(url_of(vouched, "/receipt")).text
    assert "Total paid €360 Refund on its way €180" in text
    assert "Still to pay" not in text


def test_who_pays_otherwise_than_at_the_desk_is_told_how_to_find_out(vouched: Booking, guest: Visitor) -> None:
    told = "We’ll tell you how to pay. If you haven’t heard from us, reply to any of our emails about this booking and"
    told += f" give the reference {vouched.reference}."
    assert told not in guest.go(url_of(vouched)).text
    assert told not in emailed(vouched, CONFIRMATION)
    for how in ("transfer", "later"):
        guarantees.guarantee(SYSTEM, vouched.order_id, how)
        assert told in guest.go(url_of(vouched)).text
        assert emailed(vouched, CONFIRMATION).count(told) == 1
    receive(vouched, 360)
    assert told not in guest.go(url_of(vouched)).text


def test_what_is_still_due_keeps_the_account(vouched: Booking, guest: Visitor, alice: User) -> None:
    guest.go(url_of(vouched, "/cancel"))
    guest.send(url_of(vouched, "/cancel"))
    text = guest.go("/account/close").text
    assert "This is still due. Pay it first: your booking says how." in text
    assert f"{vouched.room_name} €180, {vouched.reference}" in text
    assert "Delete my account" not in text
    with pytest.raises(AccountInUse):
        account_deletion.remove(SYSTEM, alice.id)
    receive(vouched, 180)
    account_deletion.remove(SYSTEM, alice.id)


# --- a deposit, and the rest later


@pytest.fixture
def in_steps(alice: User, desk: BookingContext) -> Booking:
    """360 EUR: 108 are paid, the rest is charged 10 days before."""
    plan = DepositPlan(balance_days=10, percent=Decimal(30))
    asked = replace(order(alice, a_room(cancellation_policy=HALF)), deposit=plan)
    held = holds.reserve(acting(alice), asked, desk)
    return bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)


def test_what_is_charged_later_is_said_with_its_day(in_steps: Booking, guest: Visitor) -> None:
    day = date_format.day_long(in_steps.check_in - dt.timedelta(days=10))
    assert f"Paid €108 Charged to your card on {day} €252" in guest.go(url_of(in_steps)).text
    assert f"Paid: €108 Charged to your card on {day}: €252" in emailed(in_steps, CONFIRMATION)


def test_a_declined_card_is_told_with_what_is_still_to_pay(in_steps: Booking, guest: Visitor) -> None:
    later(dt.timedelta(days=21))
    told = emailed(in_steps, BALANCE_DECLINED)
    assert "we couldn’t charge the €252 that is now due for your booking to the card you paid with." in told
    assert "Still to pay: €252" in told
    assert "Still to pay €252" in guest.go(url_of(in_steps)).text
