"""Rows of changes: read, locked and written inside a @transaction that has locked their booking before."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from booking.domain.actors import Actor
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, CHANGE_PENDING, BookingChange
from booking.domain.reservations.models import Booking
from booking.domain.saved_rows import SavedRows, named
from booking.infra.clock import sql_now
from booking.infra.db import execute
from booking.infra.ids import new_id

_ROWS = SavedRows(
    BookingChange,
    json_columns=("price_lines", "policy", "old_price_lines", "old_policy", "earlier_rooms"),
    fixed=("booking_id", "order_id"),
)
_CHANGES = _ROWS.table
_SELECT = select(_CHANGES)
_BY_ID = _SELECT.where(_CHANGES.c.id == bindparam("change_id"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_PENDING = _SELECT.where(_CHANGES.c.booking_id == bindparam("booking_id"), _CHANGES.c.state == CHANGE_PENDING)
_PENDING_LOCKED = _PENDING.with_for_update()
_NEWEST = (
    _SELECT.where(_CHANGES.c.booking_id == bindparam("booking_id"), _CHANGES.c.state == CHANGE_CONFIRMED)
    .order_by(_CHANGES.c.id.desc())
    .limit(1)
)
_PAID_BY = select(_CHANGES.c.id, _CHANGES.c.booking_id).where(_CHANGES.c.payment_id == bindparam("payment_id"))
_OVER = (
    select(_CHANGES.c.id, _CHANGES.c.booking_id)
    .where(_CHANGES.c.state == CHANGE_PENDING, _CHANGES.c.held_until <= sql_now())
    .order_by(_CHANGES.c.id)
    .limit(bindparam("limit"))
)


def begun(
    actor: Actor,
    was: Booking,
    columns: Mapping[str, Any],
    *,
    moves_on: dt.date | None = None,
    reason: str | None = None,
) -> BookingChange:
    """The row of a change that somebody has decided to make: what the booking is, and what its `columns` would be."""
    return BookingChange(
        id=new_id(),
        booking_id=was.id,
        order_id=was.order_id,
        state=CHANGE_PENDING,
        booking_version=was.version,
        old_room_id=was.room_id,
        old_check_in=was.check_in,
        old_check_out=was.check_out,
        old_guests=was.guests,
        old_total=was.total_price,
        difference=columns["total_price"] - was.total_price,
        currency=was.currency,
        actor=str(actor),
        moves_on=moves_on,
        reason=reason,
        **columns,
    )


def find(change_id: uuid.UUID, *, lock: bool = False) -> BookingChange | None:
    return _one(_BY_ID_LOCKED if lock else _BY_ID, change_id=change_id)


def get(change_id: uuid.UUID) -> BookingChange:
    """The change, which must exist, locked."""
    [row] = execute(_BY_ID_LOCKED, {"change_id": change_id}).rows
    return _ROWS.read(row)


def pending_of(booking_id: uuid.UUID) -> BookingChange | None:
    """The booking's change that is not decided, locked."""
    return _one(_PENDING_LOCKED, booking_id=booking_id)


def find_pending(booking_id: uuid.UUID) -> BookingChange | None:
    """The same for looking."""
    return _one(_PENDING, booking_id=booking_id)


def newest_of(booking_id: uuid.UUID) -> BookingChange | None:
    """The change that has made the booking what it is; None where there was none."""
    return _one(_NEWEST, booking_id=booking_id)


def paid_by(payment_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Of the change that a payment is for, which must exist: its id and its booking's."""
    [row] = execute(_PAID_BY, {"payment_id": payment_id}).rows
    return row.id, row.booking_id


def over(limit: int) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Changes that nobody has begun to pay for in time, with their bookings."""
    return [(row.id, row.booking_id) for row in execute(_OVER, {"limit": limit}).rows]


def add(new: BookingChange) -> None:
    execute(_ROWS.insert(), _ROWS.values(new))
    _ROWS.remember(new)


def save(changed: BookingChange) -> None:
    """Write every column that differs from what was read; the row is locked."""
    if new := _ROWS.changes(changed):
        execute(_ROWS.update(tuple(new)), named(new) | {"row_id": changed.id})
        _ROWS.remember(changed)


def _one(statement: Any, **values: Any) -> BookingChange | None:
    rows = execute(statement, values).rows
    return _ROWS.read(rows[0]) if rows else None
