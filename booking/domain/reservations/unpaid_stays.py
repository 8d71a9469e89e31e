"""Around the rest of a deposit: its guest is reminded before it is charged; and where it could not be, the stay is
cancelled by its policy, where the house has said so and the guest was told.

Nobody acts on a stay of which somebody pays at this moment, that staff vouches for, of which something was paid since
its guest was told, or that has begun. A step is claimed by an UPDATE, so any number of workers may run.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from booking.domain import inventory, messages, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotCancellable, CancelledDuringChange, Forbidden, PaymentInProgress
from booking.domain.money import as_facts
from booking.domain.payments import FOR_CHANGE, SUCCEEDED, Order, Payment, ScheduledPayment
from booking.domain.people import Action
from booking.domain.reservations import cancellation, change_outcomes, deposits, lines, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode

REMINDED = "balance.reminded"  # the event for the guest
REMIND_BEFORE = dt.timedelta(days=7)
NOT_SOON_AFTER_BOOKING = dt.timedelta(days=2)  # the confirmation has just said it
CLAIMED_FOR = dt.timedelta(minutes=15)  # whoever dies with a step, or has to wait, leaves it to the next one after that


class _IsNotUnpaid(Exception):
    """Paid, vouched for, or not owed any more."""


@dataclass(frozen=True, slots=True)
class _Step:
    id: uuid.UUID
    order_id: uuid.UUID
    due_at: dt.datetime
    told_at: dt.datetime


# --- reminders


def remind(actor: Actor, limit: int = 100) -> int:
    """Have guests told what will be charged to their card within a week. Returns how many were looked at. Raises
    Forbidden.
    """
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    steps = _ahead(limit)
    for step_id in steps:
        _remind(actor, step_id)
    return len(steps)


@reading
def _ahead(limit: int) -> Sequence[uuid.UUID]:
    soon = ScheduledPayment.next_at.between(sql_now(), sql_now() + REMIND_BEFORE)
    first_try = ScheduledPayment.attempts == 0, ScheduledPayment.reminded_at.is_(None)
    known = ScheduledPayment.created_at < ScheduledPayment.due_at - REMIND_BEFORE - NOT_SOON_AFTER_BOOKING
    found = select(ScheduledPayment.id).where(soon, *first_try, known)
    return db.session.scalars(found.order_by(ScheduledPayment.next_at, ScheduledPayment.id).limit(limit)).all()


@transaction(isolation=READ_COMMITTED)
def _remind(actor: Actor, step_id: uuid.UUID) -> None:
    mine = ScheduledPayment.id == step_id, ScheduledPayment.reminded_at.is_(None)
    claimed = update(ScheduledPayment).where(*mine).values(reminded_at=sql_now())
    kept = claimed.returning(ScheduledPayment.order_id, ScheduledPayment.due_at)
    step = db.session.execute(kept, execution_options={"synchronize_session": False}).one_or_none()
    if step is None:
        return
    order, bookings = db.session.get_one(Order, step.order_id), repository.of_order(step.order_id)
    charge = next((one for one in deposits.ahead(bookings, order) if one.at == step.due_at), None)
    if charge and order.paid and any(one.status == CONFIRMED for one in bookings):
        about = {"bookingId": encode("booking", lines.first(bookings).id), "dueAt": step.due_at.isoformat()}
        messages.record(actor, REMINDED, about | as_facts(charge.amount, order.currency))


# --- what was not paid


def cancel_unpaid(actor: Actor, context: BookingContext, limit: int = 100) -> int:
    """Cancel stays whose rest was not paid in the time that their policy gives. Returns how many steps of orders were
    looked at. Raises Forbidden.
    """
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    seen = _over(limit)
    for step_id, cancel_at in seen:
        if step := _claimed(step_id, cancel_at):
            _end(actor, step, context)
    return len(seen)


@reading
def _over(limit: int) -> Sequence[tuple[uuid.UUID, dt.datetime]]:
    over = select(ScheduledPayment.id, ScheduledPayment.cancel_at).where(ScheduledPayment.cancel_at <= sql_now())
    found = db.session.execute(over.order_by(ScheduledPayment.cancel_at, ScheduledPayment.id).limit(limit))
    return [(row.id, row.cancel_at) for row in found]


@transaction(isolation=READ_COMMITTED)
def _claimed(step_id: uuid.UUID, cancel_at: dt.datetime) -> _Step | None:
    mine = ScheduledPayment.id == step_id, ScheduledPayment.cancel_at == cancel_at
    taken = update(ScheduledPayment).where(*mine).values(cancel_at=sql_now() + CLAIMED_FOR)
    columns = ScheduledPayment.order_id, ScheduledPayment.due_at, func.coalesce(ScheduledPayment.told_at, cancel_at)
    row = db.session.execute(taken.returning(*columns), execution_options={"synchronize_session": False}).one_or_none()
    return _Step(step_id, *row) if row else None


def _end(actor: Actor, step: _Step, context: BookingContext) -> None:
    """All of an order whose rest was due then; whatever goes wrong is said, and it is looked at again."""
    try:
        ended = sum(_ended(actor, booking_id, step, context) for booking_id in _whose_rest_was_due(step))
    except (PaymentInProgress, CancelledDuringChange):
        telemetry.log.info("unpaid_stay_waits", step=str(step.id))
        return
    except Exception:  # noqa: BLE001 other orders must not wait for this one
        telemetry.log.error("unpaid_stay_broke", step=str(step.id), exc_info=True)
        return
    _settled(step, ended=ended > 0)


@reading
def _whose_rest_was_due(step: _Step) -> list[uuid.UUID]:
    bookings = lines.in_order(repository.of_order(step.order_id))
    return [one.id for one in bookings if (due_at := deposits.rest_due_at(one)) and due_at <= step.due_at]


def _ended(actor: Actor, booking_id: uuid.UUID, step: _Step, context: BookingContext) -> bool:
    """Whether it was cancelled. Raises PaymentInProgress, CancelledDuringChange."""
    try:
        refunds = _cancel(actor, booking_id, step, context)
    except (_IsNotUnpaid, BookingNotCancellable) as error:
        if isinstance(error, CancelledDuringChange):
            raise
        return False
    telemetry.count_booking("cancelled")
    payments.send_refunds(actor, refunds, context)
    return True


@transaction(isolation=READ_COMMITTED)
def _cancel(actor: Actor, booking_id: uuid.UUID, step: _Step, context: BookingContext) -> list[Payment]:
    """As its guest could: the refunds. Raises _IsNotUnpaid, BookingNotCancellable, PaymentInProgress."""
    booking = repository.booking(booking_id, lock=True)
    if booking.status != CONFIRMED:
        raise _IsNotUnpaid
    cancellation.refuse_unless_possible(booking)
    change_outcomes.make_way_for_cancel(actor, booking)
    order = payments.lock_order(booking.order_id)
    _refuse_unless_unpaid(booking, order, step)
    terms = cancellation.terms_now(booking, order)
    inventory.release_nights(actor, booking.id)
    cancellation.close(actor, booking, terms, unpaid=True)
    return payments.start_refunds(order, booking.id, terms.refund, context.patience) if terms.refund else []


def _refuse_unless_unpaid(booking: Booking, order: Order, step: _Step) -> None:
    """Raises _IsNotUnpaid, PaymentInProgress."""
    latest = payments.latest_charge_now(order.id)
    if latest and payments.is_open(latest):
        raise PaymentInProgress
    # Whoever has paid a part since is spoken with, not cancelled by a clock.
    is_paid_since = latest and latest.state == SUCCEEDED and latest.created_at > step.told_at
    if (is_paid_since and latest and latest.purpose != FOR_CHANGE) or order.guarantee:
        raise _IsNotUnpaid
    if order.due <= deposits.due_later(order.id) or not deposits.rest(booking):
        raise _IsNotUnpaid


@transaction(isolation=READ_COMMITTED)
def _settled(step: _Step, *, ended: bool) -> None:
    """Nothing more is cancelled for it. What the house keeps of what was, no card is tried for any more."""
    values = {"cancel_at": None, "next_at": None} if ended else {"cancel_at": None}
    settled = update(ScheduledPayment).where(ScheduledPayment.id == step.id).values(values)
    db.session.execute(settled, execution_options={"synchronize_session": False})
