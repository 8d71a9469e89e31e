"""Charging a hold, and what an outcome does to its booking: confirmed, given up, or paid back because it came too late.

The provider is asked outside of any transaction; each outcome is recorded in one, with the rows of booking and payment
locked, so whoever comes second (the guest's own request or recovery) finds it done.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from booking.domain import inventory, payments
from booking.domain.actors import Actor
from booking.domain.errors import (
    BookingModified,
    HoldOver,
    PaymentFailed,
    PaymentInProgress,
    PaymentModified,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.payments import SUCCEEDED, Payment
from booking.domain.reservations import cancellation, changes, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import named
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking
from booking.infra import clock, telemetry
from booking.infra.db import READ_COMMITTED, OutcomeUnknown, transaction
from booking.infra.provider import NoAnswer, Outcome, Result

LOST_WITHIN = 1.0  # seconds; a connection that takes longer to break belongs to a server that hangs

Keep = Callable[[Booking], None]  # what else belongs into the transaction that confirms


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that has been begun, and its booking as it was then."""

    booking: Booking
    payment: Payment


def charge(
    actor: Actor, begun: Begun, context: BookingContext, *, keep_hold: bool, keep: Keep | None = None
) -> Booking:
    """Charge a payment that has been begun. A declined card frees the nights, or keeps the hold for another one.

    Raises PaymentFailed, PaymentUnknown, RoomNotAvailable.
    """
    payment = begun.payment
    try:
        outcome = context.provider.charge(payment.id, payment.amount, payment.currency, str(payment.method))
    except NoAnswer:
        payments.mark_unknown(payment.id, context.patience)
        telemetry.count_booking("payment_unknown")
        raise PaymentUnknown from None
    if outcome.result is Result.CHARGED:
        return _confirmed_as_begun(actor, begun, outcome, context, keep)
    if outcome.result is Result.DECLINED:
        give_up(actor, payment.id, payments.DECLINED, keep_hold=keep_hold)
        telemetry.count_booking("declined")
        raise PaymentFailed(named=named(payment.booking_id))
    raise PaymentUnknown  # recovery was quicker and cancelled the charge: it gives it up too


def _confirmed_as_begun(
    actor: Actor, begun: Begun, outcome: Outcome, context: BookingContext, keep: Keep | None
) -> Booking:
    """Confirm without looking again: what is written says what was seen. Where that is not so any more, or a lost
    connection leaves it open whether it was written, look.
    """
    began = time.monotonic()
    try:
        booking = _confirm_as_begun(actor, begun, outcome, keep)
    except (BookingModified, PaymentModified, OutcomeUnknown) as error:
        if isinstance(error, OutcomeUnknown) and time.monotonic() - began > LOST_WITHIN:
            raise  # Postgres hangs: whoever asked is told in time, and recovery looks
        return confirmed(actor, begun.payment.id, outcome, context, keep)
    telemetry.count_booking("confirmed")
    return booking


def confirmed(
    actor: Actor, payment_id: uuid.UUID, outcome: Outcome, context: BookingContext, keep: Keep | None = None
) -> Booking:
    """Confirm, or send the money back when the nights are not ours any more (RoomNotAvailable)."""
    booking, refund = _confirm(actor, payment_id, outcome, context, keep)
    if refund:
        payments.send_refund(actor, refund, context)
    if booking.confirmed_at is None:
        telemetry.count_booking("refunded")
        raise RoomNotAvailable
    telemetry.count_booking("confirmed")
    return booking


def pinned(booking_id: uuid.UUID) -> Booking:
    """The booking, locked, its nights pinned inside the caller's SERIALIZABLE transaction.

    Raises PaymentInProgress where somebody pays at this moment or has paid, HoldOver where the nights can be lost.
    """
    booking = repository.booking(booking_id, lock=True)
    refuse_unless_held(booking)
    if not inventory.pin_nights(booking.id, booking.nights):
        raise HoldOver
    return booking


def refuse_unless_held(booking: Booking) -> None:
    """Raise PaymentInProgress where somebody pays at this moment or has paid, HoldOver where it is no hold any more."""
    if booking.status in (PENDING, CONFIRMED) and booking.held_until is None:
        raise PaymentInProgress
    if booking.status != PENDING:
        raise HoldOver


def refuse_if_declined_since(booking: Booking, method: str | None, seen_version: int | None) -> None:
    """Raise PaymentFailed where this card was declined after the guest saw the booking in that version.

    Pressed twice at once, a button that charges tries the card once, and both are told how that ended.
    """
    if seen_version in (None, booking.version):
        return
    last = payments.latest_charge(booking.id)
    if last and last.failure == payments.DECLINED and last.method == method:
        raise PaymentFailed(named=named(booking.id))


def confirm_unpaid(actor: Actor, booking_id: uuid.UUID, keep: Keep | None) -> Booking:
    """Confirm a hold that costs nothing: no payment is needed. Raises PaymentInProgress, HoldOver, PriceChanged."""
    booking = _confirm_unpaid(actor, booking_id, keep)
    telemetry.count_booking("confirmed")
    return booking


@transaction
def _confirm_unpaid(actor: Actor, booking_id: uuid.UUID, keep: Keep | None) -> Booking:
    booking = pinned(booking_id)
    if booking.total_price:
        raise PriceChanged
    if not inventory.book_nights(booking.id, booking.nights):
        raise HoldOver
    _book(actor, booking, keep)
    return booking


@transaction(isolation=READ_COMMITTED)
def _confirm_as_begun(actor: Actor, begun: Begun, outcome: Outcome, keep: Keep | None) -> Booking:
    booking, payment = repository.as_seen(begun.booking), payments.payment_as_seen(begun.payment)
    # The booking first: whoever has its row decides about all the others.
    _book(actor, booking, keep)
    payments.record_success(payment, outcome.reference)
    inventory.book_nights_or_refuse(booking.id, booking.nights, BookingModified())
    return booking


@transaction(isolation=READ_COMMITTED)
def _confirm(
    actor: Actor, payment_id: uuid.UUID, outcome: Outcome, context: BookingContext, keep: Keep | None
) -> tuple[Booking, Payment | None]:
    booking, payment = repository.with_payment(payment_id)
    if payment.state == SUCCEEDED:
        return booking, None
    payments.record_success(payment, outcome.reference)
    if booking.status != PENDING or not inventory.book_nights(booking.id, booking.nights):
        return booking, _undo(actor, booking, payment, context)
    _book(actor, booking, keep)
    return booking, None


def _book(actor: Actor, booking: Booking, keep: Keep | None) -> None:
    booking.confirm(clock.now())
    repository.save(booking)
    changes.record(actor, "booking.confirmed", booking, before=PENDING)
    if keep:
        keep(booking)


def _undo(actor: Actor, booking: Booking, paid: Payment, context: BookingContext) -> Payment:
    """Charged, but the nights are gone: everything goes back."""
    inventory.release_nights(actor, booking.id)
    if booking.status == PENDING:
        cancellation.close(actor, booking, None)
    changes.audit(actor, "refund.started", booking, {}, {"amount": str(paid.amount), "currency": paid.currency})
    return payments.start_refund(paid, paid.amount, context.patience)


@transaction(isolation=READ_COMMITTED)
def give_up(actor: Actor, payment_id: uuid.UUID, failure: str, *, keep_hold: bool) -> None:
    """Nothing was charged: free the nights, or hold them on until the hold's own end, for another try."""
    booking, payment = repository.with_payment(payment_id)
    if not payments.is_open(payment):
        return
    payments.record_failure(payment, failure)
    changes.audit(actor, "payment.failed", booking, {}, {"failure": failure})
    if booking.status != PENDING:
        return
    if keep_hold and (ends := inventory.unpin_nights(booking.id)):
        booking.held_until = ends
        repository.save(booking)
    else:
        inventory.release_nights(actor, booking.id)
        cancellation.close(actor, booking, None)
