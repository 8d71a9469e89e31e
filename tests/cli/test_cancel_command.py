"""`flask bookings cancel`: what an operator reads before and after, and what happens."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.people import audit_log
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.ids import encode
from tests.cast import (
    REFUND_DECLINED,
    SYSTEM,
    VISA,
    acting,
    in_days,
    later,
    nights_of,
    order,
    payments_of,
    reload,
)

pytestmark = pytest.mark.usefixtures("app")


def cancel(runner: FlaskCliRunner, *words: str, answer: str = "") -> Result:
    return runner.invoke(args=["bookings", "cancel", *words], input=answer)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def test_another_refund_is_given_back_for_a_reason(runner: FlaskCliRunner, booked: Booking) -> None:
    said = cancel(runner, booked.reference, "--yes", "--refund", "50")
    assert (said.exit_code, reload(booked).status) == (2, "CONFIRMED")
    assert "reason" in said.output.splitlines()[-1].lower()
    said = cancel(runner, booked.reference, "--yes", "--refund", "-1", "--reason", "fell ill")
    assert ("refunded" in said.output, "--refund" in said.output.splitlines()[-1]) == (False, True)
    said = cancel(runner, booked.reference, "--yes", "--refund", "50", "--reason", "fell ill")
    assert said.output.splitlines()[1:] == [
        f"Instead, 50.00 {booked.currency} will be refunded.",
        f"{booked.reference} is cancelled. Refund of 50.00 {booked.currency}: refunded.",
    ]


def test_the_refund_is_shown_and_asked_and_the_log_names_who(
    runner: FlaskCliRunner, booked: Booking, room: Room
) -> None:
    price = f"{booked.total_price:.2f} {booked.currency}"
    shown = f"{booked.reference}: {booked.room_name}, {booked.property_name}, {booked.check_in} to {booked.check_out};"
    said = cancel(runner, booked.reference, answer="n\n")
    assert (said.exit_code, reload(booked).status) == (1, "CONFIRMED")
    spoken = f"{booked.reference[:4].lower()}-{booked.reference[4:]}"
    said = cancel(runner, spoken, answer="y\n")
    assert said.output.splitlines() == [
        f"{shown} {price} of {price} will be refunded.",
        "Cancel this booking? [y/N]: y",
        f"{booked.reference} is cancelled. Refund of {price}: refunded.",
    ]
    assert said.exit_code == 0
    assert (reload(booked).status, nights_of(room)) == ("CANCELLED", {})
    [entry] = [one for one in audit_log.entries(SYSTEM) if one.action == "booking.cancelled"]
    assert entry.actor.startswith("system:cli bookings cancel (")
    again = cancel(runner, booked.reference, "--yes")
    assert (again.exit_code, again.output) == (1, "Error: This booking has already been cancelled.\n")
    assert len(payments_of(booked)) == 2


def test_a_hold_is_released_and_nothing_goes_back(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    said = cancel(runner, encode("booking", held.id), answer="y\n")
    assert "; a hold; nothing was paid.\nRelease this hold? [y/N]: y\n" in said.output
    assert said.output.endswith(f"{held.reference} is cancelled.\n")
    assert nights_of(room) == {}


def test_nothing_goes_back_after_the_last_deadline(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    evening_before = dt.datetime.combine(booked.check_in - dt.timedelta(days=1), dt.time(18), dt.UTC)
    later(evening_before - clock.now())
    said = cancel(runner, booked.reference, "--yes")
    assert f"nothing of {booked.total_price:.2f} {booked.currency} will be refunded" in said.output
    assert said.output.endswith(f"{booked.reference} is cancelled.\n")
    assert len(payments_of(booked)) == 1


def test_a_refund_that_is_declined_is_said_with_what_to_do(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), REFUND_DECLINED, desk)
    said = cancel(runner, booked.reference, "--yes")
    assert said.exit_code == 0
    assert "Refund of 360.00 EUR: declined; see `flask payments list`, then" in said.output


def test_a_reference_that_is_none_is_answered_with_those_it_looks_like(runner: FlaskCliRunner, booked: Booking) -> None:
    right = booked.reference
    slips = ("!" + right[1:], right[1:], right + "7", right[1] + right[0] + right[2:], "A" + right[1:])
    for wrong in (slip for slip in slips if slip != right):  # which begins with an A, or with a pair, now and then
        said = cancel(runner, wrong, "--yes")
        assert (said.exit_code, said.output) == (
            1,
            f"Error: There is no booking '{wrong}'. Did you mean {right}?\n",
        )
    for wrong in ("", "nonsense", "booking_01k5", encode("booking", booked.order_id)[:-1] + "0"):
        said = cancel(runner, wrong, "--yes")
        assert (said.exit_code, said.output) == (1, f"Error: There is no booking '{wrong}'.\n")
    assert reload(booked).status == "CONFIRMED"


def test_what_was_shown_is_what_happens_or_nothing(
    runner: FlaskCliRunner, booked: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered_late(*_: Any, **__: Any) -> bool:
        later(dt.timedelta(days=40))
        return True

    monkeypatch.setattr(click, "confirm", answered_late)
    said = cancel(runner, booked.reference)
    assert said.exit_code == 1
    assert reload(booked).status == "CONFIRMED"


def test_what_cannot_be_cancelled_any_more_says_why(
    runner: FlaskCliRunner, alice: User, room: Room, booked: Booking, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(5)), desk)
    later(desk.hold_for)
    said = cancel(runner, held.reference, "--yes")
    assert said.output == "Error: This booking was not paid in time, so there is nothing to cancel.\n"
    for leaves, why in ((dt.timedelta(minutes=1), "has begun"), (dt.timedelta(0), "is over")):
        later(booked.departure - leaves - clock.now())
        said = cancel(runner, booked.reference, "--yes")
        assert (said.exit_code, said.output) == (1, f"Error: This stay {why}. It can no longer be cancelled.\n")


def test_whoever_else_cancels_meanwhile_is_noticed(
    runner: FlaskCliRunner, app: Flask, booked: Booking, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click, "confirm", lambda *_, **__: bookings.cancel(SYSTEM, booked.id, desk))
    said = cancel(runner, booked.reference)
    assert (said.exit_code, said.output.splitlines()[-1]) == (1, "Error: Booking was modified by another process")
    assert len(payments_of(booked)) == 2
