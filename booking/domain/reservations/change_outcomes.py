"""What becomes of a change: confirmed, given up, paid back because it came too late, or over because nobody paid.

Each step locks the booking first, then the change, so the steps of one booking follow one another. Until the change is
confirmed the booking stands as it was; what undoes a change frees what the change has claimed, and nothing that was
sold.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from booking.domain import inventory, messages, payments
from booking.domain.actors import Actor
from booking.domain.errors import CancelledDuringChange, ChangeUnderWay, RoomNotAvailable
from booking.domain.money import as_facts, as_text
from booking.domain.payments import SUCCEEDED, Order, Payment
from booking.domain.reservations import change_rows, changes, deposits, occupied_rooms, repository
from booking.domain.reservations.change_models import (
    CHANGE_CONFIRMED,
    CHANGE_EXPIRED,
    CHANGE_FAILED,
    CHANGE_PENDING,
    BookingChange,
)
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import booking_facts
from booking.domain.reservations.models import IN_HOUSE, Booking
from booking.infra import clock, telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """A booking as a step has left it, and the refunds that are to be asked for after its commit."""

    booking: Booking
    refunds: list[Payment]
    is_changed: bool = True


def confirmed(
    actor: Actor, payment_id: uuid.UUID, outcome: Outcome, context: BookingContext, keep: Keep | None = None
) -> Booking:
    """The difference was charged: the booking is the new stay, or the money goes back (RoomNotAvailable)."""
    done = _confirm(actor, _of_payment(payment_id), outcome, context, keep)
    payments.send_refunds(actor, done.refunds, context)
    if not done.is_changed:
        telemetry.count_booking("change_refunded")
        raise RoomNotAvailable
    telemetry.count_booking("changed")
    return done.booking


def give_up(actor: Actor, payment_id: uuid.UUID, failure: str) -> None:
    """Nothing was charged: the booking stays as it is, and the change's nights are free."""
    _give_up(actor, _of_payment(payment_id), failure)


@transaction(isolation=READ_COMMITTED)
def give_back(actor: Actor, booking_id: uuid.UUID, change_id: uuid.UUID) -> None:
    """What was claimed is not wanted any more. A change that is being paid for is left alone."""
    booking = repository.booking(booking_id, lock=True)
    change = change_rows.get(change_id)
    if change.state == CHANGE_PENDING and change.payment_id is None:
        _end(actor, booking, change, CHANGE_FAILED)


def make_way(actor: Actor, booking: Booking) -> None:
    """For another change, inside the caller's transaction, which has locked the booking. Raises ChangeUnderWay."""
    pending = change_rows.pending_of(booking.id)
    if pending and pending.payment_id:
        raise ChangeUnderWay
    if pending:
        _end(actor, booking, pending, CHANGE_FAILED)


def make_way_for_cancel(actor: Actor, booking: Booking) -> None:
    """The same for a cancellation. Raises CancelledDuringChange."""
    try:
        make_way(actor, booking)
    except ChangeUnderWay:
        raise CancelledDuringChange from None


def expire(actor: Actor, limit: int) -> int:
    """End changes that nobody has begun to pay for in time. Returns how many."""
    return sum(_expire(actor, booking_id, change_id) for change_id, booking_id in _over(limit))


_over = reading(change_rows.over)


@transaction(isolation=READ_COMMITTED)
def _expire(actor: Actor, booking_id: uuid.UUID, change_id: uuid.UUID) -> bool:
    booking = repository.booking(booking_id, lock=True)
    change = change_rows.get(change_id)
    if change.held_until is None or change.held_until > clock.now():
        return False
    _end(actor, booking, change, CHANGE_EXPIRED)
    return True


@dataclass(frozen=True, slots=True)
class _Ids:
    change: uuid.UUID
    booking: uuid.UUID
    payment: uuid.UUID


@reading
def _of_payment(payment_id: uuid.UUID) -> _Ids:
    return _Ids(*change_rows.paid_by(payment_id), payment_id)


@transaction(isolation=READ_COMMITTED, retry_on=occupied_rooms.ONE_IN_ROOM)
def _confirm(actor: Actor, ids: _Ids, outcome: Outcome, context: BookingContext, keep: Keep | None) -> Done:
    booking = repository.booking(ids.booking, lock=True)
    change = change_rows.get(ids.change)
    payment = payments.lock_payment(ids.payment)
    if payment.state == SUCCEEDED:
        return Done(booking, [], change.state == CHANGE_CONFIRMED)
    payments.record_success(payment, outcome.reference)
    if not is_ready(booking, change):
        return Done(booking, [_undo(actor, booking, change, payment, context)], is_changed=False)
    return Done(booking, apply(actor, booking, change, context, keep))


@transaction(isolation=READ_COMMITTED)
def _give_up(actor: Actor, ids: _Ids, failure: str) -> None:
    booking = repository.booking(ids.booking, lock=True)
    change = change_rows.get(ids.change)
    payment = payments.lock_payment(ids.payment)
    if not payments.is_open(payment):
        return
    payments.record_failure(payment, failure)
    changes.audit(actor, "payment.failed", booking, {}, {"failure": failure, "purpose": payment.purpose})
    if change.state == CHANGE_PENDING:
        _end(actor, booking, change, CHANGE_FAILED)


def is_ready(booking: Booking, change: BookingChange) -> bool:
    """Whether all of the change's nights are its booking's now; False, and nothing has moved, where they are gone, or
    somebody else is still in the room that a guest of the house would move to.
    """
    if change.state != CHANGE_PENDING or not change.starts_from(booking):
        return False
    if occupied_rooms.in_the_way(booking, change.room_id):
        return False
    return not change.claimed or inventory.move_nights(change.id, change.claimed, booking.id)


def apply(
    actor: Actor,
    booking: Booking,
    change: BookingChange,
    context: BookingContext,
    keep: Keep | None,
    *,
    at: dt.datetime | None = None,
) -> list[Payment]:
    """The booking becomes the new stay, inside a transaction in which is_ready() was so; refunds to be asked for.

    `at` is when that is, where the caller has looked at the clock already.
    """
    for stay in change.dropped_nights:
        inventory.release_nights(actor, booking.id, stay, room_id=booking.room_id)
    order = payments.lock_order(booking.order_id) if change.difference < 0 else None
    refund = refund_due(order, change.difference) if order else Decimal(0)
    before, old_room = _facts(booking), booking.room_id
    deposits.follow(booking, change.check_in, change.policy, change.difference if change.payment_id else Decimal(0))
    booking.change(change.sold, at or clock.now())
    repository.save(booking)
    if booking.presence == IN_HOUSE and booking.room_id != old_room:
        inventory.soil_room(actor, old_room)
    if change.state == CHANGE_PENDING:
        change.end(CHANGE_CONFIRMED)
    change_rows.save(change)
    money = {
        "difference": as_text(change.difference, booking.currency),
        "refundAmount": as_text(refund, booking.currency),
    }
    money |= {"movesOn": change.moves_on.isoformat()} if change.moves_on else {}
    money |= {"goodwill": as_text(-change.difference, booking.currency)} if change.is_goodwill else {}
    _tell(actor, booking, before, money, encode("change", change.id))
    if keep:
        keep((booking,))
    return payments.start_refunds(order, booking.id, refund, context.patience) if order and refund else []


def refund_due(order: Order, difference: Decimal) -> Decimal:
    """What was paid beyond what the order owes afterwards, at most what the change takes off the price."""
    waived = -difference
    beyond = order.paid - order.refunded - order.refunding - (order.owed - waived)
    return max(Decimal(0), min(waived, beyond))


def _undo(actor: Actor, booking: Booking, change: BookingChange, paid: Payment, context: BookingContext) -> Payment:
    """Charged, but the nights are gone: everything that was charged for the change goes back."""
    if change.state == CHANGE_PENDING:
        _end(actor, booking, change, CHANGE_FAILED)
    money = as_facts(paid.amount, paid.currency)
    changes.audit(actor, "refund.started", booking, {}, money)
    return payments.start_refund(paid, paid.amount, context.patience)


def _end(actor: Actor, booking: Booking, change: BookingChange, state: str) -> None:
    """Without having changed anything."""
    inventory.release_unsold_nights(actor, change.id)
    change.end(state)
    change_rows.save(change)
    changes.audit(actor, f"change.{state}", booking, {}, {"change": encode("change", change.id)})


def _tell(actor: Actor, booking: Booking, before: dict[str, Any], more: dict[str, str], change: str) -> None:
    after = _facts(booking)
    facts = {**booking_facts(booking), "changeId": change, "before": before, "after": after, **more}
    messages.record(actor, "booking.changed", facts)
    changes.audit(actor, "booking.changed", booking, before, after | more)


def _facts(booking: Booking) -> dict[str, Any]:
    """What a change changes, as events have it."""
    return {
        "roomId": encode("room", booking.room_id),
        "roomName": booking.room_name,
        "soldAs": booking.sold_as,
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "guests": booking.guests,
        **({"childrenAges": booking.children_ages} if booking.children_ages else {}),
        "totalPrice": as_text(booking.total_price, booking.currency),
    }
