"""Charging what is held, and what an outcome does to the order's bookings: all are confirmed, all are given up, or all
is paid back because it came too late. Mostly it is one booking.

The provider is asked outside of any transaction; each outcome is recorded in one, with the rows of bookings and payment
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
    PaymentModified,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.money import as_facts
from booking.domain.payments import DEPOSIT, SUCCEEDED, Payment
from booking.domain.reservations import cancellation, changes, deposits, lines, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import confirmed_together, named
from booking.domain.reservations.models import PENDING, Booking, Lines
from booking.infra import clock, telemetry
from booking.infra.db import READ_COMMITTED, OutcomeUnknown, transaction
from booking.infra.provider import NoAnswer, Outcome, Result

LOST_WITHIN = 1.0  # seconds; a connection that takes longer to break belongs to a server that hangs

Keep = Callable[[Lines], None]  # what else belongs into the transaction that confirms


@dataclass(frozen=True, slots=True)
class Begun:
    """A payment that has been begun, and the bookings that it is for, as they were then."""

    bookings: Lines
    payment: Payment


def charge(actor: Actor, begun: Begun, context: BookingContext, *, keep_hold: bool, keep: Keep | None = None) -> Lines:
    """Charge a payment that has been begun. A declined card frees the nights, or keeps the hold for another one.

    Raises PaymentFailed, PaymentUnknown, RoomNotAvailable.
    """
    payment = begun.payment
    try:
        keeps = [True] if payment.purpose == DEPOSIT else []
        outcome = context.provider.charge(payment.id, payment.amount, payment.currency, str(payment.method), *keeps)
    except NoAnswer:
        payments.mark_unknown(payment.id, context.patience)
        telemetry.count_booking("payment_unknown")
        raise PaymentUnknown from None
    if outcome.result is Result.CHARGED:
        return _confirmed_as_begun(actor, begun, outcome, context, keep)
    if outcome.result is Result.DECLINED:
        give_up(actor, payment.id, payments.DECLINED, keep_hold=keep_hold)
        telemetry.count_booking("declined")
        raise PaymentFailed(named=named(*begun.bookings))
    raise PaymentUnknown  # recovery was quicker and cancelled the charge: it gives it up too


def _confirmed_as_begun(
    actor: Actor, begun: Begun, outcome: Outcome, context: BookingContext, keep: Keep | None
) -> Lines:
    """Confirm without looking again: what is written says what was seen. Where that is not so any more, or a lost
    connection leaves it open whether it was written, look.
    """
    began = time.monotonic()
    try:
        booked = _confirm_as_begun(actor, begun, outcome, keep)
    except (BookingModified, PaymentModified, OutcomeUnknown) as error:
        if isinstance(error, OutcomeUnknown) and time.monotonic() - began > LOST_WITHIN:
            raise  # Postgres hangs: whoever asked is told in time, and recovery looks
        return confirmed(actor, begun.payment.id, outcome, context, keep)
    telemetry.count_booking("confirmed", len(booked))
    return booked


def confirmed(
    actor: Actor, payment_id: uuid.UUID, outcome: Outcome, context: BookingContext, keep: Keep | None = None
) -> Lines:
    """Confirm, or send the money back when the nights are not ours any more (RoomNotAvailable)."""
    booked, refund = _confirm(actor, payment_id, outcome, context, keep)
    if refund:
        payments.send_refund(actor, refund, context)
    if not booked:
        telemetry.count_booking("refunded")
        raise RoomNotAvailable
    telemetry.count_booking("confirmed", len(booked))
    return booked


def mark_paying(actor: Actor, held: Lines) -> payments.Due:
    """The bookings are being paid for from here on, inside the caller's transaction: what is to be charged for them."""
    for booking in held:
        booking.held_until = None
        repository.save(booking)
    due = deposits.due_now(held)
    deposits.expect(held, due)
    money = as_facts(due.amount, due.currency)
    changes.audit(actor, "payment.started", lines.first(held), {}, money)
    return due


def pinned(seen: Lines) -> Lines:
    """The bookings as they are now, locked, their nights pinned inside the caller's SERIALIZABLE transaction.

    Raises PaymentInProgress where somebody pays at this moment or has paid, HoldOver where the nights can be lost.
    """
    # By their own ids: SERIALIZABLE guards what was read of an index, and new orders stand on one page.
    held = lines.held(tuple(repository.booking(booking.id, lock=True) for booking in seen))
    if not all(inventory.pin_nights(booking.id, booking.nights) for booking in held):
        raise HoldOver
    return held


def refuse_if_declined_since(booking: Booking, method: str | None, seen_version: int | None) -> None:
    """Raise PaymentFailed where this card was declined after the guest saw the booking in that version.

    Pressed twice at once, a button that charges tries the card once, and both are told how that ended.
    """
    if seen_version in (None, booking.version):
        return
    last = payments.latest_charge(booking.order_id)
    if last and last.failure == payments.DECLINED and last.method == method:
        raise PaymentFailed(named=named(booking))


def confirm_unpaid(actor: Actor, held: Lines, keep: Keep | None) -> Lines:
    """Confirm a hold that costs nothing: no payment is needed. Raises PaymentInProgress, HoldOver, PriceChanged."""
    booked = _confirm_unpaid(actor, held, keep)
    telemetry.count_booking("confirmed", len(booked))
    return booked


@transaction
def _confirm_unpaid(actor: Actor, held: Lines, keep: Keep | None) -> Lines:
    bookings = pinned(held)
    if lines.total(bookings):
        raise PriceChanged
    if not all(inventory.book_nights(booking.id, booking.nights) for booking in bookings):
        raise HoldOver
    return _kept(_book(actor, bookings), keep)


@transaction(isolation=READ_COMMITTED)
def _confirm_as_begun(actor: Actor, begun: Begun, outcome: Outcome, keep: Keep | None) -> Lines:
    payment = payments.payment_as_seen(begun.payment)
    # The bookings first: whoever has their rows decides about all the others.
    booked = _book(actor, tuple(map(repository.as_seen, begun.bookings)))
    payments.record_success(payment, outcome.reference)
    for booking in booked:
        inventory.book_nights_or_refuse(booking.id, booking.nights, BookingModified())
    return _kept(booked, keep)


@transaction(isolation=READ_COMMITTED)
def _confirm(
    actor: Actor, payment_id: uuid.UUID, outcome: Outcome, context: BookingContext, keep: Keep | None
) -> tuple[Lines, Payment | None]:
    """What is confirmed; nothing, and the refund of all that was paid, where it cannot be."""
    bookings, payment = repository.with_payment(payment_id)
    if payment.state == SUCCEEDED:
        return lines.confirmed(bookings), None
    payments.record_success(payment, outcome.reference)
    paid = lines.pending(bookings)
    if not paid or not all(inventory.book_nights(booking.id, booking.nights) for booking in paid):
        return (), _undo(actor, bookings, payment, context)
    return _kept(_book(actor, paid), keep), None


def _book(actor: Actor, bookings: Lines) -> Lines:
    for booking in bookings:
        booking.confirm(clock.now())
        repository.save(booking)
    told = confirmed_together(lines.in_order(bookings))
    for booking in bookings:
        changes.record(actor, "booking.confirmed", booking, before=PENDING, **told)
    return bookings


def _kept(booked: Lines, keep: Keep | None) -> Lines:
    if keep:
        keep(booked)
    return booked


def _undo(actor: Actor, bookings: Lines, paid: Payment, context: BookingContext) -> Payment:
    """Charged, but the nights of one are gone: all nights are given back, and all money."""
    cancellation.give_back(actor, lines.pending(bookings))
    money = as_facts(paid.amount, paid.currency)
    changes.audit(actor, "refund.started", lines.first(bookings), {}, money)
    return payments.start_refund(paid, paid.amount, context.patience)


@transaction(isolation=READ_COMMITTED)
def give_up(actor: Actor, payment_id: uuid.UUID, failure: str, *, keep_hold: bool) -> None:
    """Nothing was charged: free the nights, or hold them on until the hold's own end, for another try."""
    bookings, payment = repository.with_payment(payment_id)
    if not payments.is_open(payment):
        return
    payments.record_failure(payment, failure)
    changes.audit(actor, "payment.failed", lines.first(bookings), {}, {"failure": failure})
    paying = lines.pending(bookings)
    ends = [inventory.unpin_nights(booking.id) for booking in paying] if keep_hold else [None]
    if None in ends:
        cancellation.give_back(actor, paying)
        return
    for booking, end in zip(paying, ends, strict=True):
        booking.held_until = end
        repository.save(booking)
