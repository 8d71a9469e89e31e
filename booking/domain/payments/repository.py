"""Rows of payments: locked, added and saved inside a @transaction (see domain/saved_rows.py)."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Interval, bindparam, select

from booking.domain.payments.models import Payment
from booking.domain.saved_rows import SavedRows, named
from booking.infra.clock import sql_now
from booking.infra.db import execute
from booking.infra.prepared import often

PAYMENTS = SavedRows(Payment)

_ADD = often(PAYMENTS.insert().values(next_at=sql_now() + bindparam("patience", type_=Interval)))
_LOCKED = select(PAYMENTS.table).where(PAYMENTS.table.c.id == bindparam("payment_id")).with_for_update()


def locked(payment_id: uuid.UUID) -> Payment:
    """The payment, which must exist, locked: whoever waited here reads what the one before has written."""
    [row] = execute(_LOCKED, {"payment_id": payment_id}).rows
    return PAYMENTS.read(row)


def add(new: Payment, patience: dt.timedelta) -> None:
    """Insert, not to be recovered for `patience`; raises IntegrityError where another attempt is under way or done."""
    execute(_ADD, PAYMENTS.values(new) | {"patience": patience})
    PAYMENTS.remember(new)


def save(changed: Payment) -> None:
    """Write every column that differs from what was read."""
    if new := PAYMENTS.changes(changed):
        execute(PAYMENTS.update(tuple(new)), named(new) | {"row_id": changed.id})
        PAYMENTS.remember(changed)
