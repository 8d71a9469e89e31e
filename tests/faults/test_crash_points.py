"""kill -9 at each point of a booking's way: afterwards the guest has paid and has a stay, or neither."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from booking.domain.maintenance import verification
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, recovery, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, reading
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, later, nights_of, today
from tests.faults import dying

pytestmark = pytest.mark.faults
CANCELS = [point for point in dying.POINTS if "cancellation" in point or "refund" in point]
BOOKS = [point for point in dying.POINTS if point not in CANCELS]
CHARGED = BOOKS[BOOKS.index("after the charge") :]


@pytest.fixture(scope="module")
def parent(environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Of all who die; it makes the application once, which takes longer than what is tried."""
    command, home = [sys.executable, "-m", "tests.faults.dying"], Path(__file__).parents[2]
    pipe, told = subprocess.PIPE, {**os.environ, **environ}
    with subprocess.Popen(command, cwd=home, env=told, stdin=pipe, stdout=pipe, text=True) as process:
        yield process


@pytest.fixture
def die(parent: subprocess.Popen[str], alice: User, room: Room) -> Callable[[list[str]], None]:
    """Let alice's booking die at these points."""

    def at(points: list[str]) -> None:
        asked = {"day": str(today()), "guest": str(alice.id), "room": str(room.id), "points": points}
        print(json.dumps(asked), file=parent.stdin, flush=True)
        assert json.loads(parent.stdout.readline()) == dict.fromkeys(points, -signal.SIGKILL)

    return at


@pytest.fixture
def desk(desk: BookingContext) -> BookingContext:
    """Without the lock in front of a room: the dead may have left it, and it ends by itself only after 5 s."""
    return replace(desk, lock_rooms=False)


def in_the_end(desk: BookingContext) -> None:
    """A quarter of an hour later, after sweeping and recovery, nothing is under way and all agrees."""
    later(dt.timedelta(minutes=16))
    bookings.expire_holds(SYSTEM)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert verification.verify().findings == []


@reading
def kept_money() -> Any:
    """What the provider has kept, all in all."""
    sums = "SELECT coalesce(sum(CASE kind WHEN 'charge' THEN amount WHEN 'refund' THEN -amount ELSE 0 END), 0)"
    return db.session.scalar(text(f"{sums} FROM simulated_ledger"))


@reading
def statuses() -> Any:
    return dict(db.session.execute(text("SELECT status, count(*) FROM bookings GROUP BY status")).all())


def test_recovery_finishes_what_was_charged_and_frees_the_rest(
    die: Callable[[list[str]], None], bob: User, room: Room, desk: BookingContext
) -> None:
    die(BOOKS)
    in_the_end(desk)
    assert statuses()["CONFIRMED"] == len(CHARGED)
    assert kept_money() == 360 * len(CHARGED)
    assert set(nights_of(room).values()) == {"booked"}
    assert len(nights_of(room)) == 3 * len(CHARGED)
    for point in BOOKS[: -len(CHARGED)]:
        assert (
            bookings.book(
                acting(dying.order(bob.id, room.id, point)), dying.order(bob.id, room.id, point), VISA, desk
            ).status
            == "CONFIRMED"
        )


def test_the_same_key_finishes_what_the_dead_began(
    die: Callable[[list[str]], None], alice: User, room: Room, desk: BookingContext
) -> None:
    die(BOOKS)
    later(dt.timedelta(seconds=31))  # the lease of the dead
    for point in BOOKS:
        first = dying.book(dying.order(alice.id, room.id, point), point, desk)
        second = dying.book(dying.order(alice.id, room.id, point), point, desk)
        first_id = str(first.id) if isinstance(first, Booking) else first.body.strip('"')
        assert second.body.strip('"') == first_id
    assert statuses()["CONFIRMED"] == len(BOOKS)
    in_the_end(desk)
    assert kept_money() == 360 * len(BOOKS)


def test_recovery_and_the_same_key_in_any_order_are_one_booking(
    die: Callable[[list[str]], None], alice: User, room: Room, desk: BookingContext
) -> None:
    die(CHARGED)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    later(dt.timedelta(seconds=31))
    for point in CHARGED:
        dying.book(dying.order(alice.id, room.id, point), point, desk)
    in_the_end(desk)
    assert (statuses(), kept_money()) == ({"CONFIRMED": len(CHARGED)}, 360 * len(CHARGED))


def test_a_refund_that_was_promised_arrives_once(die: Callable[[list[str]], None], desk: BookingContext) -> None:
    die(CANCELS)
    in_the_end(desk)
    died_before = CANCELS.index("after the cancellation, before the refund")
    assert statuses() == {"CONFIRMED": died_before, "CANCELLED": len(CANCELS) - died_before}
    assert kept_money() == Decimal(360) * died_before


def test_whoever_finishes_what_others_left_may_die_too(die: Callable[[list[str]], None], desk: BookingContext) -> None:
    points = list(dying.OF_RECOVERY)
    die(points)
    [owed] = refund_debts.owed(SYSTEM)  # the new attempt was not committed: it is owed as before
    assert refunds.retry(SYSTEM, owed.payment_id, desk) == refunds.RETURNED
    in_the_end(desk)
    charges = [point for point in points if "a charge" in point]
    assert statuses() == {"CONFIRMED": len(charges), "CANCELLED": len(points) - len(charges)}
    assert kept_money() == Decimal(360) * len(charges)
    assert refund_debts.owed(SYSTEM) == []


# --- changing a stay

CHANGED = [point for point in dying.OF_CHANGE if "after the c" in point and "claim" not in point] + [
    "changing, in the confirmation, before its commit",
    "giving a night back, after the commit",
    "giving a night back, before the refund is recorded",
]


def test_a_change_whose_process_died_is_made_and_paid_for_or_neither(
    die: Callable[[list[str]], None], alice: User, room: Room, desk: BookingContext
) -> None:
    die(list(dying.OF_CHANGE))
    taken = nights_of(room)
    for point in dying.OF_CHANGE:  # nobody has lost what was booked
        wanted = dying.order(alice.id, room.id, point)
        kept = wanted.stay.dates()[: 2 if "giving" in point else 3]
        assert {taken[night] for night in kept} == {"booked"}, point
    in_the_end(desk)
    assert stays() == {
        dying.order(alice.id, room.id, point).stay.check_in: length_after(point) for point in dying.OF_CHANGE
    }
    assert kept_money() == 120 * sum(map(length_after, dying.OF_CHANGE)) == 120 * len(nights_of(room))


def length_after(point: str) -> int:
    """Nights of the stay in the end."""
    if point not in CHANGED:
        return 3
    return 2 if "giving" in point else 4


@reading
def stays() -> Any:
    return dict(db.session.execute(text("SELECT check_in, check_out - check_in FROM bookings")).all())
