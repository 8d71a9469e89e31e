"""Rows of bookings and payments by statements built once: read, locked and written inside a @transaction.

The session's unit of work finds out by itself what changed, at several times the cost. Here whoever changes a row
saves it: a save compares the row with what was read and writes every column that differs, and a booking's save says
which version it saw. What never changes (an id, when a row was made) is refused with ValueError.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, Insert, Interval, Select, Table, Update, bindparam, insert, select, update
from sqlalchemy.orm.attributes import instance_state

from booking.domain.errors import BookingModified, BookingNotFound
from booking.domain.tables import Booking, Payment
from booking.infra.clock import sql_now
from booking.infra.db import execute
from booking.infra.prepared import often

Row = TypeVar("Row", Booking, Payment)

_BOOKINGS, _PAYMENTS = cast(Table, Booking.__table__), cast(Table, Payment.__table__)
_BOOKING_COLUMNS = [column.name for column in _BOOKINGS.c]
_PAYMENT_COLUMNS = [column.name for column in _PAYMENTS.c]
_GIVEN_BY_POSTGRES = {"created_at", "updated_at"}
_FIXED = {"id", "version", *_GIVEN_BY_POSTGRES}  # a save counts the version by itself
_JSON = ("price_lines", "policy")
_AS_READ, _AS_TEXT = "as read", "as text"  # in a row's info: its columns as they stand in Postgres

BOOKINGS = select(_BOOKINGS)  # to be narrowed by others, for find()
_BY_ID = often(BOOKINGS.where(_BOOKINGS.c.id == bindparam("booking_id")))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_WITH_PAYMENT = often(
    select(*_BOOKINGS.c, *(column.label(f"payment_{column.name}") for column in _PAYMENTS.c))
    .join_from(_BOOKINGS, _PAYMENTS)
    .where(_PAYMENTS.c.id == bindparam("payment_id"))
    .with_for_update()
)


def _insert(table: Table, columns: list[str]) -> Insert:
    return insert(table).values({name: bindparam(f"new_{name}") for name in columns if name not in _GIVEN_BY_POSTGRES})


_ADD_BOOKING = often(_insert(_BOOKINGS, _BOOKING_COLUMNS).returning(_BOOKINGS.c.created_at))
_ADD_PAYMENT = often(
    _insert(_PAYMENTS, _PAYMENT_COLUMNS).values(next_at=sql_now() + bindparam("patience", type_=Interval))
)


@lru_cache(maxsize=256)
def _update(table: Table, changed: tuple[str, ...]) -> Update:
    """The statement for one set of changed columns, built once for each."""
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed}
    return often(update(table).where(table.c.id == bindparam("row_id")).values(new))


@lru_cache(maxsize=256)
def _update_booking(changed: tuple[str, ...]) -> Update:
    seen: BindParameter[int] = bindparam("seen")
    return _update(_BOOKINGS, changed).where(_BOOKINGS.c.version == seen).values(version=seen + 1)


def booking(booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """The booking as it is now; locked, nobody else moves it until this transaction ends. Raises BookingNotFound."""
    rows = find(_BY_ID_LOCKED if lock else _BY_ID, {"booking_id": booking_id})
    if not rows:
        raise BookingNotFound
    return rows[0]


def find(statement: Select[Any], values: Mapping[str, Any]) -> list[Booking]:
    """The bookings of a statement that narrows BOOKINGS."""
    return [_booking(row) for row in execute(statement, values).rows]


def with_payment(payment_id: uuid.UUID) -> tuple[Booking, Payment]:
    """Both rows locked: whoever waited here reads what the one before has written."""
    [row] = execute(_WITH_PAYMENT, {"payment_id": payment_id}).rows
    count = len(_BOOKING_COLUMNS)
    return _booking(row[:count]), _read(Payment, _PAYMENT_COLUMNS, row[count:])


def add_booking(new: Booking) -> None:
    """Insert; raises IntegrityError where its reference is taken."""
    new.version = 1
    new.created_at = execute(_ADD_BOOKING, _values(new, _BOOKING_COLUMNS)).rows[0].created_at
    _remember(new)


def save(changed: Booking) -> None:
    """Write every column that differs from what was read; raises BookingModified where the row has another version."""
    new = _changes(changed, _BOOKING_COLUMNS)
    seen = {"row_id": changed.id, "seen": changed.version}
    if not execute(_update_booking(tuple(new)), _named(new) | seen).count:
        raise BookingModified
    changed.version += 1
    _remember(changed)


def add_payment(new: Payment, patience: dt.timedelta) -> None:
    """Insert, not to be recovered for `patience`; raises IntegrityError where another attempt is under way or done."""
    execute(_ADD_PAYMENT, _values(new, _PAYMENT_COLUMNS) | {"patience": patience})
    _remember(new)


def save_payment(changed: Payment) -> None:
    """Write every column that differs from what was read."""
    if new := _changes(changed, _PAYMENT_COLUMNS):
        execute(_update(_PAYMENTS, tuple(new)), _named(new) | {"row_id": changed.id})
        _remember(changed)


def _booking(row: Any) -> Booking:
    return _read(Booking, _BOOKING_COLUMNS, row)


def _read(kind: type[Row], columns: list[str], values: Any) -> Row:
    row = kind(**dict(zip(columns, values, strict=True)))
    _remember(row)
    return row


def _remember(row: Booking | Payment) -> None:
    info = instance_state(row).info
    info[_AS_READ], info[_AS_TEXT] = row.__dict__.copy(), _text(row)


def _changes(row: Booking | Payment, columns: list[str]) -> dict[str, Any]:
    """The columns that differ from what was read, with their new values."""
    info, now = instance_state(row).info, row.__dict__
    if _AS_READ not in info:
        raise ValueError("only a row that was read or added here can be saved")
    was = info[_AS_READ]
    changed = [name for name in columns if now.get(name) != was.get(name)]
    if info[_AS_TEXT] != _text(row):
        changed = sorted({*changed, *_JSON} & set(columns))
    if refused := _FIXED.intersection(changed):
        raise ValueError(f"{', '.join(sorted(refused))} of {row.__tablename__} cannot be changed")
    return {name: now[name] for name in changed}


def _text(row: Booking | Payment) -> str:
    # A list or dict may be changed where it is: its text shows that.
    return repr([row.__dict__.get(name) for name in _JSON])


def _values(row: Booking | Payment, columns: list[str]) -> dict[str, Any]:
    return _named({name: getattr(row, name) for name in columns if name not in _GIVEN_BY_POSTGRES})


def _named(new: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of new values; JSON goes in as text."""
    return {
        f"new_{name}": json.dumps(value) if isinstance(value, dict | list) else value for name, value in new.items()
    }
