"""Rows of bookings: read, locked and written inside a @transaction (see domain/saved_rows.py).

A save says which version of the booking it saw. Where several bookings of an order are locked, it is in the order of
their rooms' ids; with_payment() locks them all, and one of the order's payments.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, BindParameter, Select, Uuid, any_, bindparam, case, func, insert, literal, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from booking.domain.errors import AccountNotFound, BookingModified, BookingNotFound
from booking.domain.payments import CONTACT_COLUMNS, ORDER_ROWS, PAYMENT_ROWS, Order, Payment
from booking.domain.people import User
from booking.domain.reservations.models import Booking, Lines
from booking.domain.saved_rows import SavedRows, named
from booking.infra.batches import required
from booking.infra.db import defer, execute, require
from booking.infra.prepared import often

# A save counts the version by itself.
_ROWS = SavedRows(
    Booking, json_columns=("price_lines", "policy", "address", "earlier_rooms"), fixed=("order_id", "version")
)
_BOOKINGS, _PAYMENTS = _ROWS.table, PAYMENT_ROWS.table

BOOKINGS = select(_BOOKINGS)  # to be narrowed by others, for find()
_BY_ID = often(BOOKINGS.where(_BOOKINGS.c.id == bindparam("booking_id")))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_IN_ORDER = (_BOOKINGS.c.room_id, _BOOKINGS.c.id)  # of rows that are locked
_OF_ORDER = often(BOOKINGS.where(_BOOKINGS.c.order_id == bindparam("order_id")).order_by(*_IN_ORDER))
_OF_ORDER_LOCKED = _OF_ORDER.with_for_update()
_OF_ORDERS = often(BOOKINGS.where(_BOOKINGS.c.order_id == any_(bindparam("orders", type_=ARRAY(Uuid)))))
_ONE = _BOOKINGS.alias("one")
_ITS_ORDER = select(_ONE.c.order_id).where(_ONE.c.id == bindparam("booking_id")).scalar_subquery()
_BESIDE = often(BOOKINGS.where(_BOOKINGS.c.order_id == _ITS_ORDER).order_by(*_IN_ORDER))
_PAID_BY = select(_PAYMENTS.c.order_id).where(_PAYMENTS.c.id == bindparam("payment_id")).scalar_subquery()
_LOCK_PAID_BY = often(
    select(_BOOKINGS.c.id).where(_BOOKINGS.c.order_id == _PAID_BY).order_by(*_IN_ORDER).with_for_update()
)
_WITH_PAYMENT = often(
    select(*_BOOKINGS.c, *(column.label(f"payment_{column.name}") for column in _PAYMENTS.c))
    .join_from(_BOOKINGS, _PAYMENTS, _PAYMENTS.c.order_id == _BOOKINGS.c.order_id)
    .where(_PAYMENTS.c.id == bindparam("payment_id"))
    .order_by(*_IN_ORDER)
    .with_for_update()
)
DEFAULT_LOCALE = "en"  # of an order without an account
_GUESTS = SavedRows(User)
_LINE = _BOOKINGS.alias("line")
# How many bookings an order has, in a statement that reads it.
ROOMS = select(func.count()).where(_LINE.c.order_id == ORDER_ROWS.table.c.id).scalar_subquery()
_WITH_ALL = often(
    select(
        *_BOOKINGS.c,
        *(column.label(f"guest_{column.name}") for column in _GUESTS.table.c),
        *(column.label(f"bought_{column.name}") for column in ORDER_ROWS.table.c),
        ROOMS.label("rooms"),
    )
    .outerjoin_from(_BOOKINGS, _GUESTS.table, _GUESTS.table.c.id == _BOOKINGS.c.user_id)
    .join(ORDER_ROWS.table, ORDER_ROWS.table.c.id == _BOOKINGS.c.order_id)
    .where(_BOOKINGS.c.id == bindparam("booking_id"))
)
_NEW_ORDER = (
    "id",
    "reference",
    "user_id",
    "channel",
    "in_one_call",
    "property_id",
    "currency",
    "owed",
    *CONTACT_COLUMNS,
)
# None where the account is deleted at this moment, and the order has to have one: so it costs no statement to see that.
_BUYER = bindparam("order_user_id", type_=Uuid)
_LOCALE = case(
    (_BUYER.is_not(None), select(User.locale).where(User.id == _BUYER, User.deleted_at.is_(None)).scalar_subquery()),
    else_=literal(DEFAULT_LOCALE),
)
# Both in one round trip; the order's other bookings follow.
_ADD = often(
    _ROWS.insert()
    .add_cte(
        insert(ORDER_ROWS.table)
        .values({"locale": _LOCALE} | {name: bindparam(f"order_{name}") for name in _NEW_ORDER})
        .cte("new_order")
    )
    .values(created_at=bindparam("created_at"))
)
_ADD_BESIDE = often(_ROWS.insert().values(created_at=bindparam("created_at")))


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


def new(**columns: Any) -> Booking:
    """A booking that is to be added."""
    return _ROWS.new(**columns)


def as_seen(seen: Booking) -> Booking:
    """A copy to be changed and saved without being read again: the save says whether it is still so."""
    return _ROWS.copy(seen)


def of_order(order_id: uuid.UUID, *, lock: bool = False) -> Lines:
    """All bookings of an order as they are now, in the order of their rooms; none where there is no such order."""
    return tuple(find(_OF_ORDER_LOCKED if lock else _OF_ORDER, {"order_id": order_id}))


def of_orders(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Booking]]:
    """All bookings of several orders as they are now, by order, each one's in the order of their references."""
    found: dict[uuid.UUID, list[Booking]] = {}
    for one in sorted(find(_OF_ORDERS, {"orders": list(order_ids)}), key=lambda one: one.reference):
        found.setdefault(one.order_id, []).append(one)
    return found


def beside(booking_id: uuid.UUID) -> Lines:
    """All bookings of the order that this one is in; none where there is no such booking."""
    return tuple(find(_BESIDE, {"booking_id": booking_id}))


def with_payment(payment_id: uuid.UUID) -> tuple[Lines, Payment]:
    """A payment and all bookings of its order, locked: whoever waited here reads what the one before has written."""
    defer(_LOCK_PAID_BY, {"payment_id": payment_id})  # all of them before the payment, in one message with it
    rows = execute(_WITH_PAYMENT, {"payment_id": payment_id}).rows
    count = len(_ROWS.columns)
    return tuple(_ROWS.read(row[:count]) for row in rows), PAYMENT_ROWS.read(rows[0][count:])


def with_guest_and_order(booking_id: uuid.UUID) -> tuple[Booking, User | None, Order, int] | None:
    """For looking: also how many bookings the order has. None where there is no such booking.

    The guest is None where they have no account.
    """
    for row in execute(_WITH_ALL, {"booking_id": booking_id}).rows:
        own, guest = len(_ROWS.columns), len(_ROWS.columns) + len(_GUESTS.columns)
        booked = _ROWS.read(row[:own])
        account = _GUESTS.read(row[own:guest]) if booked.user_id else None
        return booked, account, ORDER_ROWS.read(row[guest:-1]), row[-1]
    return None


def add(new: Sequence[Booking], order: Order) -> None:
    """Insert them with their order, of which they are the only lines, with the next message to Postgres.

    Whatever sends it raises AccountNotFound where the guest's account is deleted, IntegrityError where the reference is
    taken.
    """
    bought = {f"order_{name}": getattr(order, name) for name in _NEW_ORDER}
    for booking in new:
        booking.version, booking.times_changed, booking.order_id = 1, 0, order.id
        values = _ROWS.values(booking) | {"created_at": booking.created_at}
        if booking is new[0]:
            defer(_ADD, values | bought, _no_account)
        else:
            defer(_ADD_BESIDE, values)
        _ROWS.remember(booking)


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
