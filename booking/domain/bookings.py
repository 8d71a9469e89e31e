"""The story of a booking: hold, pay, confirm; cancel, expire, recover. Each step is one transaction.

book() is the whole way in one call (programs); hold() and pay() are the same in two (pages). The provider is asked
between transactions, never inside one. Whatever dies in between is finished by recover_payments().

Claiming the nights and pinning them for a payment are SERIALIZABLE: there strangers meet. Every later step locks its
booking's row first, so the steps of one booking follow one another, and READ COMMITTED is enough. (SERIALIZABLE would
fail confirmations by the hundred: it notes the pages of an index that were read, and payments, ordered by time, all
stand on the same page.)
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import availability, cancellation, crowds, events, holds, idempotency, payments, records, rooms
from booking.domain.errors import (
    BookingModified,
    BookingNotFound,
    HoldOver,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.happenings import booking_facts
from booking.domain.models import Booking, Payment
from booking.domain.models.bookings import CONFIRMED, PENDING, REFUND, SUCCEEDED
from booking.domain.stays import Stay, StayRules
from booking.infra import clock, telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.ids import new_id, new_reference
from booking.infra.provider import NoAnswer, Outcome, Provider, Result

REFERENCE = "uq_bookings_reference"  # drawn by lot: one that exists already is drawn again

Render = Callable[[Booking], idempotency.Answer]


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants which nights of which room."""

    guest_id: uuid.UUID
    room_id: uuid.UUID
    stay: Stay
    guests: int


@dataclass(frozen=True, slots=True)
class Desk:
    """What selling needs beside the order: who moves the money, and the house rules."""

    provider: Provider
    rules: StayRules
    hold_for: dt.timedelta
    holds_per_guest: int = 3
    lock_rooms: bool = True


# --- the way in


def book(
    order: Order, method: str, desk: Desk, claim: idempotency.Claim | None = None, render: Render | None = None
) -> Booking:
    """Hold, pay and confirm in one call; on a declined card the nights are free again.

    With a `claim`, what an earlier call with the same key began is finished instead, and the answer that `render`
    makes is kept in the transaction that confirms. Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked,
    PaymentFailed, PaymentUnknown.
    """
    keep = _keeper(claim, render)
    booking = _begun_earlier(claim, desk.provider, keep)
    if booking is None:
        with crowds.one_at_a_time(order.room_id, order.stay, wait=0, lock=desk.lock_rooms):
            booking = _hold(order, desk, claim)
    if booking.confirmed_at:
        return booking
    return _pay(booking, method, desk, keep_hold=False, keep=keep)


def hold(order: Order, desk: Desk) -> Booking:
    """Keep the nights for the guest until `held_until`. Waits up to 2 s behind somebody else's hold.

    Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked, TooManyHolds.
    """
    with crowds.one_at_a_time(order.room_id, order.stay, wait=2, lock=desk.lock_rooms):
        return _hold_one_more(order, desk)


def pay(guest_id: uuid.UUID, booking_id: uuid.UUID, method: str, shown_total: Decimal, desk: Desk) -> Booking:
    """Charge a held booking and confirm it; a declined card keeps the hold. Paid already: the booking as it is.

    Raises BookingNotFound, HoldOver, PriceChanged, PaymentInProgress, PaymentFailed, PaymentUnknown.
    """
    held = _payable(guest_id, booking_id, shown_total)
    return _pay(held, method, desk, keep_hold=True) if held.status == PENDING else held


def cancel(
    guest_id: uuid.UUID,
    booking_id: uuid.UUID,
    desk: Desk,
    *,
    seen_version: int | None = None,
    seen_refund: Decimal | None = None,
) -> Booking:
    """Give the nights back and the refund that the frozen policy grants.

    Raises BookingNotFound, BookingNotCancellable; BookingModified, RefundChanged: what was seen is not so any more.
    """
    booking, refund = _cancel(guest_id, booking_id, desk.provider.name, seen_version, seen_refund)
    telemetry.count_booking("cancelled")
    if refund:
        payments.refund(refund, desk.provider)
    return booking


def expire_holds(limit: int = 100) -> int:
    """Free the nights that nobody paid for in time. Returns how many bookings expired."""
    expired = holds.expire(limit)
    telemetry.count_booking("expired", expired)
    return expired


def recover_payments(provider: Provider, *, older_than: dt.timedelta, limit: int = 50) -> int:
    """Settle what nobody has settled for `older_than`: a charge is cancelled or confirmed, a refund sent again."""
    waiting = payments.unsettled(older_than, limit)
    for payment in waiting:
        _settle(payment, provider)
    return len(waiting)


# --- hold


def begin(
    order: Order, desk: Desk, claim: idempotency.Claim | None = None, until: dt.datetime | None = None
) -> Booking:
    """Claim the nights and make the PENDING booking, inside the caller's transaction (which retries on REFERENCE).

    It is held for as long as the desk says, or `until` the end of the hold whose place it takes.
    """
    room = rooms.for_sale(order.room_id)
    room.refuse_unless_fit(order.stay, order.guests, desk.rules)
    booking_id, held_until = new_id(), until or room.read_at + desk.hold_for
    availability.claim(booking_id, room.id, room.location, order.stay, held_until)
    price = room.quote(order.stay)
    booking = Booking(
        id=booking_id,
        user_id=order.guest_id,
        room_id=room.id,
        reference=new_reference(),
        check_in=order.stay.check_in,
        check_out=order.stay.check_out,
        guests=order.guests,
        total_price=price.total,
        currency=price.currency,
        price_lines=price.as_json(),
        policy=room.frozen_policy(),
        status=PENDING,
        held_until=held_until,
    )
    records.add_booking(booking)
    events.record("booking.created", booking_facts(booking))
    if claim:
        idempotency.attach(claim, booking_id)
    return booking


_hold = transaction(retry_on=(REFERENCE,))(begin)


@transaction(retry_on=(REFERENCE,))
def _hold_one_more(order: Order, desk: Desk) -> Booking:
    holds.refuse_another(order.guest_id, desk.holds_per_guest)
    return begin(order, desk)


# --- pay


def _pay(
    held: Booking, method: str, desk: Desk, *, keep_hold: bool, keep: Callable[[Booking], None] | None = None
) -> Booking:
    payment = _begin_payment(held.id, method, desk.provider.name)
    return _charge(payment, desk.provider, keep_hold=keep_hold, keep=keep)


@reading
def _payable(guest_id: uuid.UUID, booking_id: uuid.UUID, shown_total: Decimal) -> Booking:
    booking = owned(guest_id, booking_id)
    if booking.status == PENDING and shown_total != booking.total_price:
        raise PriceChanged
    if booking.status not in (PENDING, CONFIRMED):
        raise HoldOver
    return booking


@transaction
def _begin_payment(booking_id: uuid.UUID, method: str, provider: str) -> Payment:
    """Record the attempt and pin the nights: from here on they do not end by time."""
    booking = records.booking(booking_id, lock=True)
    if booking.status in (PENDING, CONFIRMED) and booking.held_until is None:
        raise PaymentInProgress
    if booking.status != PENDING or not availability.pin(booking.id, booking.nights):
        raise HoldOver
    booking.held_until = None
    records.save(booking)
    return payments.start_charge(booking, method, provider)


def _charge(
    payment: Payment, provider: Provider, *, keep_hold: bool, keep: Callable[[Booking], None] | None = None
) -> Booking:
    try:
        outcome = provider.charge(payment.id, payment.amount, payment.currency, str(payment.method))
    except NoAnswer:
        payments.mark_unknown(payment.id)
        telemetry.count_booking("payment_unknown")
        raise PaymentUnknown from None
    if outcome.result is Result.CHARGED:
        return _confirmed(payment.id, outcome, provider, keep)
    if outcome.result is Result.DECLINED:
        _give_up(payment.id, payments.DECLINED, keep_hold=keep_hold)
        telemetry.count_booking("declined")
        raise PaymentFailed
    raise PaymentUnknown  # recovery was quicker and cancelled the charge: it frees the nights too


def _confirmed(
    payment_id: uuid.UUID, outcome: Outcome, provider: Provider, keep: Callable[[Booking], None] | None = None
) -> Booking:
    """Confirm, or send the money back when the nights are not ours any more."""
    booking, refund = _confirm(payment_id, outcome, provider.name, keep)
    if refund:
        payments.refund(refund, provider)
    if booking.confirmed_at is None:
        telemetry.count_booking("refunded")
        raise RoomNotAvailable
    telemetry.count_booking("confirmed")
    return booking


@transaction(isolation=READ_COMMITTED)
def _confirm(
    payment_id: uuid.UUID, outcome: Outcome, provider: str, keep: Callable[[Booking], None] | None
) -> tuple[Booking, Payment | None]:
    booking, payment = records.with_payment(payment_id)
    if payment.state == SUCCEEDED:
        return booking, None
    payments.succeed(payment, outcome.reference)
    if booking.status != PENDING or not availability.book(booking.id, booking.nights):
        return booking, _undo(booking, provider)
    booking.confirm(clock.now())
    records.save(booking)
    events.record("booking.confirmed", booking_facts(booking))
    if keep:
        keep(booking)
    return booking, None


def _undo(booking: Booking, provider: str) -> Payment:
    """Charged, but the nights are gone: everything goes back."""
    availability.release(booking.id)
    if booking.status == PENDING:
        close(booking, None)
    return payments.start_refund(booking, booking.total_price, provider)


@transaction(isolation=READ_COMMITTED)
def _give_up(payment_id: uuid.UUID, failure: str, *, keep_hold: bool) -> None:
    """Nothing was charged: free the nights, or hold them on for another card."""
    booking, payment = records.with_payment(payment_id)
    if not payments.is_open(payment):
        return
    payments.fail(payment, failure)
    if booking.status != PENDING:
        return
    if keep_hold:
        booking.held_until = availability.unpin(booking.id)
        records.save(booking)
    else:
        availability.release(booking.id)
        close(booking, None)


# --- cancel and expire


@transaction(isolation=READ_COMMITTED)
def _cancel(
    guest_id: uuid.UUID, booking_id: uuid.UUID, provider: str, seen_version: int | None, seen_refund: Decimal | None
) -> tuple[Booking, Payment | None]:
    booking = owned(guest_id, booking_id, lock=True)
    if seen_version is not None and seen_version != booking.version:
        raise BookingModified
    cancellation.refuse_unless_possible(booking)
    amount = cancellation.refund_as_seen(booking, seen_refund) if booking.status == CONFIRMED else None
    availability.release(booking.id)
    close(booking, amount)
    return booking, payments.start_refund(booking, amount, provider) if amount else None


def close(booking: Booking, refund: Decimal | None) -> None:
    """Cancel inside the caller's transaction, which has released the nights."""
    was_confirmed = booking.status == CONFIRMED
    booking.cancel(clock.now(), refund)
    records.save(booking)
    owed = None if refund is None else str(refund)
    events.record("booking.cancelled", {**booking_facts(booking), "wasConfirmed": was_confirmed, "refundAmount": owed})


# --- recover


def _settle(payment: Payment, provider: Provider) -> None:
    if payment.kind == REFUND:
        payments.refund(payment, provider)
        return
    try:
        outcome = provider.cancel(payment.id, payment.currency)
    except NoAnswer:
        telemetry.log.warning("recovery_unanswered", payment=str(payment.id))
        return
    if outcome.result is not Result.CHARGED:
        declined = outcome.result is Result.DECLINED
        _give_up(payment.id, payments.DECLINED if declined else payments.ABANDONED, keep_hold=False)
        return
    try:
        _confirmed(payment.id, outcome, provider)
    except RoomNotAvailable:
        telemetry.log.warning("recovered_charge_refunded", payment=str(payment.id))


def _begun_earlier(
    claim: idempotency.Claim | None, provider: Provider, keep: Callable[[Booking], None] | None
) -> Booking | None:
    """What an earlier call with this key began: confirmed, or held and to be paid; None where nothing is left of it."""
    if claim is None or claim.booking_id is None:
        return None
    charge = payments.latest_charge(claim.booking_id)
    if charge and payments.is_open(charge):
        _settle(charge, provider)
        charge = payments.latest_charge(claim.booking_id)
    if charge and payments.is_open(charge):
        raise PaymentUnknown  # the provider is still silent
    if charge and charge.failure == payments.DECLINED:
        raise PaymentFailed
    if charge and charge.state == SUCCEEDED:
        return _keep_late(claim.booking_id, keep)
    return _still_held(claim.booking_id)


@reading
def _still_held(booking_id: uuid.UUID) -> Booking | None:
    booking = records.booking(booking_id)
    return booking if cancellation.shown_status(booking) == PENDING else None


@transaction(isolation=READ_COMMITTED)
def _keep_late(booking_id: uuid.UUID, keep: Callable[[Booking], None] | None) -> Booking:
    booking = records.booking(booking_id, lock=True)
    if booking.confirmed_at is None:
        raise RoomNotAvailable
    if keep:
        keep(booking)
    return booking


def _keeper(claim: idempotency.Claim | None, render: Render | None) -> Callable[[Booking], None] | None:
    if claim is None or render is None:
        return None
    return lambda booking: idempotency.keep(claim, render(booking))


# --- looking at one


def owned(guest_id: uuid.UUID, booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """The guest's own booking, inside the caller's transaction; a stranger's does not exist (BookingNotFound)."""
    booking = records.booking(booking_id, lock=lock)
    if booking.user_id != guest_id:
        raise BookingNotFound
    return booking
