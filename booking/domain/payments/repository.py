"""Rows of payments and of the orders whose ledger they are, inside a @transaction (see domain/saved_rows.py).

An attempt is added only where the order's sums allow it: at most what is owed is charged, at most what was paid goes
back. Both rules stand in the statement that adds it, which locks the order's row, so that none comes in between.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Insert, Interval, Select, Table, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from booking.domain.errors import NothingOwed, PaymentInProgress, PaymentModified
from booking.domain.payments import debts
from booking.domain.payments.models import Order, Payment
from booking.domain.saved_rows import SavedRows, named
from booking.infra.batches import required
from booking.infra.clock import sql_now
from booking.infra.db import execute, require
from booking.infra.sql_errors import constraint_name

PAYMENTS = SavedRows(Payment)
ORDERS = SavedRows(Order)

ONE_OPEN_CHARGE = "uq_payments_open_charge"

_ORDERS = cast(Table, Order.__table__)
_AMOUNT = bindparam("new_amount", type_=PAYMENTS.table.c.amount.type)


def _add(rule: ColumnElement[bool]) -> Insert:
    """A payment of the order whose sums allow it, else none."""
    new = {column.name: bindparam(f"new_{column.name}", type_=column.type) for column in PAYMENTS.written()}
    values = new | {"next_at": sql_now() + bindparam("patience", type_=Interval)}
    allowed = select(*values.values()).where(_ORDERS.c.id == bindparam("new_order_id"), rule).with_for_update()
    return insert(PAYMENTS.table).from_select(list(values), allowed.select_from(_ORDERS))


# What else is on its way is counted already (`refunding`), or cannot be (one open charge of an order at a time).
_HAS = _ORDERS.c.paid - _ORDERS.c.refunded - _ORDERS.c.refunding
_ADDED_CHARGE = required(_add(_ORDERS.c.owed - _ORDERS.c.waived >= _HAS + _AMOUNT))
# What its guest is let off now: of less that is owed, less.
_LET_OFF = func.least(_ORDERS.c.waived, func.greatest(_ORDERS.c.owed - _HAS, 0))
# A charge for more than is owed now: the rest will be, once it has succeeded. What was declined on its way back is the
# guest's, too.
_BEYOND = bindparam("beyond", type_=PAYMENTS.table.c.amount.type)
_ADDED_MORE = required(
    _add(_ORDERS.c.owed - _LET_OFF + _BEYOND >= _HAS - debts.declined_of(_ORDERS.c.id) + _AMOUNT), planned_once=False
)
_REFUND = _add(
    and_(
        _ORDERS.c.refunded + _ORDERS.c.refunding + _AMOUNT <= _ORDERS.c.paid,
        debts.given_back_of(bindparam("new_charge_id")) + _AMOUNT <= bindparam("charged", type_=_AMOUNT.type),
    )
)
_ORDER_LOCKED = select(_ORDERS).where(_ORDERS.c.id == bindparam("order_id")).with_for_update()
_LOCKED = select(PAYMENTS.table).where(PAYMENTS.table.c.id == bindparam("payment_id")).with_for_update()


@lru_cache(maxsize=64)
def _update(changed: tuple[str, ...]) -> Select[Any]:
    return required(PAYMENTS.update(changed).where(PAYMENTS.table.c.state == bindparam("seen")))


def locked(payment_id: uuid.UUID) -> Payment:
    """The payment, which must exist, locked: whoever waited here reads what the one before has written."""
    [row] = execute(_LOCKED, {"payment_id": payment_id}).rows
    return PAYMENTS.read(row)


def order_locked(order_id: uuid.UUID) -> Order:
    """The order, which must exist, locked: its sums are what they are until this transaction ends."""
    [row] = execute(_ORDER_LOCKED, {"order_id": order_id}).rows
    return ORDERS.read(row)


def add_charge(new: Payment, patience: dt.timedelta, beyond: Decimal) -> None:
    """Insert with the next message to Postgres, not to be recovered for `patience`; the order is locked.

    `beyond` is what will be owed in addition once it has succeeded. Whatever sends it raises NothingOwed where the
    order's sums do not allow it, PaymentInProgress where another attempt is under way.
    """
    values = PAYMENTS.values(new) | {"patience": patience}
    if beyond:
        require(_ADDED_MORE, values | {"beyond": beyond}, otherwise=NothingOwed(), refusal=_under_way)
    else:
        require(_ADDED_CHARGE, values, otherwise=NothingOwed(), refusal=_under_way)
    PAYMENTS.remember(new)


def add_refund(new: Payment, charged: Decimal, patience: dt.timedelta) -> bool:
    """Insert, not to be recovered for `patience`; the caller has locked the order, of whose charge `charged` came in.

    False where the order's sums, or the charge's own, do not allow it.
    """
    if not execute(_REFUND, PAYMENTS.values(new) | {"patience": patience, "charged": charged}).count:
        return False
    PAYMENTS.remember(new)
    return True


def as_seen(seen: Payment) -> Payment:
    """A copy to be changed and saved without being read again: the save says whether it is still so."""
    return PAYMENTS.copy(seen)


def save(changed: Payment) -> None:
    """Write every column that differs from what was read, with the next message to Postgres.

    Whatever sends it raises PaymentModified where the row has another state than was seen.
    """
    if new := PAYMENTS.changes(changed):
        seen = {"row_id": changed.id, "seen": PAYMENTS.seen(changed, "state")}
        require(_update(tuple(new)), named(new) | seen, otherwise=PaymentModified())
        PAYMENTS.remember(changed)


def _under_way(error: DBAPIError) -> Exception | None:
    return PaymentInProgress() if constraint_name(error) == ONE_OPEN_CHARGE else None
