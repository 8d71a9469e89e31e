"""Orders come to a database that has bookings, while the version before goes on booking; and go again."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import create_engine

from booking.domain.errors import BookingError
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from tests.cast import VISA, a_room, acting, in_days, order, person
from tests.infra.migrating import PATIENCE, Database, eventually
from tests.infra.migrating import before as revision_before
from tests.infra.version_before import POLICY, Taken, VersionBefore

BEFORE = revision_before("0013")
FIRST = dt.date(2030, 5, 1)


@pytest.fixture
def before(database: Database) -> Iterator[VersionBefore]:
    """The version before, on a database as it left it."""
    database.stands_at(BEFORE)
    house = VersionBefore(database.superuser_url)
    house.say(
        "INSERT INTO properties (id, name, slug, location, address, time_zone, currency, check_in_time, check_out_time,"
        " legal_name) VALUES (%s, 'House', 'house', 'antwerp', '{}', 'Europe/Brussels', 'EUR', '15:00', '11:00', 'H')",
        new_id(),
    )
    yield house
    house.close()


def a_guest(house: VersionBefore) -> uuid.UUID:
    guest = new_id()
    house.say(
        "INSERT INTO users (id, email, email_key, full_name, role, region, locale)"
        " VALUES (%s, %s, %s, 'Ann', 'guest', 'eu', 'nl')",
        guest,
        *[f"{guest.hex}@example.com"] * 2,
    )
    return guest


def a_room_of(house: VersionBefore) -> uuid.UUID:
    room = new_id()
    house.say(
        "INSERT INTO rooms (id, property_id, name, location, currency, capacity, price_per_night, cancellation_policy,"
        " published) SELECT %s, id, 'Room', 'antwerp', 'EUR', 2, 120, %s, true FROM properties",
        room,
        psycopg2.extras.Json(POLICY),
    )
    return room


def lived(house: VersionBefore) -> dict[str, uuid.UUID]:
    """A booking in every state that one can be in: a night of 120 each."""
    guest, room = a_guest(house), a_room_of(house)
    days = iter(range(100))

    def hold() -> Any:
        return house.hold(guest, room, FIRST + dt.timedelta(days=next(days)), 1)

    def book() -> Any:
        return house.book(guest, room, FIRST + dt.timedelta(days=next(days)), 1)

    found = {name: hold() for name in ("held", "expired", "paying")} | {
        name: book() for name in ("booked", "cancelled", "half", "nothing back", "on its way", "declined", "again")
    }
    house.expire(found["expired"])
    house.begin_payment(found["paying"])
    house.cancel(found["cancelled"].id)
    half = house.begin_cancel(found["half"].id, 50)
    assert half
    house.returned(half)
    assert house.begin_cancel(found["nothing back"].id, 0) is None
    assert house.begin_cancel(found["on its way"].id)
    for name in ("declined", "again"):
        refund = house.begin_cancel(found[name].id)
        assert refund
        house.declined(refund)
    house.say(
        "INSERT INTO payments (id, booking_id, kind, amount, currency, state, provider, charge_id, attempts)"
        " SELECT %s, booking_id, kind, amount, currency, 'started', provider, charge_id, 0 FROM payments"
        " WHERE booking_id = %s AND kind = 'refund'",
        new_id(),
        found["again"].id,
    )
    return {name: sold.id for name, sold in found.items()}


SUMS = {
    "held": (120, 0, 0, 0),
    "expired": (0, 0, 0, 0),
    "paying": (120, 0, 0, 0),
    "booked": (120, 120, 0, 0),
    "cancelled": (0, 120, 120, 0),
    "half": (60, 120, 60, 0),
    "nothing back": (120, 120, 0, 0),
    "on its way": (0, 120, 0, 120),
    "declined": (0, 120, 0, 0),
    "again": (0, 120, 0, 120),
}


def sums(house: VersionBefore, ids: dict[str, uuid.UUID]) -> dict[str, tuple[int, ...]]:
    rows = house.say(
        "SELECT b.id, o.owed, o.paid, o.refunded, o.refunding FROM bookings b JOIN orders o ON o.id = b.order_id"
    )
    found = {row[0]: tuple(map(int, row[1:])) for row in rows}
    return {name: found[booking_id] for name, booking_id in ids.items()}


def findings(database: Database) -> set[str]:
    """What `flask bookings verify` would name, but for refunds that are owed."""
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        report = verification.examine(connection)
    engine.dispose()
    return {f"{found.rule}: {found.subject}" for found in report.damage}


@pytest.mark.slow
def test_every_booking_gets_its_order_with_the_right_sums(before: VersionBefore, database: Database) -> None:
    ids = lived(before)
    before.say("UPDATE payments SET charge_id = NULL")  # of refunds from before they named their charge
    database.flask("upgrade")
    database.is_whole()
    assert sums(before, ids) == SUMS
    assert findings(database) == set()
    asked = (
        "SELECT DISTINCT o.channel, o.locale, o.reference = b.reference, o.property_id = r.property_id FROM orders o"
    )
    joined = " JOIN bookings b ON b.order_id = o.id JOIN rooms r ON r.id = b.room_id"
    assert before.say(asked + joined) == [("web", "nl", True, True)]
    assert before.say("SELECT count(*) FROM payments WHERE kind = 'refund' AND charge_id IS NULL") == [(0,)]


@pytest.mark.slow
def test_whatever_the_version_before_writes_has_an_order_from_the_first_moment_on(
    before: VersionBefore, database: Database
) -> None:
    database.flask("upgrade")
    assert sums(before, lived(before)) == SUMS
    assert findings(database) == set()


@pytest.mark.slow
def test_down_and_up_again_the_version_before_books_all_the_time(before: VersionBefore, database: Database) -> None:
    database.flask("upgrade")
    ids = lived(before)
    database.flask("downgrade", BEFORE)
    assert before.say("SELECT to_regclass('orders') IS NULL, count(*) FROM payments WHERE kind = 'charge'") == [
        (True, 8)
    ]
    more = {f"{name} more": booking_id for name, booking_id in lived(before).items()}
    database.flask("upgrade")
    database.is_whole()
    assert sums(before, ids | more) == SUMS | {f"{name} more": found for name, found in SUMS.items()}
    assert findings(database) == set()


MANY = 15_000
WORKING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'room-booking-migration'"


def many(house: VersionBefore) -> None:
    """So many old bookings, paid."""
    lived(house)
    for statement in (
        "INSERT INTO bookings (id, user_id, room_id, reference, check_in, check_out, guests, total_price, currency,"
        " price_lines, policy, status, confirmed_at) SELECT gen_random_uuid(), user_id, room_id, 'OLD' || n,"
        " DATE '1900-01-01' + n, DATE '1900-01-02' + n, guests, total_price, currency, price_lines, policy, status,"
        f" confirmed_at - interval '9 days' FROM bookings, generate_series(1, {MANY}) n WHERE id ="
        " (SELECT id FROM bookings WHERE status = 'CONFIRMED' LIMIT 1)",
        "INSERT INTO payments (id, booking_id, kind, amount, currency, state, method, provider, provider_reference)"
        " SELECT id, id, 'charge', total_price, currency, 'succeeded', 'pm_card_visa', 'simulated', 'sim_' || id"
        " FROM bookings WHERE reference LIKE 'OLD%'",
        "INSERT INTO simulated_ledger (key, kind, reference, amount, currency) SELECT id, 'charge', 'sim_' || id,"
        " total_price, currency FROM bookings WHERE reference LIKE 'OLD%'",
    ):
        house.say(statement)


@pytest.mark.slow
def test_one_that_was_killed_among_the_bookings_goes_on_where_it_was(before: VersionBefore, database: Database) -> None:
    many(before)
    victim = database.begin("upgrade")
    eventually(lambda: _orders(database) > 0 or victim.poll() is not None)
    assert victim.poll() is None, victim.communicate()
    victim.kill()
    victim.wait(PATIENCE)
    eventually(lambda: database.scalar(WORKING) == 0)
    done = _orders(database)
    assert 0 < done < MANY
    database.flask("upgrade")
    database.is_whole()
    assert findings(database) == set()
    assert _orders(database) == database.scalar("SELECT count(*) FROM bookings")


def _orders(database: Database) -> int:
    with suppress(psycopg2.errors.UndefinedTable):
        return int(database.scalar("SELECT count(*) FROM orders"))
    return 0


@pytest.mark.slow
def test_nobody_waits_for_the_migration_and_nothing_is_lost(before: VersionBefore, database: Database) -> None:
    """All through it the version before books, cancels, and sends declined refunds; its slowest step stays quick."""
    many(before)
    over, slowest = threading.Event(), [0.0]
    broken: list[BaseException] = []
    guests = [a_guest(before) for _ in range(3)]
    rooms = [a_room_of(before) for _ in range(3)]

    def live(number: int) -> None:
        house = VersionBefore(database.superuser_url)
        first = FIRST
        with closing(house):
            while not over.is_set():
                began = time.monotonic()
                sold = house.book(guests[number], rooms[number], first, 1)
                if first.day % 2:
                    house.cancel(sold.id)
                slowest[0] = max(slowest[0], time.monotonic() - began)
                first += dt.timedelta(days=1)

    threads = [_in_thread(lambda number=number: live(number), broken) for number in range(3)]  # type: ignore[misc]
    try:
        database.flask("upgrade")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert broken == []
    database.is_whole()
    assert findings(database) == set()
    assert slowest[0] < 2  # seconds: seven transactions on a machine that does other things, too


def _in_thread(act: Callable[[], None], broken: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 the test looks at it
            broken.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# --- both versions on one database

ROUNDS = 12


def test_both_versions_book_and_cancel_beside_each_other(
    app: Flask, environ: dict[str, str], desk: BookingContext
) -> None:
    """In the same rooms, for the same nights; each cancels what the other has booked."""
    guests = [person(f"guest-{number}") for number in range(4)]
    rooms = [a_room() for _ in range(2)]
    broken: list[BaseException] = []
    booked: list[uuid.UUID] = []

    def before(number: int) -> None:
        house = VersionBefore(environ["DATABASE_URL"])
        with closing(house):
            for turn in range(ROUNDS):
                with suppress(Taken):
                    stay = in_days(30 + turn * 2, 2)
                    booked.append(house.book(guests[number].id, rooms[turn % 2].id, stay.check_in, 2).id)
                if turn % 3 == 2 and booked:
                    house.cancel(booked[turn % len(booked)])

    def now(number: int) -> None:
        with app.app_context():
            for turn in range(ROUNDS):
                with suppress(BookingError):
                    stay = in_days(30 + turn * 2, 2)
                    wanted = order(guests[number], rooms[turn % 2], stay)
                    booked.append(bookings.book(acting(wanted), wanted, VISA, desk).id)
                if turn % 3 == 2 and booked:
                    _cancel(booked[-1 - turn % len(booked)], desk)

    threads = [
        _in_thread(lambda number=number, act=act: act(number), broken)  # type: ignore[misc]
        for number, act in enumerate((before, before, now, now))
    ]
    for thread in threads:
        thread.join()
    assert broken == []
    assert verification.verify().findings == []
    made = transaction(lambda: db.session.connection().exec_driver_sql(MADE).one())()
    assert made.before > 0
    assert made.now > 0
    assert made.cancelled > 0


# What the version before has sold bears the id of its order.
MADE = """
    SELECT count(*) FILTER (WHERE order_id = id) AS before, count(*) FILTER (WHERE order_id <> id) AS now,
    count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled FROM bookings"""


def _cancel(booking_id: uuid.UUID, desk: BookingContext) -> None:
    owner = transaction(
        lambda: (
            db.session.connection()
            .exec_driver_sql("SELECT user_id FROM bookings WHERE id = %(id)s", {"id": booking_id})
            .scalar_one()
        )
    )()
    with suppress(BookingError):
        bookings.cancel(acting(owner), booking_id, desk)


def test_each_version_finishes_what_the_other_has_begun(
    app: Flask, environ: dict[str, str], desk: BookingContext, alice: User, room: Room
) -> None:
    house = VersionBefore(environ["DATABASE_URL"])
    with closing(house):
        held = house.hold(alice.id, room.id, in_days(30).check_in, 1)
        bookings.pay(acting(alice), held.id, VISA, Decimal(120), desk)
        house.cancel(held.id)
        ours = bookings.book(acting(alice), order(alice, room, in_days(40)), VISA, desk)
        house.cancel(ours.id)
        theirs = house.book(alice.id, room.id, in_days(50).check_in, 2)
        bookings.cancel(acting(alice), theirs.id, desk)
    assert verification.verify().findings == []
    asked = "SELECT owed, paid, refunded, refunding FROM orders ORDER BY paid"
    rows = transaction(lambda: db.session.connection().exec_driver_sql(asked).all())()
    assert [tuple(map(int, row)) for row in rows] == [(0, 120, 120, 0), (0, 240, 240, 0), (0, 360, 360, 0)]
