"""`flask bookings guarantee` and money by hand: `flask payments received | returned | correct | due`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskCliRunner

from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.cast import VISA, a_room, acting, in_days, later, order, order_of, payments_of, reload
from tests.cli.conftest import Ask

pytestmark = pytest.mark.usefixtures("app")

NOTHING_BACK: dict[str, Any] = {"name": "nothing back", "tiers": []}


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
    assert f"{name_of(charge)} received already, on " in said(runner, *paying)
    assert charge.recorded_by
    assert charge.recorded_by.startswith("system:cli payments received (")
    assert charge.value_date == clock.today(held.time_zone)
    assert said(runner, "payments", "due") == "0 orders not paid in full.\n"
    cancelled = said(runner, "bookings", "cancel", held.reference, "--yes")
    assert cancelled.endswith("or staff refunds it: see `flask payments list`.\n")
    refund = payments_of(held)[-1]
    assert said(runner, "payments", "list").splitlines() == [
        f"{name_of(refund)} to be refunded: 360.00 EUR of booking {held.reference}, paid in cash;"
        " then `flask payments returned`",
        "0 refunds owed, 1 to be refunded by staff, 0 payments without an outcome.",
    ]
    told = said(
        runner,
        "payments",
        "returned",
        name_of(refund),
        "--reference",
        "cash 3",
        "--on",
        str(held.check_in - dt.timedelta(days=99)),
    )
    assert told == f"{name_of(refund)} refunded: 360.00 EUR.\n"
    assert payments_of(held)[-1].value_date == held.check_in - dt.timedelta(days=99)
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
        paying: (1, "so its rooms could still be lost. Guarantee it first: `flask bookings guarantee`."),
        ("payments", "received", "AAAAAAAA", "1", "--by", "desk", "--reference", "x"): (1, "There is no booking"),
        ("payments", "received", held.reference, "-1", "--by", "desk", "--reference", "x"): (2, "No such option"),
        ("payments", "received", held.reference, "0", "--by", "desk", "--reference", "x"): (
            2,
            "Error: AMOUNT: must be more than 0",
        ),
        ("payments", "received", held.reference, "nan", "--by", "desk", "--reference", "x"): (2, "is no amount"),
        ("payments", "received", held.reference, "much", "--by", "desk", "--reference", "x"): (2, "is no amount"),
        ("payments", "received", held.reference, "1", "--by", "desk", "--reference", " "): (
            2,
            "Error: --reference: is missing",
        ),
        ("payments", "received", held.reference, "1", "--by", "cheque", "--reference", "x"): (2, "cheque"),
        ("payments", "returned", "payment_01h455vb4pex5vsknk084sn02q", "--reference", "x"): (1, "does not exist"),
        (*paying, "--on", "2999-01-01"): (2, "Error: --on is in the future"),
        ("payments", "correct", "payment_01h455vb4pex5vsknk084sn02q", "--reason", "x" * 256): (1, "does not exist"),
        ("payments", "returned", "nonsense", "--reference", "x"): (2, "is no payment"),
        ("payments", "correct", "payment_01h455vb4pex5vsknk084sn02q", "--reason", "x"): (1, "does not exist"),
        ("bookings", "guarantee", held.reference): (2, "--how"),
        ("bookings", "guarantee", held.reference, "--how", "desk", "--note", "x" * 256): (
            2,
            "Error: --note: must have at most 255",
        ),
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
    assert told.startswith("warning: 1 payment is to be refunded by staff, the oldest for")
    assert "flask payments returned" in told


def refused(runner: FlaskCliRunner, *words: str) -> str:
    """Why a command ends."""
    result = runner.invoke(args=[*words])
    assert result.exit_code != 0, result.output
    return result.output.strip().splitlines()[-1].removeprefix("Error: ")


def test_more_than_is_due_is_refused_with_what_is_due(runner: FlaskCliRunner, alice: User, held: Booking) -> None:
    said(runner, "bookings", "guarantee", held.reference, "--how", "desk")
    paying = ("payments", "received", held.reference, "--by", "desk", "--reference", "receipt 17")
    told = "Only 360.00 EUR is due for this order. You can’t enter more than that."
    assert refused(runner, *paying, "360.01") == told
    said(runner, *paying, "360")
    [charge] = payments_of(held)
    paying = (*paying[:-1], "receipt 18")
    assert refused(runner, *paying, "1") == "Nothing is due for this order."
    for missing, option in ((("correct", "--reason"), "--reason"), (("returned", "--reference"), "--reference")):
        told = refused(runner, "payments", missing[0], name_of(charge), missing[1], " ")
        assert told == f"{option}: is missing"


def test_what_cannot_be_given_back_or_sent_again_says_what_it_is(
    runner: FlaskCliRunner, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    said(runner, "bookings", "guarantee", held.reference, "--how", "desk")
    said(runner, "payments", "received", held.reference, "360", "--by", "desk", "--reference", "receipt 17")
    bookings.cancel(acting(alice), held.id, desk)
    charge, refund = payments_of(held)
    returning = ("payments", "returned", "--reference", "cash 3")
    assert refused(runner, *returning, name_of(charge)).startswith("This is a payment, not a refund.")
    told = refused(runner, "payments", "retry", name_of(refund))
    assert told.endswith("Staff pays this refund out. Enter that it is done with `flask payments returned`.")
    said(runner, *returning, name_of(refund))
    told = refused(runner, "payments", "returned", "--reference", "cash 4", name_of(refund))
    assert told == "This has been refunded already, under another reference."
    by_card = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    bookings.cancel(acting(alice), by_card.id, desk)
    assert refused(runner, *returning, name_of(payments_of(by_card)[-1])).startswith("The payment provider sends this")


def test_what_is_paid_or_cancelled_is_not_guaranteed(
    runner: FlaskCliRunner, alice: User, room: Room, held: Booking, desk: BookingContext
) -> None:
    bookings.release(acting(alice), held.id)
    paid = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    guarantee = ("bookings", "guarantee", "--how", "desk")
    told = "This booking has been cancelled. It can no longer be guaranteed."
    assert refused(runner, *guarantee, held.reference) == told
    told = "This booking is paid: there’s nothing to guarantee."
    assert refused(runner, *guarantee, paid.reference) == told


def test_another_way_to_pay_leaves_the_note(runner: FlaskCliRunner, held: Booking) -> None:
    guarantee = ("bookings", "guarantee", held.reference, "--how")
    said(runner, *guarantee, "desk", "--note", "regular guest")
    said(runner, *guarantee, "later")
    assert (order_of(held).guarantee, order_of(held).guarantee_note) == ("later", "regular guest")
    said(runner, *guarantee, "later", "--note", "")
    assert order_of(held).guarantee_note is None


@pytest.mark.parametrize(
    ("terms", "received", "told"),
    [
        (FLEXIBLE, 0, "nothing was paid; nothing stays due"),
        (NOTHING_BACK, 0, "nothing was paid; 360.00 EUR stays due"),
        (FLEXIBLE, 100, "100.00 EUR of 100.00 EUR paid will be refunded; nothing stays due"),
        (NOTHING_BACK, 100, "nothing of 100.00 EUR paid will be refunded; 260.00 EUR stays due"),
    ],
)
def test_cancelling_says_what_was_paid_and_what_stays_due(
    runner: FlaskCliRunner, alice: User, desk: BookingContext, terms: dict[str, Any], received: int, told: str
) -> None:
    held = holds.reserve(acting(alice), order(alice, a_room(cancellation_policy=terms)), desk)
    said(runner, "bookings", "guarantee", held.reference, "--how", "desk")
    if received:
        said(runner, "payments", "received", held.reference, str(received), "--by", "desk", "--reference", "r")
    assert f"{held.check_out}; {told}.\n" in said(runner, "bookings", "cancel", held.reference, "--yes")


def test_an_account_with_money_to_give_back_or_to_be_paid_is_kept_and_the_way_on_is_named(
    runner: FlaskCliRunner, alice: User, held: Booking, desk: BookingContext
) -> None:
    owing = holds.reserve(acting(alice), order(alice, a_room(cancellation_policy=NOTHING_BACK)), desk)
    for one in (held, owing):
        said(runner, "bookings", "guarantee", one.reference, "--how", "desk")
    said(runner, "payments", "received", held.reference, "360", "--by", "desk", "--reference", "r 1")
    for one in (held, owing):
        bookings.cancel(acting(alice), one.id, desk)
    told = refused(runner, "users", "delete", alice.email, "--yes")
    back, due = told.split(" These amounts ")
    assert back.startswith("These amounts are to be refunded by staff")
    assert back.endswith(f"with `flask payments returned` first: 360.00 EUR of booking {held.reference}.")
    assert due.startswith("are still due, see `flask payments due`")
    assert due.endswith(f"`flask payments received` first: 360.00 EUR of booking {owing.reference}.")
    said(runner, "payments", "returned", name_of(payments_of(held)[-1]), "--reference", "cash 3")
    said(runner, "payments", "received", owing.reference, "360", "--by", "transfer", "--reference", "line 1")
    said(runner, "users", "delete", alice.email, "--yes")
