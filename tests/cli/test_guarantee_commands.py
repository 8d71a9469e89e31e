"""`flask bookings guarantee` and money by hand: `flask payments received | returned | correct | due`."""

from __future__ import annotations

import datetime as dt

import pytest
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.cast import acting, later, order, order_of, payments_of, reload
from tests.cli.conftest import Ask

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room), desk)


def said(runner: FlaskCliRunner, *words: str) -> str:
    """The output of a command that succeeds."""
    result = runner.invoke(args=[*words])
    assert result.exit_code == 0, result.output
    return result.output


def name_of(payment: Payment) -> str:
    return encode("payment", payment.id)


def test_a_stay_from_guarantee_to_refund(
    runner: FlaskCliRunner, alice: User, held: Booking, desk: BookingContext
) -> None:
    spoken = f"{held.reference[:4].lower()}-{held.reference[4:]}"
    told = said(runner, "bookings", "guarantee", spoken, "--how", "desk", "--note", "regular guest")
    assert told == f"{held.reference} is confirmed and guaranteed: 360.00 EUR due, at the desk.\n"
    assert (reload(held).status, order_of(held).guarantee_note) == ("CONFIRMED", "regular guest")
    due = said(runner, "payments", "due").splitlines()
    assert due == [
        f"{held.reference} due: 360.00 EUR, at the desk; {held.room_name}, {held.property_name},"
        f" {held.check_in} to {held.check_out}",
        "1 order not paid in full.",
    ]
    paying = ("payments", "received", held.reference, "360", "--by", "desk", "--reference", "receipt 17")
    told = said(runner, *paying)
    [charge] = payments_of(held)
    assert told == f"{name_of(charge)} received: 360.00 EUR for {held.reference}; 0.00 EUR due.\n"
    assert said(runner, *paying) == told
    assert charge.recorded_by
    assert charge.recorded_by.startswith("system:cli payments received (")
    assert charge.value_date == clock.today(held.time_zone)
    assert said(runner, "payments", "due") == "0 orders not paid in full.\n"
    cancelled = said(runner, "bookings", "cancel", held.reference, "--yes")
    assert cancelled.endswith("or staff gives it back: see `flask payments list`.\n")
    refund = payments_of(held)[-1]
    assert said(runner, "payments", "list").splitlines() == [
        f"{name_of(refund)} to be given back: 360.00 EUR of booking {held.reference}, paid at the desk;"
        " then `flask payments returned`",
        "0 refunds owed, 1 to be given back, 0 payments without an outcome.",
    ]
    told = said(runner, "payments", "returned", name_of(refund), "--reference", "cash 3", "--on", "2026-01-05")
    assert told == f"{name_of(refund)} returned: 360.00 EUR.\n"
    assert payments_of(held)[-1].value_date == dt.date(2026, 1, 5)
    assert said(runner, "payments", "list") == "0 refunds owed, 0 payments without an outcome.\n"


def test_a_mistake_is_corrected(runner: FlaskCliRunner, held: Booking) -> None:
    said(runner, "bookings", "guarantee", held.reference, "--how", "transfer")
    said(runner, "payments", "received", held.reference, "100.50", "--by", "transfer", "--reference", "line 7")
    [charge] = payments_of(held)
    told = said(runner, "payments", "correct", name_of(charge), "--reason", "another guest")
    assert told == f"{name_of(charge)} corrected by {name_of(payments_of(held)[-1])}.\n"
    assert "due: 360.00 EUR, by transfer" in said(runner, "payments", "due")


def test_what_is_refused_says_why_and_changes_nothing(runner: FlaskCliRunner, held: Booking) -> None:
    paying = ("payments", "received", held.reference, "360", "--by", "desk", "--reference", "x")
    refused = {
        paying: (1, "Nothing more is owed"),  # a hold is guaranteed first
        ("payments", "received", "AAAAAAAA", "1", "--by", "desk", "--reference", "x"): (1, "There is no booking"),
        ("payments", "received", held.reference, "-1", "--by", "desk", "--reference", "x"): (2, "No such option"),
        ("payments", "received", held.reference, "0", "--by", "desk", "--reference", "x"): (2, "must be above 0"),
        ("payments", "received", held.reference, "nan", "--by", "desk", "--reference", "x"): (2, "is no amount"),
        ("payments", "received", held.reference, "much", "--by", "desk", "--reference", "x"): (2, "is no amount"),
        ("payments", "received", held.reference, "1", "--by", "desk", "--reference", " "): (2, "is missing"),
        ("payments", "received", held.reference, "1", "--by", "cheque", "--reference", "x"): (2, "cheque"),
        ("payments", "returned", "payment_01h455vb4pex5vsknk084sn02q", "--reference", "x"): (1, "does not exist"),
        ("payments", "returned", "nonsense", "--reference", "x"): (2, "is no payment"),
        ("payments", "correct", "payment_01h455vb4pex5vsknk084sn02q", "--reason", "x"): (1, "does not exist"),
        ("bookings", "guarantee", held.reference): (2, "--how"),
        ("bookings", "guarantee", held.reference, "--how", "desk", "--note", "x" * 256): (2, "at most 255"),
        ("bookings", "guarantee", "AAAAAAAA", "--how", "desk"): (1, "There is no booking"),
    }
    for words, (code, why) in refused.items():
        result = runner.invoke(args=[*words])
        assert (result.exit_code, why in result.output) == (code, True), (words, result.output)
    assert (reload(held).status, payments_of(held)) == ("PENDING", [])


def test_the_doctor_names_money_that_waits_for_staff(
    runner: FlaskCliRunner, ask: Ask, alice: User, held: Booking, desk: BookingContext
) -> None:
    said(runner, "bookings", "guarantee", held.reference, "--how", "desk")
    said(runner, "payments", "received", held.reference, "360", "--by", "desk", "--reference", "receipt 17")
    bookings.cancel(acting(alice), held.id, desk)
    assert ask().states("payments") == ["ok"]
    later(dt.timedelta(days=1, minutes=1))
    told = ask().said("payments")
    assert told.startswith("warning: 1 refund is to be given back by hand, the oldest for")
    assert "flask payments returned" in told
