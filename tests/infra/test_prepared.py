"""Statements of every request are prepared where they run often, and nobody notices but the clock."""

from __future__ import annotations

import datetime as dt
import gc
import re
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    ARRAY,
    Interval,
    Numeric,
    String,
    Uuid,
    bindparam,
    create_engine,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from booking.config import Settings
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room
from booking.infra import prepared
from booking.infra.db import AUTOCOMMIT, db, engine_options, execute, transaction
from booking.infra.prepared import AFTER, often
from booking.infra.raw_sql import rows
from tests.cast import VISA, acting, in_days, order, person
from tests.domain.reservations.test_races import autovacuum

PREPARED = text("SELECT name FROM pg_prepared_statements ORDER BY prepare_time")


@pytest.fixture
def engine(app: Flask) -> Iterator[Any]:
    """An engine of one connection, set up as the product's."""
    yield from _engine(app.extensions["services"].settings)


def _engine(settings: Settings) -> Iterator[Any]:
    made = create_engine(settings.database_url, **engine_options(settings) | {"pool_size": 1, "max_overflow": 0})
    yield made
    made.dispose()


def names(engine: Any) -> list[str]:
    return [row.name for row in rows(engine, PREPARED, {})]


def test_a_statement_is_prepared_when_it_has_run_often_and_says_the_same_as_before(engine: Any) -> None:
    doubled: Any = often(select((bindparam("number") * 2).label("twice")))
    answers = [rows(engine, doubled, {"number": number})[0].twice for number in range(AFTER + 3)]
    assert answers == [2 * number for number in range(AFTER + 3)]
    assert names(engine) == ["statement_1"]


def test_what_is_not_said_to_run_often_stays_as_it_is(engine: Any) -> None:
    for _ in range(AFTER + 3):
        rows(engine, select(Room.id), {})
    assert names(engine) == []


def test_behind_a_pooler_nothing_is_prepared(app: Flask) -> None:
    for engine in _engine(replace(app.extensions["services"].settings, prepared_statements=False)):
        for _ in range(AFTER + 3):
            rows(engine, often(select(Room.id)), {})
        assert names(engine) == []


def test_operators_read_what_a_prepared_statement_does(engine: Any) -> None:
    for _ in range(AFTER + 1):
        rows(engine, often(select(Room.id).where(Room.location == bindparam("place"))), {"place": "x"})
    assert names(engine) == ["select_rooms_1"]


VALUES = [
    (Uuid, uuid.UUID(int=7)),
    (String(3), "longer than three"),
    (Numeric(15, 3), Decimal("1.2345")),
    (Interval, dt.timedelta(days=2, seconds=3)),
    (ARRAY(String(2)), ["one", "two, with a comma"]),
    (ARRAY(Uuid), [uuid.UUID(int=1), uuid.UUID(int=2)]),
    (String, "100 % of 'it'"),
]


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_values_arrive_whole(engine: Any, kind: Any, value: Any) -> None:
    """A cast to VARCHAR(3) would cut a text off instead of refusing it, one to NUMERIC(15, 3) would round."""
    same = often(select(func.concat(bindparam("value", type_=kind)).label("value")))
    told = [rows(engine, same, {"value": value})[0].value for _ in range(AFTER + 3)]
    assert told == [told[0]] * len(told)
    assert told[0]
    assert len(names(engine)) == 1


def test_a_percent_sign_in_the_statement_stays_one(engine: Any) -> None:
    left: Any = often(select((bindparam("number") % 7).label("rest")))
    assert [rows(engine, left, {"number": 12})[0].rest for _ in range(AFTER + 2)] == [5] * (AFTER + 2)


def test_json_in_arrays_arrives(engine: Any) -> None:
    payloads = text("SELECT unnest(CAST(:payloads AS jsonb[])) AS payload").bindparams(
        bindparam("payloads", type_=ARRAY(JSONB))
    )
    for _ in range(AFTER + 2):
        assert rows(engine, often(payloads), {"payloads": ['{"a": 1}']})[0].payload == {"a": 1}


def test_plans_are_made_anew_after_a_while(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One made for an empty table may be wrong for what it has become."""
    for _ in range(AFTER + 1):
        rows(engine, often(select(Room.id)), {})
    monkeypatch.setattr(time, "monotonic", _later(prepared.KEPT_SECONDS + 1))
    rows(engine, often(select(Room.id)), {})
    assert names(engine) == ["select_rooms_2"]


def _later(seconds: float) -> Callable[[], float]:
    now = time.monotonic
    return lambda: now() + seconds


def test_no_connection_has_more_than_so_many(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST", 3)
    for number in range(5):
        for _ in range(AFTER + 2):
            rows(engine, often(select(literal_column(str(number)))), {})
    assert len(names(engine)) == 3


@pytest.mark.parametrize("spoiling", ["DEALLOCATE ALL", "ALTER TABLE trial ALTER COLUMN kept TYPE bigint"])
def test_a_statement_that_the_server_knows_no_more_is_run_again(app: Flask, spoiling: str) -> None:
    """A pooler has given the connection to somebody else, or a migration has changed a column beneath it."""
    look = often(text("SELECT kept FROM trial"))

    @transaction(isolation=AUTOCOMMIT)
    def kept() -> Any:
        return execute(look, {}).column

    @transaction(isolation=AUTOCOMMIT)
    def run(statement: str) -> None:
        execute(text(statement), {})

    @transaction(isolation=AUTOCOMMIT)
    def prepared_now() -> Any:
        return execute(PREPARED, {}).column

    run("CREATE TEMPORARY TABLE trial AS SELECT 1 AS kept")
    assert [kept() for _ in range(AFTER + 2)] == [[1]] * (AFTER + 2)
    assert [name for name in prepared_now() if name.startswith("select_trial")]
    run(spoiling)
    assert kept() == [1]
    run("DROP TABLE trial")


def test_an_engine_that_nobody_uses_any_more_goes_with_its_connections(app: Flask) -> None:
    settings = app.extensions["services"].settings
    engine = create_engine(settings.database_url, **engine_options(settings))
    rows(engine, select(Room.id), {})
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None


COUNTED = text("SELECT name, cardinality(parameter_types) AS many FROM pg_prepared_statements")
# Of what bookings write: rooms and properties change too rarely for anybody to be in the way.
READS = re.compile(r"(Seq|Index|Index Only) Scan.* on (?!rooms\b|properties\b)")
# By their order's id bookings are locked where SERIALIZABLE is over: once a payment has been answered.
OF_ITS_OWN = re.compile(
    r"(?:using|Bitmap Index Scan on)"
    r" (pk_\w+|uq_\w+|ix_availability_claim_id|ix_bookings_user_id_newest|ix_bookings_order_id)\b"
)


def plan_of(name: str, many: int) -> str:
    given = ", ".join(["NULL"] * many)
    return "\n".join(
        execute(text(f"EXPLAIN EXECUTE {name} ({given})" if many else f"EXPLAIN EXECUTE {name}"), {}).column
    )


def test_what_a_booking_prepares_reads_by_a_key_of_its_own(
    app: Flask, environ: dict[str, str], room: Room, desk: BookingContext
) -> None:
    """SERIALIZABLE minds what a plan reads: one plan for all values must not look at more than each needs."""
    autovacuum(environ)
    db.engine.dispose()  # with what other tests have prepared
    guest = person("guest")
    for nights in range(AFTER + 3):
        bookings.book(acting(guest), order(guest, room, in_days(20 + 3 * nights, 2)), VISA, desk)

    @transaction
    def plans() -> dict[str, str]:
        return {name: plan_of(name, many) for name, many in execute(COUNTED, {}).rows}

    made = plans()
    assert {name.rsplit("_", 1)[0] for name in made} >= {
        "insert_availability",
        "insert_orders",
        "update_availability",
    }
    for name, plan in made.items():
        reads = [line for line in plan.splitlines() if READS.search(line)]
        assert all(OF_ITS_OWN.search(line) for line in reads), f"{name}:\n{plan}"
