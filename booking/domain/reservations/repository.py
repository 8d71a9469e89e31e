"""Rows of bookings: read, locked and written inside a @transaction (see domain/saved_rows.py).

A save says which version of the booking it saw. with_payment() locks a booking and one of its payments at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.domain.errors import AccountNotFound, BookingModified, BookingNotFound
from booking.domain.payments import ORDER_ROWS, PAYMENT_ROWS, Order, Payment
from booking.domain.people import User
from booking.domain.reservations.models import Booking
from booking.domain.saved_rows import SavedRows, named
from booking.infra.batches import required
from booking.infra.db import defer, execute, require
from booking.infra.prepared import often

# A save counts the version by itself.
_ROWS = SavedRows(Booking, json_columns=("price_lines", "policy", "address"), fixed=("order_id", "version"))
_BOOKINGS, _PAYMENTS = _ROWS.table, PAYMENT_ROWS.table

BOOKINGS = select(_BOOKINGS)  # to be narrowed by others, for find()
_BY_ID = often(BOOKINGS.where(_BOOKINGS.c.id == bindparam("booking_id")))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_WITH_PAYMENT = often(
    select(*_BOOKINGS.c, *(column.label(f"payment_{column.name}") for column in _PAYMENTS.c))
    .join_from(_BOOKINGS, _PAYMENTS)
    .where(_PAYMENTS.c.id == bindparam("payment_id"))
    .with_for_update()
)
_NEW_ORDER = ("id", "reference", "user_id", "channel", "property_id", "currency", "owed")
# None where the account is deleted at this moment, and the order has to have one: so it costs no statement to see that.
_LOCALE = select(User.locale).where(User.id == bindparam("order_user_id"), User.deleted_at.is_(None)).scalar_subquery()
# Both in one round trip.
_ADD = often(
    _ROWS.insert()
    .add_cte(
        insert(ORDER_ROWS.table)
        .values({"locale": _LOCALE} | {name: bindparam(f"order_{name}") for name in _NEW_ORDER})
        .cte("new_order")
    )
    .values(created_at=bindparam("created_at"))
)


@lru_cache(maxsize=256)
def _update(changed: tuple[str, ...]) -> Select[Any]:
    seen: BindParameter[int] = bindparam("seen")
    return required(_ROWS.update(changed).where(_BOOKINGS.c.version == seen).values(version=seen + 1))


def booking(booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """The booking as it is now; locked, nobody else moves it until this transaction ends. Raises BookingNotFound."""
    rows = find(_BY_ID_LOCKED if lock else _BY_ID, {"booking_id": booking_id})
    if not rows:
        raise BookingNotFound
    return rows[0]


def find(statement: Select[Any], values: Mapping[str, Any]) -> list[Booking]:
    """The bookings of a statement that narrows BOOKINGS."""
    return [_ROWS.read(row) for row in execute(statement, values).rows]


def as_seen(seen: Booking) -> Booking:
    """A copy to be changed and saved without being read again: the save says whether it is still so."""
    return _ROWS.copy(seen)


def with_payment(payment_id: uuid.UUID) -> tuple[Booking, Payment]:
    """Both rows locked: whoever waited here reads what the one before has written."""
    [row] = execute(_WITH_PAYMENT, {"payment_id": payment_id}).rows
    count = len(_ROWS.columns)
    return _ROWS.read(row[:count]), PAYMENT_ROWS.read(row[count:])


def add(new: Booking, order: Order) -> None:
    """Insert it with its order, of which it is the only line, with the next message to Postgres.

    Whatever sends it raises AccountNotFound where the guest's account is deleted, IntegrityError where the reference is
    taken.
    """
    new.version, new.order_id = 1, order.id
    bought = {f"order_{name}": getattr(order, name) for name in _NEW_ORDER}
    defer(_ADD, _ROWS.values(new) | bought | {"created_at": new.created_at}, _no_account)
    _ROWS.remember(new)


def _no_account(error: DBAPIError) -> Exception | None:
    nothing_there = getattr(getattr(error.orig, "diag", None), "column_name", None) == "locale"
    return AccountNotFound() if isinstance(error, IntegrityError) and nothing_there else None


def save(changed: Booking) -> None:
    """Write every column that differs from what was read, with the next message to Postgres.

    Whatever sends it raises BookingModified where the row has another version.
    """
    new = _ROWS.changes(changed)
    seen = {"row_id": changed.id, "seen": changed.version}
    require(_update(tuple(new)), named(new) | seen, otherwise=BookingModified())
    changed.version += 1
    _ROWS.remember(changed)
