"""`flask bookings resend | payment-link`: which email, what is said, and what programs get."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain import payments
from booking.domain.payments import Contact
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from tests.cast import SYSTEM, VISA, acting, count, order, order_of
from tests.domain.reservations.changing import changed, longer
from tests.domain.reservations.test_guest_erasure import called
from tests.domain.reservations.test_resending import all_sent

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    made = bookings.book(acting(alice), order(alice, room), VISA, desk)
    all_sent()
    return made


def resend(runner: FlaskCliRunner, *words: str) -> Result:
    return runner.invoke(args=["bookings", "resend", *words])


def test_the_last_email_that_still_holds_is_sent_again(
    runner: FlaskCliRunner, booked: Booking, desk: BookingContext
) -> None:
    changed(booked, desk, **longer())
    all_sent()
    for _ in range(2):
        said = resend(runner, booked.reference.lower())
        assert (said.exit_code, said.output) == (
            0,
            f"{booked.reference}: the change email is on its way to alice@example.com.\n",
        )
    assert count(Event, type="email.resent") == 1


def test_programs_get_one_array(runner: FlaskCliRunner, booked: Booking) -> None:
    [told] = json.loads(resend(runner, booked.reference, "--which", "confirmation", "--json").output)
    assert told.pop("emailId").startswith("email_")
    assert told.pop("bookingId").startswith("booking_")
    assert told.pop("at")
    assert told == {
        "reference": booked.reference,
        "which": "confirmation",
        "to": "alice@example.com",
        "state": "waiting",
        "error": None,
    }


def test_what_cannot_be_is_said(runner: FlaskCliRunner, booked: Booking, desk: BookingContext) -> None:
    changed(booked, desk, **longer())
    for words, told in (
        (["NOSUCHXX"], "There is no booking 'NOSUCHXX'."),
        ([booked.reference, "--which", "confirmation"], "The stay has been changed since."),
        ([booked.reference, "--which", "cancellation"], "There is no cancellation email about"),
        ([booked.reference, "--which", "postcard"], "'postcard' is not one of"),
    ):
        said = resend(runner, *words)
        assert said.exit_code != 0
        assert told in said.output, words
    assert count(Event, type="email.resent") == 0


def test_a_link_to_pay_by_is_sent_once(runner: FlaskCliRunner, room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, Contact("Carol", "carol@example.com"), start=60)
    for _ in range(2):
        said = runner.invoke(args=["bookings", "payment-link", caller.reference])
        assert said.output == f"{caller.reference}: a link to pay by is on its way to carol@example.com.\n"
    assert count(Event, type="payment.requested") == 1
    [told] = json.loads(runner.invoke(args=["bookings", "payment-link", caller.reference, "--json"]).output)
    assert (told["which"], told["to"], told["state"]) == ("payment-link", "carol@example.com", "waiting")
    payments.record_received(SYSTEM, caller.order_id, order_of(caller).due, by="desk", reference="receipt 1")
    all_sent()
    refused = runner.invoke(args=["bookings", "payment-link", caller.reference])
    assert (refused.exit_code, refused.output) == (1, "Error: Nothing is due for this order.\n")
