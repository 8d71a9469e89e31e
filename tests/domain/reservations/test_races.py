"""Many at once on a real Postgres: a night is sold once, losers are told so, and the guards are real."""

from __future__ import annotations

import random
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine

from booking.domain.errors import AlreadyCancelled, RoomLocked, RoomNotAvailable
from booking.domain.inventory import night_statements
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra import telemetry
from booking.infra.db import db
from tests.cast import (
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    count,
    in_days,
    nights_of,
    order,
    payments_of,
    person,
    reload,
)

CROWD = 40


def outcomes(results: Any) -> Any:
    """How many of which: a booking's status, or the name of the refusal."""
    return Counter(r.status if isinstance(r, Booking) else type(r).__name__ for r in results)


@pytest.fixture
def crowd(app: Flask) -> list[User]:
    return [person(f"guest-{number}") for number in range(8)]


@pytest.mark.parametrize("lock", [True, False], ids=["with the Redis lock", "without it"])
def test_forty_at_once_for_overlapping_nights_never_share_one(
    app: Flask, room: Room, desk: BookingContext, crowd: list[User], lock: bool
) -> None:
    selling = replace(desk, lock_rooms=lock)
    chance = random.Random(7)
    stays = [in_days(30 + chance.randrange(6), 2 + chance.randrange(4)) for _ in range(CROWD)]
    results = all_at_once(
        app,
        [
            partial(bookings.book, acting(crowd[n % 8]), order(crowd[n % 8], room, stay), VISA, selling)
            for n, stay in enumerate(stays)
        ],
    )
    assert set(outcomes(results)) <= {"CONFIRMED", "RoomNotAvailable", "RoomLocked"}
    assert outcomes(results)["CONFIRMED"] >= 1
    assert verification.verify().findings == []


def test_fifty_at_once_for_the_same_nights_one_wins(
    app: Flask, room: Room, desk: BookingContext, crowd: list[User]
) -> None:
    results = all_at_once(
        app, [partial(bookings.book, acting(crowd[n % 8]), order(crowd[n % 8], room), VISA, desk) for n in range(50)]
    )
    assert outcomes(results)["CONFIRMED"] == 1
    assert sum(isinstance(r, RoomLocked | RoomNotAvailable) for r in results) == 49
    assert verification.verify().findings == []


def reserved_and_paid(wanted: BookingRequest, desk: BookingContext) -> Booking:
    held = holds.reserve(acting(wanted), wanted, desk)
    return bookings.pay(acting(wanted.guest_id), held.id, VISA, held.total_price, desk)


def booked(wanted: BookingRequest, desk: BookingContext) -> Booking:
    return bookings.book(acting(wanted), wanted, VISA, desk)


FORGET_STATISTICS = """
    SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited)
    FROM pg_stats WHERE schemaname = 'public'"""


def autovacuum(environ: dict[str, str]) -> None:
    """As Postgres does by itself a minute later: from then on it knows how few rows there are."""
    owner = create_engine(environ["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        # Of an empty table it keeps what it knew before: another test's long history, for example.
        connection.exec_driver_sql(FORGET_STATISTICS)
        for table in db.metadata.sorted_tables:
            # FULL: an index that other tests have made large would cost more than one of another key.
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table.name}")
    owner.dispose()


def counted(environ: dict[str, str], desk: BookingContext, nights: int) -> None:
    """A young house: Postgres has counted so many nights, of one booking."""
    if nights:
        booked(order(person("first"), a_room(), in_days(20, nights)), desk)
    autovacuum(environ)


@pytest.mark.parametrize("nights", [1, 2, 3, 7])
def test_a_payment_in_a_young_house_reads_no_nights_but_its_own(
    app: Flask, environ: dict[str, str], desk: BookingContext, nights: int
) -> None:
    counted(environ, desk, nights)
    pin = night_statements.PIN.compile(dialect=db.engine.dialect)
    with db.engine.connect() as connection:
        plan = "\n".join(
            connection.exec_driver_sql(f"EXPLAIN {pin.string}", pin.construct_params({"claim": uuid.uuid4()})).scalars()
        )
    assert "Seq Scan on availability" not in plan
    read = re.findall(r"(?:Scan using|Bitmap Index Scan on) (\w+)", plan)
    assert [index for index in read if index != "pk_room_parts"] == ["ix_availability_claim_id", "pk_availability"]


@pytest.mark.slow
@pytest.mark.parametrize("nights", [0, 1, 3], ids=["no night", "one night", "three nights"])
@pytest.mark.parametrize("act", [booked, reserved_and_paid])
def test_guests_who_book_different_rooms_at_once_hardly_ever_make_each_other_try_again(
    app: Flask,
    environ: dict[str, str],
    desk: BookingContext,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[BookingRequest, BookingContext], Booking],
    nights: int,
) -> None:
    counted(environ, desk, nights)
    again: list[str] = []
    monkeypatch.setattr(telemetry, "count_retry", again.append)
    guests = [person(f"guest-{number}") for number in range(8)]
    for _ in range(5):
        acts: list[Callable[[], Any]] = [partial(act, order(guest, a_room()), desk) for guest in guests]
        assert outcomes(all_at_once(app, acts)) == {"CONFIRMED": 8}
    assert len(again) <= 4, again  # a payment that wrote new entries to every index gave 36 for these 40


def test_two_payments_of_one_hold_at_once_charge_once(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    pay = [lambda: bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)] * 6
    results = all_at_once(app, pay)
    assert outcomes(results)["CONFIRMED"] >= 1
    assert set(outcomes(results)) <= {"CONFIRMED", "PaymentInProgress"}
    assert [p.state for p in payments_of(held)] == ["succeeded"]


def test_cancelling_at_once_refunds_once(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), VISA, desk)
    results = all_at_once(app, [lambda: bookings.cancel(acting(alice), booking.id, desk)] * 6)
    assert outcomes(results) == {"CANCELLED": 1, AlreadyCancelled.__name__: 5}
    assert len(payments_of(booking)) == 2


def test_paying_and_cancelling_a_hold_at_once_leaves_one_of_both(
    app: Flask, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    all_at_once(
        app,
        [
            lambda: bookings.pay(acting(alice), held.id, VISA, held.total_price, desk),
            lambda: bookings.cancel(acting(alice), held.id, desk),
        ],
    )
    assert reload(held).status in {"CONFIRMED", "CANCELLED"}
    assert verification.verify().findings == []


def test_two_sweepers_at_once_expire_each_hold_once(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    import datetime as dt

    from booking.domain.tables import Event
    from tests.cast import later

    for start in range(10):
        holds.reserve(acting(alice), order(alice, room, in_days(30 + 3 * start)), replace(desk, holds_per_guest=10))
    later(dt.timedelta(minutes=20))
    results = all_at_once(app, [partial(bookings.expire_holds, SYSTEM)] * 3)
    assert sum(results) == 10 == count(Event, type="booking.expired")
    assert nights_of(room) == {}
