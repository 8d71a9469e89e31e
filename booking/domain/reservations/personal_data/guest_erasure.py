"""Guests without an account: who they are is forgotten some time after their stay, or when they ask for it.

Their bookings and payments stay for the books, without a name. A stay to come, and money that is due or on its way,
keep the contact as they keep an account (account_deletion.py).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from booking.domain import messages, payments, people, texting
from booking.domain.actors import Actor
from booking.domain.payments import AWAITING_STAFF, OPEN, ORDER_IS_DUE, REFUND_IS_OWED, Order, Payment
from booking.domain.people import Action
from booking.domain.reservations import bookings
from booking.domain.reservations.desk_errors import GuestExpected, GuestHasAccount, MoneyNotSettled
from booking.domain.reservations.front_desk import notes
from booking.domain.reservations.guest_register import keeping
from booking.domain.reservations.models import CANCELLED, CONFIRMED, PENDING, STAY_IS_OVER, Booking
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, first_id_at

_OF_ORDER = Booking.order_id == Order.id
_RUNS = and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now()))
_IS_EXPECTED = exists().where(_OF_ORDER, or_(_RUNS, and_(Booking.status == CONFIRMED, ~STAY_IS_OVER)))
_MOVES = or_(Payment.state.in_((*OPEN, AWAITING_STAFF)), REFUND_IS_OWED)
# OFFSET 0: looked up by the index for each order, whatever the planner thinks of their number; never all payments.
_IS_UNSETTLED = or_(ORDER_IS_DUE, select(Payment.id).where(Payment.order_id == Order.id, _MOVES).offset(0).exists())


@transaction(isolation=READ_COMMITTED)
def erase_guest(actor: Actor, booking_id: uuid.UUID) -> None:
    """Forget who stays: the contact of this booking's order, which has no account. Twice is once.

    Emails that have not been sent by then are sent no more. Raises BookingNotFound; ErasureRefused, as the one of its
    kinds that says why.
    """
    booking = bookings.permitted(actor, Action.ERASE_GUESTS, booking_id)
    order = payments.lock_order(booking.order_id)
    if order.user_id is not None:
        raise GuestHasAccount
    if order.contact_name is None:
        return
    refuse_unless_over(order.id)
    forget(actor, [order.id])


def refuse_unless_over(order_id: uuid.UUID) -> None:
    """Inside the caller's transaction: raise GuestExpected or MoneyNotSettled while something is still to happen."""
    known = select(_IS_EXPECTED, _IS_UNSETTLED).where(Order.id == order_id)
    is_expected, is_unsettled = db.session.execute(known).one()
    if is_expected:
        raise GuestExpected
    if is_unsettled:
        raise MoneyNotSettled


@transaction(isolation=READ_COMMITTED)
def erase_past_guests(actor: Actor, kept: dt.timedelta, limit: int) -> int:
    """The same for at most `limit` orders whose last day was more than `kept` ago. Returns how many."""
    people.require(actor, Action.PRUNE)
    found = db.session.scalars(_over_for(kept, limit)).all()
    if found:
        forget(actor, found)
    return len(found)


def _over_for(kept: dt.timedelta, limit: int) -> Select[uuid.UUID]:
    """Found by the index of contacts that belong to no account: what was made later is not over for so long."""
    return (
        select(Order.id)
        .where(
            Order.user_id.is_(None),
            Order.contact_name.is_not(None),
            Order.id < first_id_at(clock.now() - kept),
            ~exists().where(_OF_ORDER, or_(Booking.status == PENDING, _last_day() >= (clock.now() - kept).date())),
            ~_IS_UNSETTLED,
        )
        .order_by(Order.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _last_day() -> ColumnElement[dt.date]:
    """On which a stay ended, or was over for its guest."""
    cancelled = func.least(Booking.check_out, func.date(Booking.cancelled_at))
    ended = (Booking.status == CONFIRMED, Booking.check_out), (Booking.status == CANCELLED, cancelled)
    return case(*ended, else_=func.date(Booking.created_at))


def forget(actor: Actor, order_ids: Sequence[uuid.UUID]) -> None:
    """Inside the caller's transaction: who stays with these orders, which have no account."""
    payments.forget_contacts(order_ids)
    stays = db.session.scalars(select(Booking.id).where(Booking.order_id.in_(order_ids))).all()
    keeping.forget(stays)
    notes.forget(stays)
    messages.forget_conversations(stays)
    messages.forget_emails(stays)
    texting.forget_texts_of_orders(order_ids, stays)
    for order_id in order_ids:
        people.audit(actor, "guest.erased", encode("order", order_id))
