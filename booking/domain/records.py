"""Rows of bookings and payments by statements built once: read, locked and written inside a @transaction.

The session's unit of work finds out by itself what changed, at several times the cost. Here whoever changes a booking
saves it; a save says which version it saw.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Insert, Select, Table, bindparam, insert, select, update

from booking.domain.errors import BookingModified, BookingNotFound
from booking.domain.models import Booking, Payment
from booking.infra.db import execute

_BOOKINGS, _PAYMENTS = cast(Table, Booking.__table__), cast(Table, Payment.__table__)
_BOOKING_COLUMNS = [column.name for column in _BOOKINGS.c]
_PAYMENT_COLUMNS = [column.name for column in _PAYMENTS.c]
_GIVEN_BY_POSTGRES = {"created_at", "updated_at"}
_MOVING = ("guests", "status", "held_until", "confirmed_at", "cancelled_at", "refund_amount")  # what a move may change

BOOKINGS = select(_BOOKINGS)  # to be narrowed by others, for find()
_BY_ID = BOOKINGS.where(_BOOKINGS.c.id == bindparam("booking_id"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_WITH_PAYMENT = (
    select(*_BOOKINGS.c, *(column.label(f"payment_{column.name}") for column in _PAYMENTS.c))
    .join_from(_BOOKINGS, _PAYMENTS)
    .where(_PAYMENTS.c.id == bindparam("payment_id"))
    .with_for_update()
)


def _insert(table: Table, columns: list[str]) -> Insert:
    return insert(table).values({name: bindparam(f"new_{name}") for name in columns if name not in _GIVEN_BY_POSTGRES})


_ADD_BOOKING = _insert(_BOOKINGS, _BOOKING_COLUMNS).returning(_BOOKINGS.c.created_at)
_SAVE_BOOKING = (
    update(_BOOKINGS)
    .where(_BOOKINGS.c.id == bindparam("booking_id"), _BOOKINGS.c.version == bindparam("seen"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING} | {"version": bindparam("seen") + 1})
)
_ADD_PAYMENT = _insert(_PAYMENTS, _PAYMENT_COLUMNS)
_SAVE_PAYMENT = (
    update(_PAYMENTS)
    .where(_PAYMENTS.c.id == bindparam("payment_id"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "provider_reference", "failure")})
)


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
    return _booking(row[:count]), Payment(**dict(zip(_PAYMENT_COLUMNS, row[count:], strict=True)))


def add_booking(new: Booking) -> None:
    """Insert; raises IntegrityError where its reference is taken."""
    new.version = 1
    new.created_at = execute(_ADD_BOOKING, _values(new, _BOOKING_COLUMNS)).rows[0].created_at


def save(changed: Booking) -> None:
    """Write what a move has changed; raises BookingModified where the row has another version by now."""
    new = {f"new_{name}": getattr(changed, name) for name in _MOVING}
    if not execute(_SAVE_BOOKING, {**new, "booking_id": changed.id, "seen": changed.version}).count:
        raise BookingModified
    changed.version += 1


def add_payment(new: Payment) -> None:
    """Insert; raises IntegrityError where another attempt is under way or done."""
    execute(_ADD_PAYMENT, _values(new, _PAYMENT_COLUMNS))


def save_payment(changed: Payment) -> None:
    """Write the outcome of an attempt."""
    outcome = {"new_state": changed.state, "new_failure": changed.failure}
    execute(_SAVE_PAYMENT, {**outcome, "new_provider_reference": changed.provider_reference, "payment_id": changed.id})


def _booking(row: Any) -> Booking:
    return Booking(**dict(zip(_BOOKING_COLUMNS, row, strict=True)))


def _values(row: Booking | Payment, columns: list[str]) -> dict[str, Any]:
    values = {f"new_{name}": getattr(row, name) for name in columns if name not in _GIVEN_BY_POSTGRES}
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in values.items()}
