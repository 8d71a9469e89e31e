"""What `flask bookings verify` finds: bookings that share a night, and blocks that do not agree with their nights."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from booking.domain import inventory
from booking.domain.inventory import NIGHTS_KEPT_DAYS
from booking.domain.maintenance import retention, verification
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, LiftedBlock, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from tests.cast import SYSTEM, VISA, a_room, acting, blocked, count, in_days, order

SHARE = "night_shared"


@transaction
def moved(booking: Booking, stay: Stay) -> None:
    """As no door would: another booking's nights are not looked at."""
    values = {"id": booking.id, "first": stay.check_in, "last": stay.check_out}
    db.session.execute(text("UPDATE bookings SET check_in = :first, check_out = :last WHERE id = :id"), values)


def shared() -> set[frozenset[str]]:
    found = (finding.subject for finding in verification.verify().findings if finding.rule == SHARE)
    return {frozenset(subject.split(" and ")) for subject in found}


@pytest.mark.parametrize(
    ("first", "second"),
    [((30, 3), (32, 3)), ((32, 3), (30, 3)), ((30, 9), (33, 1)), ((33, 1), (30, 9)), ((30, 3), (30, 3))],
    ids=["the later", "the earlier", "within", "around", "the same"],
)
def test_two_bookings_that_share_a_night_are_found(
    alice: User, room: Room, desk: BookingContext, first: tuple[int, int], second: tuple[int, int]
) -> None:
    one = bookings.book(acting(alice), order(alice, room, in_days(*first)), VISA, desk)
    other = bookings.book(acting(alice), order(alice, room, in_days(100)), VISA, desk)
    assert shared() == set()
    moved(other, in_days(*second))
    assert shared() == {frozenset({one.reference, other.reference})}


def test_each_stay_below_a_long_one_is_found_with_it(alice: User, room: Room, desk: BookingContext) -> None:
    short = [
        bookings.book(acting(alice), order(alice, room, in_days(30 + 4 * number, 2)), VISA, desk) for number in range(3)
    ]
    long = bookings.book(acting(alice), order(alice, room, in_days(100)), VISA, desk)
    moved(long, in_days(30, 20))
    assert shared() == {frozenset({long.reference, one.reference}) for one in short}


def test_back_to_back_elsewhere_and_cancelled_stays_share_nothing(
    alice: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(30, 3)), VISA, desk)
    bookings.book(acting(alice), order(alice, room, in_days(33, 3)), VISA, desk)
    bookings.book(acting(alice), order(alice, a_room(), in_days(30, 3)), VISA, desk)
    ended = bookings.book(acting(alice), order(alice, room, in_days(100)), VISA, desk)
    bookings.cancel(acting(alice), ended.id, desk)
    moved(ended, in_days(30, 3))
    assert shared() == set()


UNLIKE = {"id", "reference", "check_in", "check_out"}


@pytest.mark.slow
def test_many_stays_in_one_room_are_compared_in_their_order_not_each_with_each(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    one = bookings.book(acting(alice), order(alice, room), VISA, desk)
    columns = ", ".join(column.name for column in Booking.__table__.columns if column.name not in UNLIKE)
    copies = text(
        f"INSERT INTO bookings (id, reference, check_in, check_out, {columns})"
        f" SELECT gen_random_uuid(), 'N' || n, DATE '1900-01-01' + n, DATE '1900-01-02' + n, {columns}"
        " FROM bookings, generate_series(1, 20000) n WHERE id = :id"
    )
    transaction(lambda: db.session.execute(copies, {"id": one.id}))()
    began = time.monotonic()
    statement = text(f"{verification.RULES[SHARE]} LIMIT 100")
    assert transaction(lambda: db.session.execute(statement).all())() == []
    assert dt.timedelta(seconds=time.monotonic() - began) < dt.timedelta(seconds=5)  # 200 million pairs take a minute


# --- blocks and their nights

PARTLY, NOBODYS = "block_lacks_nights", "night_without_block"
NIGHTS, BLOCKS = "UPDATE availability SET", "UPDATE blocks SET"


def found() -> list[str]:
    return [finding.rule for finding in verification.verify().findings]


@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        ("DELETE FROM availability", [PARTLY]),
        ("DELETE FROM availability WHERE night = (SELECT min(night) FROM availability)", [PARTLY]),
        ("DELETE FROM blocks", [NOBODYS] * 3),
        (f"{NIGHTS} claim_id = gen_random_uuid()", [NOBODYS] * 3 + [PARTLY]),
        (f"{NIGHTS} room_id = (SELECT id FROM rooms WHERE name = 'Other')", [NOBODYS] * 3 + [PARTLY]),
        (f"{BLOCKS} check_out = check_out - 1", [NOBODYS]),
        (f"{BLOCKS} check_out = check_out + 1", [PARTLY]),
    ],
)
def test_a_block_without_its_nights_and_a_blocked_night_without_its_block_are_found(
    room: Room, damage: str, rules: list[str]
) -> None:
    a_room(name="Other")
    blocked(room, in_days(30))
    assert found() == []
    transaction(lambda: db.session.execute(text(damage)))()
    assert sorted(found()) == sorted(rules)


def test_a_night_without_a_claim_is_found(room: Room, environ: dict[str, str]) -> None:
    """As in a restored copy whose table has lost its constraint."""
    blocked(room, in_days(30))
    owner = create_engine(environ["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE availability ALTER claim_id DROP NOT NULL"))
        try:
            connection.execute(text("UPDATE availability SET claim_id = NULL"))
            assert "night_without_claim" in found()
            connection.execute(text("DELETE FROM availability"))
        finally:
            connection.execute(text("ALTER TABLE availability ALTER claim_id SET NOT NULL"))
    owner.dispose()


@transaction
def long_ago(days: int) -> None:
    """All nights and blocks were so many days earlier."""
    for table, columns in (("availability", ["night"]), ("blocks", ["check_in", "check_out"])):
        earlier = ", ".join(f"{column} = {column} - :days" for column in columns)
        db.session.execute(text(f"UPDATE {table} SET {earlier}"), {"days": days})


def test_the_nights_of_a_block_that_are_over_and_pruned_are_not_missed(room: Room) -> None:
    first = blocked(room, in_days(30)).check_in
    long_ago((first - clock.now().date()).days + 1 + NIGHTS_KEPT_DAYS)
    pruned = retention.prune(SYSTEM, dt.timedelta(days=90))
    assert pruned == {"past_nights": 1}
    assert found() == []


def test_why_nights_were_off_sale_is_kept_until_they_are_over(room: Room) -> None:
    for first in (30, 50):
        inventory.unblock(SYSTEM, blocked(room, in_days(first)).id)
    forgotten = transaction(lambda: db.session.execute(text("UPDATE lifted_blocks SET check_out = check_out - 35")))
    assert count(LiftedBlock) == 2
    forgotten()
    assert retention.prune(SYSTEM, dt.timedelta(days=90)) == {"reasons_of_blocks": 1}
    assert count(LiftedBlock) == 1


def test_a_block_goes_with_the_last_of_its_nights(room: Room) -> None:
    blocked(room, in_days(30))
    long_ago(400)
    pruned = retention.prune(SYSTEM, dt.timedelta(days=90))
    assert pruned == {"past_nights": 3, "past_blocks": 1}
    assert found() == []
    assert retention.prune(SYSTEM, dt.timedelta(days=90)) == {}


# --- what banks take back

DISPUTED = """
    INSERT INTO disputes (id, payment_id, reference, amount, currency, state, reason)
    SELECT gen_random_uuid(), id, 'dp_1', amount, currency, 'open', 'fraudulent' FROM payments"""


@pytest.mark.parametrize(("state", "is_found"), [("succeeded", False), ("unknown", False), ("failed", True)])
def test_a_dispute_is_of_a_charge_that_has_succeeded_or_still_may(
    alice: User, room: Room, desk: BookingContext, state: str, is_found: bool
) -> None:
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    transaction(lambda: db.session.execute(text(DISPUTED)))()
    transaction(lambda: db.session.execute(text("UPDATE payments SET state = :state"), {"state": state}))()
    assert ("dispute_of_no_charge" in found()) is is_found
