"""`flask bookings change`: what an operator reads before and after, and what happens."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.people import audit_log
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, nights_of, order, order_of, reload

pytestmark = pytest.mark.usefixtures("app")


def change(runner: FlaskCliRunner, *words: str, answer: str = "") -> Result:
    return runner.invoke(args=["bookings", "change", *words], input=answer)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def test_what_comes_back_is_shown_and_asked_and_the_log_names_who(
    runner: FlaskCliRunner, booked: Booking, room: Room
) -> None:
    shorter = in_days(30, 2)
    wanted = booked.reference, "--check-out", shorter.check_out.isoformat()
    said = change(runner, *wanted, answer="n\n")
    assert (said.exit_code, reload(booked).version) == (1, booked.version)
    said = change(runner, *wanted, answer="y\n")
    was, now = f"{booked.check_in} to {booked.check_out}", f"{shorter.check_in} to {shorter.check_out}"
    assert said.output.splitlines() == [
        f"{booked.reference}: {booked.room_name}, {was}, 2 guests; then {booked.room_name}, {now}, 2 guests."
        " The price becomes 240.00 EUR, 120.00 EUR less. 120.00 EUR will be refunded.",
        "Change this booking? [y/N]: y",
        f"{booked.reference} is changed: {booked.room_name}, {now}.",
    ]
    assert len(nights_of(room)) == 2
    [entry] = [one for one in audit_log.entries(SYSTEM) if one.action == "booking.changed"]
    assert entry.actor.startswith("system:cli bookings change (")
    again = change(runner, *wanted)
    assert (again.exit_code, "nothing to change" in again.output) == (0, True)


def test_a_dearer_stay_is_for_its_guest_to_change(runner: FlaskCliRunner, booked: Booking) -> None:
    said = change(runner, booked.reference, "--check-out", in_days(30, 4).check_out.isoformat(), "--yes")
    assert said.exit_code == 1
    assert said.output.splitlines()[-1] == (
        "Error: The new stay costs 120.00 EUR more, and a command cannot charge a card."
        " Say with --how what becomes of it, or ask the guest to change the booking, who can pay for it."
    )
    assert reload(booked).version == booked.version


def test_what_a_guaranteed_stay_costs_more_stays_due(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    said = change(runner, held.reference, "--check-out", in_days(30, 4).check_out.isoformat(), "--yes")
    assert (said.exit_code, int(order_of(held).due)) == (0, 480), said.output
    said = change(runner, held.reference, "--check-out", in_days(30, 2).check_out.isoformat(), "--yes")
    assert (said.exit_code, int(order_of(held).due)) == (0, 240), said.output
    assert runner.invoke(args=["bookings", "verify"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "told", "due", "waived", "guarantee"),
    [
        (["--how", "later"], "120.00 EUR more. 120.00 EUR will be due, later.", 120, 0, "later"),
        (["--how", "waived", "--reason", "moved for repairs"], "more. 120.00 EUR will be waived.", 0, 120, None),
    ],
)
def test_staff_vouches_for_what_a_paid_stay_costs_more_or_lets_the_guest_off(
    runner: FlaskCliRunner, booked: Booking, words: list[str], told: str, due: int, waived: int, guarantee: str | None
) -> None:
    longer = in_days(30, 4)
    wanted = booked.reference, "--check-out", longer.check_out.isoformat()
    said = change(runner, *wanted, *words, answer="n\n")
    assert (said.exit_code, reload(booked).version) == (1, booked.version)
    said = change(runner, *wanted, *words, "--yes")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines()[0].endswith(told)
    now = order_of(booked)
    assert (int(now.due), int(now.waived), now.guarantee) == (due, waived, guarantee)
    assert reload(booked).check_out == longer.check_out
    again = change(runner, *wanted, *words)
    assert (again.exit_code, int(order_of(booked).waived)) == (0, waived)
    assert runner.invoke(args=["bookings", "verify"]).exit_code == 0


def test_whoever_lets_a_guest_off_says_why_once(runner: FlaskCliRunner, booked: Booking) -> None:
    longer = (booked.reference, "--check-out", in_days(30, 4).check_out.isoformat(), "--yes")
    for words, told in (
        (["--how", "waived"], "--reason: is missing"),
        (["--how", "waived", "--reason", " "], "--reason: is missing"),
        (["--how", "later", "--reason", "x"], "goes with --how waived, or with --refund"),
        (["--how", "elsewhere"], "elsewhere"),
    ):
        said = change(runner, *longer, *words)
        assert (said.exit_code, told in said.output) == (2, True), said.output
    assert (reload(booked).version, int(order_of(booked).waived)) == (booked.version, 0)


def test_what_cannot_be_is_said(runner: FlaskCliRunner, booked: Booking) -> None:
    for words, told in (
        (["NOSUCHXX", "--guests", "1"], "There is no booking 'NOSUCHXX'."),
        ([booked.reference, "--guests", "9", "--yes"], "guests"),
        ([booked.reference, "--room", encode("room", a_room().id), "--yes"], "another property"),
        ([booked.reference, "--room", "room_x"], "is no room’s id"),
    ):
        said = change(runner, *words)
        assert (said.exit_code > 0, told in said.output) == (True, True), said.output
    assert reload(booked).version == booked.version


def test_goodwill_and_another_refund_are_given_with_a_reason(runner: FlaskCliRunner, booked: Booking) -> None:
    given = ["bookings", "refund", booked.reference, "25", "--reason", "no hot water"]
    assert runner.invoke(args=given, input="n\n").exit_code == 1
    said = runner.invoke(args=given, input="y\n")
    stay = f"{booked.room_name}, {booked.check_in} to {booked.check_out}"
    assert said.output.splitlines() == [
        f"{booked.reference}: {stay}; it costs 360.00 EUR.",
        "Take 25.00 EUR off? [y/N]: y",
        f"{booked.reference} costs 335.00 EUR now.",
    ]
    too_much = runner.invoke(args=["bookings", "refund", booked.reference, "336", "--reason", "more", "--yes"])
    assert (too_much.exit_code, "335.00" in too_much.output) == (2, True)
    shorter = ("--check-out", in_days(30, 2).check_out.isoformat(), "--yes")
    said = change(runner, booked.reference, *shorter, "--refund", "50", "--reason", "fell ill")
    assert (said.exit_code, "Instead, 50.00 EUR will be refunded." in said.output) == (0, True), said.output
    now = order_of(booked)
    assert (int(now.owed), int(now.paid - now.refunded), int(now.due)) == (285, 285, 0)
    assert runner.invoke(args=["bookings", "verify"]).exit_code == 0
