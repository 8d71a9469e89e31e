"""`flask bookings contact`, and who stays in what `flask bookings show` says."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskCliRunner

from booking.domain import texting
from booking.domain.payments import Contact
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room
from tests.cast import order_of
from tests.domain.reservations.test_guest_erasure import called

pytestmark = pytest.mark.usefixtures("app")
DANA = Contact("Dana Dials", None, "+32 3 765 43 21")


@pytest.fixture
def booking(room: Room, desk: BookingContext) -> Booking:
    return called(desk, room, DANA)


def test_what_is_not_said_stays_as_it_is(runner: FlaskCliRunner, booking: Booking) -> None:
    for words, told in (
        (["--email", "dana@example.com"], "Dana Dials, dana@example.com, +32 3 765 43 21"),
        (["--name", "Dana Dialled", "--phone", ""], "Dana Dialled, dana@example.com, no phone"),
    ):
        said = runner.invoke(args=["bookings", "contact", booking.reference.lower(), *words])
        assert (said.exit_code, said.output) == (0, f"{booking.reference}: {told}.\n")
    shown = runner.invoke(args=["bookings", "show", booking.reference]).output
    assert "Guest: Dana Dialled, dana@example.com, no phone.\n" in shown
    [facts] = json.loads(runner.invoke(args=["bookings", "show", booking.reference, "--json"]).output)
    assert (facts["guest"], facts["email"], facts["phone"]) == ("Dana Dialled", "dana@example.com", None)


def test_a_caller_agrees_to_text_messages_and_not_any_more(runner: FlaskCliRunner, booking: Booking) -> None:
    def told(*words: str) -> str:
        said = runner.invoke(args=["bookings", "contact", booking.reference, *words])
        assert said.exit_code == (2 if "Usage" in said.output else 0), said.output
        consent = texting.find_text_consent_for_order(booking.order_id)
        return consent.number if consent else said.output

    assert "--phone: " in told("--phone", "", "--email", "dana@example.com", "--texts")
    assert told("--phone", "+32 470 12 34 56", "--texts") == "+32470123456"
    assert told("--texts") == told("--name", "Dana Dialled") == "+32470123456"
    assert told("--no-texts") == f"{booking.reference}: Dana Dialled, no email, +32 470 12 34 56.\n"


def test_programs_get_one_array(runner: FlaskCliRunner, booking: Booking) -> None:
    words = ["bookings", "contact", booking.reference, "--name", "Dana Dialled", "--json"]
    [told] = json.loads(runner.invoke(args=words).output)
    assert told.pop("orderId").startswith("order_")
    assert told == {"reference": booking.reference, "guest": "Dana Dialled", "email": "", "phone": DANA.phone}


def test_what_cannot_be_is_said(runner: FlaskCliRunner, booking: Booking) -> None:
    for words, told in (
        ([], "Say what is to change"),
        (["--email", "nowhere"], "--email: must be an email address"),
        (["--phone", ""], "Enter a phone number or an email address"),
        (["--name", ""], "--name: is missing"),
    ):
        said = runner.invoke(args=["bookings", "contact", booking.reference, *words])
        assert (said.exit_code, told in said.output) == (2, True), said.output
    assert order_of(booking).contact_phone == DANA.phone
