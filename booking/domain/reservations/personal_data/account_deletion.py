"""Deleting an account: only when nothing is still to happen.

A stay to come, an unpaid hold, money under way, owed or due keep it. What is erased is decided in people.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import and_, case, delete, or_, select

from booking.domain import messages, payments, people, texting
from booking.domain.actors import Actor
from booking.domain.errors import AccountInUse, AccountNotFound, Invalid
from booking.domain.notices import Notice
from booking.domain.payments import AWAITING_STAFF, FAILED, OPEN, REFUND_IS_OWED, Payment
from booking.domain.people import Action, User, email_key
from booking.domain.reservations import balances, hold_limits
from booking.domain.reservations.booking_details import BOOKED, HELD, PAYING
from booking.domain.reservations.front_desk import notes
from booking.domain.reservations.guest_register import keeping
from booking.domain.reservations.models import CONFIRMED, SOLD_NAME, STAY_IS_OVER, Booking, IdempotencyKey
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A booking that is not over yet."""

    booking_id: uuid.UUID
    reference: str
    room: str
    check_in: dt.date
    check_out: dt.date
    stage: str  # HELD can be released, BOOKED cancelled; PAYING is neither yet


@dataclass(frozen=True, slots=True)
class MoneyMove:
    """A payment or refund of a booking that is not settled yet, or what its order still owes."""

    booking_id: uuid.UUID
    reference: str
    room: str
    amount: Decimal
    currency: str
    what: str  # SETTLES by itself; an operator sends OWED again, gives AWAITED back; the guest is to pay what is DUE


SETTLES, OWED, AWAITED, DUE = "settles", "owed", "awaited", "due"


def delete_mine(actor: Actor, typed_email: str) -> None:
    """The owner wants it gone, and has typed its address to say so.

    Raises SignInTooOld, Invalid, AccountInUse, LastOwner.
    """
    if email_key(typed_email.strip()) != people.get_own_account(actor).email_key:
        raise Invalid(details={"confirmEmail": Notice("not_this_account")})
    people.require_recent_sign_in(actor)
    remove(actor, actor.account)


@transaction(isolation=READ_COMMITTED)
def remove(actor: Actor, user_id: uuid.UUID) -> None:
    """Delete everything personal. Raises AccountNotFound, AccountInUse, LastOwner."""
    people.require(actor, Action.DELETE_ACCOUNT, own=user_id, otherwise=AccountNotFound)
    remove_within(actor, people.lock_account(user_id))


def remove_within(actor: Actor, user: User) -> None:
    """The same for a locked account, inside the caller's transaction."""
    people.require_account_deletion(actor, user)
    if _obstacles(user.id) or _money_moves(user.id):
        raise AccountInUse
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.user_id == user.id))
    stays = db.session.scalars(select(Booking.id).where(Booking.user_id == user.id)).all()
    keeping.forget(stays)
    notes.forget(stays)
    messages.forget_conversations(stays)
    messages.forget_emails(stays)
    orders = db.session.scalars(select(Booking.order_id).where(Booking.user_id == user.id)).all()
    texting.forget_texts(user.id)
    texting.forget_texts_of_orders(orders, stays)
    payments.forget_contacts(orders)
    _keep_owed_emails(user.id, people.erase_account(actor, user))


def _keep_owed_emails(user_id: uuid.UUID, farewell: str) -> None:
    """What has happened to bookings is still told, to the address that is kept for the last email."""
    booking_ids = db.session.scalars(select(Booking.id).where(Booking.user_id == user_id))
    shown = [encode("booking", booking_id) for booking_id in booking_ids]
    messages.tell_more("bookingId", shown, {people.FAREWELL: farewell})


_STAGE = case((Booking.status == CONFIRMED, BOOKED), (Booking.held_until.is_(None), PAYING), else_=HELD)


@reading
def deletion_obstacles(actor: Actor, user_id: uuid.UUID) -> list[Obstacle]:
    """Stays to come and running holds, the next first: they are to be cancelled, or to be over.

    Raises AccountNotFound.
    """
    people.require(actor, Action.SEE_ACCOUNT, own=user_id, otherwise=AccountNotFound)
    return _obstacles(user_id)


@reading
def money_moves(actor: Actor, user_id: uuid.UUID) -> list[MoneyMove]:
    """Payments and refunds under way, refunds that are owed, and what is still due. Raises AccountNotFound."""
    people.require(actor, Action.SEE_ACCOUNT, own=user_id, otherwise=AccountNotFound)
    return _money_moves(user_id)


def _obstacles(user_id: uuid.UUID) -> list[Obstacle]:
    rows = db.session.execute(
        select(
            Booking.order_id,
            *(Booking.id, Booking.reference, SOLD_NAME, Booking.check_in, Booking.check_out, _STAGE),
        )
        .where(Booking.user_id == user_id, or_(and_(Booking.status == CONFIRMED, ~STAY_IS_OVER), hold_limits.RUNNING))
        .order_by(Booking.check_in, Booking.id)
    )
    found = [(order_id, Obstacle(*row)) for order_id, *row in rows]
    awaited = payments.awaited_until({order_id for order_id, one in found if one.stage == PAYING})
    return [replace(one, stage=HELD) if order_id in awaited else one for order_id, one in found]


def _money_moves(user_id: uuid.UUID) -> list[MoneyMove]:
    what = case((Payment.state == FAILED, OWED), (Payment.state == AWAITING_STAFF, AWAITED), else_=SETTLES)
    rows = db.session.execute(
        select(Booking.id, Booking.reference, SOLD_NAME, Payment.amount, Payment.currency, what)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Booking.user_id == user_id, or_(Payment.state.in_((*OPEN, AWAITING_STAFF)), REFUND_IS_OWED))
        .order_by(Payment.id)
    )
    due = [
        MoneyMove(first.id, order.reference, first.sold_name, order.due, order.currency, DUE)
        for order, first in balances.owed_by(user_id)
    ]
    return [*(MoneyMove(*row) for row in rows), *due]
