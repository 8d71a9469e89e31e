"""`flask bookings resend`: which email, what is said, and what programs get."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from tests.cast import VISA, acting, count, order
from tests.domain.reservations.changing import changed, longer
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
