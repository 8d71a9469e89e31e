"""`flask payments`, and what the doctor and the metrics say about the same money."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import cast

import pytest
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import text

from booking.domain.errors import PaymentUnknown
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import ids, words
from booking.infra.db import db, transaction
from booking.infra.provider import Charge, NoAnswer, Outcome, Provider, Result
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    REFUND_DECLINED,
    SYSTEM,
    VISA,
    acting,
    in_days,
    interrupted,
    later,
    order,
    payments_of,
    silent,
)
from tests.cli.conftest import Ask


class Mute:
    """Takes every question and answers none."""

    name = "simulated"

    def cancel(self, *_: object) -> Outcome:
        raise NoAnswer

    refund = cancel


def mute(desk: BookingContext) -> BookingContext:
    return replace(desk, provider=cast(Provider, Mute()))


@pytest.fixture
def declined(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Cancelled, and the bank does not take the money back."""
    booking = bookings.book(acting(alice), order(alice, room), REFUND_DECLINED, desk)
    return bookings.cancel(acting(alice), booking.id, desk)


@transaction
def the_bank_takes_it_now(charge: Charge) -> None:
    from booking.infra.provider import SimulatedLedger

    db.session.get_one(SimulatedLedger, charge.key).method = VISA


def refund_of(booking: Booking) -> Payment:
    return payments_of(booking)[-1]


def name_of(payment: Payment) -> str:
    return ids.encode("payment", payment.id)


# --- list


def test_nothing_to_look_after(runner: FlaskCliRunner) -> None:
    assert runner.invoke(args=["payments", "list"]).output == "0 refunds owed, 0 payments without an outcome.\n"


def test_what_is_owed_and_what_waits_is_listed_with_its_reason(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext, declined: Booking
) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, interrupted(desk, silent))
    recovery.recover_payments(SYSTEM, mute(desk), ahead=AN_HOUR)
    told = runner.invoke(args=["payments", "list"]).output
    assert f"{name_of(refund_of(declined))} owed: 360.00 EUR of booking {declined.reference}, declined by sim" in told
    assert "without an outcome: charge of 360.00 EUR by simulated, asked 1 time: the provider did not answer" in told
    assert told.endswith("1 refund owed, 1 payment without an outcome.\n")


# --- retry


def test_a_refund_is_sent_again_once(runner: FlaskCliRunner, declined: Booking) -> None:
    refund, charge = refund_of(declined), payments_of(declined)[0]
    again = runner.invoke(args=["payments", "retry", name_of(refund)])
    what_to_do = "declined; see `flask payments list`, then `flask payments retry`"
    assert (again.exit_code, again.stdout) == (1, f"{name_of(refund)}: {what_to_do}\n")
    the_bank_takes_it_now(Charge(charge.id, ""))
    latest = refund_of(declined)
    done = runner.invoke(args=["payments", "retry", "--all"])
    assert (done.exit_code, done.stdout) == (0, f"{name_of(latest)}: refunded\n")
    once_more = runner.invoke(args=["payments", "retry", name_of(refund)])
    assert (once_more.exit_code, "has been sent again" in once_more.output) == (0, True)
    assert runner.invoke(args=["payments", "retry", "--all"]).output == "No refund is owed.\n"
    assert [payment.state for payment in payments_of(declined)] == ["succeeded", "failed", "failed", "succeeded"]


@pytest.mark.parametrize("words", [[], ["--all", "payment_01h455vb4pex5vsknk084sn02q"], ["booking_x"], ["nonsense"]])
def test_what_is_not_understood_changes_nothing(runner: FlaskCliRunner, declined: Booking, words: list[str]) -> None:
    assert runner.invoke(args=["payments", "retry", *words]).exit_code == 2
    assert len(payments_of(declined)) == 2


def test_a_payment_that_does_not_exist_is_an_error(runner: FlaskCliRunner, app: Flask) -> None:
    told = runner.invoke(args=["payments", "retry", "payment_01h455vb4pex5vsknk084sn02q"])
    assert (told.exit_code, "does not exist" in told.output) == (1, True)


# --- recover


def test_after_an_outage_everything_is_asked_about_at_once(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    made = [bookings.book(acting(alice), order(alice, room, in_days(20 + 4 * one)), VISA, desk) for one in range(3)]
    for booking in made:
        bookings.cancel(acting(alice), booking.id, mute(desk))
    for _ in range(6):
        recovery.recover_payments(SYSTEM, mute(desk), ahead=AN_HOUR)
    assert recovery.recover_payments(SYSTEM, desk) == 0  # put off for minutes
    told = runner.invoke(args=["payments", "recover"]).output
    assert told == "3 payments asked about, 0 without an outcome.\n"
    assert set(refunds.states([booking.id for booking in made]).values()) == {refunds.RETURNED}


def test_what_is_being_charged_is_left_alone(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    def an_operator_is_in_a_hurry(_: Outcome) -> None:
        told = app.test_cli_runner().invoke(args=["payments", "recover"]).output
        assert told == "0 payments asked about, 1 without an outcome.\n"

    bookings.book(acting(alice), order(alice, room), VISA, interrupted(desk, an_operator_is_in_a_hurry))


# --- who looks from outside


def test_the_doctor_names_declined_refunds(ask: Ask, declined: Booking) -> None:
    report = ask()
    assert report.exit_code == 1
    assert "problem: 1 refund was declined: guests wait for their money" in report.said("payments")
    assert "flask payments retry" in report.said("payments")


def test_the_doctor_says_why_a_payment_has_no_outcome(ask: Ask, alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booking.id, mute(desk))
    assert ask().states("payments") == ["ok"]
    later(dt.timedelta(minutes=11))
    said = ask().said("payments")
    assert "1 payment has no outcome, the oldest for 11 min (the provider did not answer)" in said


def test_the_metrics_count_what_is_owed_and_what_is_stuck(
    client: FlaskClient, alice: User, room: Room, desk: BookingContext, declined: Booking
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booking.id, mute(desk))
    for _ in range(5):
        recovery.recover_payments(SYSTEM, mute(desk), ahead=AN_HOUR)
    told = client.get("/metrics").text
    for line in ("refunds_owed 1.0", "payments_open 1.0", "payments_stuck 1.0"):
        assert f"\n{line}\n" in told
    assert 'payments_total{kind="refund",outcome="declined"}' in told


def test_a_declined_refund_is_an_error_in_the_log(
    alice: User, room: Room, desk: BookingContext, caplog: pytest.LogCaptureFixture
) -> None:
    from structlog.testing import capture_logs

    booking = bookings.book(acting(alice), order(alice, room), REFUND_DECLINED, desk)
    with capture_logs() as said:
        bookings.cancel(acting(alice), booking.id, desk)
    [line] = [line for line in said if line["event"] == "refund_declined"]
    assert (line["log_level"], line["reason"]) == ("error", "the card's bank said no")


def test_verify_says_what_is_owed_and_fails(runner: FlaskCliRunner, declined: Booking) -> None:
    told = runner.invoke(args=["bookings", "verify"])
    assert told.exit_code == 1
    assert f"owed and not refunded: {declined.reference}: 360.00 EUR" in told.output


@transaction
def in_crowns() -> None:
    db.session.execute(text("UPDATE payments SET amount = 62400, currency = 'ISK'"))


def test_amounts_have_the_currencys_own_decimals(runner: FlaskCliRunner, declined: Booking) -> None:
    in_crowns()
    told = [runner.invoke(args=words).output for words in (["payments", "list"], ["bookings", "verify"])]
    assert f"owed: 62400 ISK of booking {declined.reference}" in told[0]
    assert f"{declined.reference}: 62400 ISK" in told[1]


@each(("number", "said"), [(0, "0 holds"), (1, "1 hold"), (1200, "1,200 holds")])
def test_one_is_not_many(number: int, said: str) -> None:
    assert words.count(number, "hold") == said
    assert words.count(number, "delivery waits", "deliveries wait").endswith("waits" if number == 1 else "wait")


def test_other_outcomes_than_declined_are_named(
    alice: User, room: Room, desk: BookingContext, runner: FlaskCliRunner
) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)

    class Odd(Mute):
        def refund(self, *_: object) -> Outcome:
            return Outcome(Result.CANCELLED, "x")

    bookings.cancel(acting(alice), booking.id, replace(desk, provider=cast(Provider, Odd())))
    told = runner.invoke(args=["payments", "list"]).output
    assert "declined by simulated: the provider answered cancelled to a refund" in told
