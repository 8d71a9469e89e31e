"""The story of a booking: hold, pay, confirm; cancel, expire, recover. Each step is one transaction.

book() is the whole way in one call (programs); hold() and pay() are the same in two (pages). The provider is asked
between transactions, never inside one. Whatever dies in between is finished by recover_payments().
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from booking.domain import availability, events, idempotency, payments, policies, prices, rooms
from booking.domain.errors import (
    BookingModified,
    BookingNotCancellable,
    BookingNotFound,
    HoldOver,
    PaymentFailed,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
    RoomLocked,
    RoomNotAvailable,
)
from booking.domain.models import Booking, Payment
from booking.domain.models.bookings import CONFIRMED, PENDING, REFUND, SUCCEEDED
from booking.domain.stays import Stay, StayRules
from booking.infra import clock, redis, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id, new_reference
from booking.infra.provider import NoAnswer, Outcome, Provider, Result

LOCK_MS = 5000  # the lock in front of a hold ends by itself after this
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
        with _room_lock(order, desk, wait=0):
            booking, payment = _reserve(order, desk, method, claim)
        assert payment is not None
        booking = _charge(payment, desk.provider, keep_hold=False, keep=keep)
    return booking


def hold(order: Order, desk: Desk) -> Booking:
    """Keep the nights for the guest until `held_until`. Waits up to 2 s behind somebody else's hold."""
    with _room_lock(order, desk, wait=2):
        booking, _ = _reserve(order, desk, None, None)
    return booking


def pay(guest_id: uuid.UUID, booking_id: uuid.UUID, method: str, shown_total: Decimal, desk: Desk) -> Booking:
    """Charge a held booking and confirm it; a declined card keeps the hold. Paid already: the booking as it is.

    Raises BookingNotFound, HoldOver, PriceChanged, PaymentInProgress, PaymentFailed, PaymentUnknown.
    """
    booking, payment = _begin_payment(guest_id, booking_id, method, shown_total, desk.provider.name)
    return _charge(payment, desk.provider, keep_hold=True) if payment else booking


def cancel(guest_id: uuid.UUID, booking_id: uuid.UUID, desk: Desk, *, seen_version: int | None = None) -> Booking:
    """Give the nights back and the refund that the frozen policy grants.

    Raises BookingNotFound, BookingModified (`seen_version` is not the present one), BookingNotCancellable.
    """
    booking, refund = _cancel(guest_id, booking_id, desk.provider.name, seen_version)
    telemetry.count_booking("cancelled")
    if refund:
        payments.refund(refund, desk.provider)
    return booking


def expire_holds(limit: int = 100) -> int:
    """Free the nights that nobody paid for in time. Returns how many bookings expired."""
    expired = _expire(limit)
    for _ in range(expired):
        telemetry.count_booking("expired")
    return expired


def recover_payments(provider: Provider, *, older_than: dt.timedelta, limit: int = 50) -> int:
    """Settle what nobody has settled for `older_than`: a charge is cancelled or confirmed, a refund sent again."""
    waiting = payments.unsettled(older_than, limit)
    for payment in waiting:
        _settle(payment, provider)
    return len(waiting)


# --- hold


@transaction(retry_on=("uq_bookings_reference",))
def _reserve(
    order: Order, desk: Desk, method: str | None, claim: idempotency.Claim | None
) -> tuple[Booking, Payment | None]:
    """Claim the nights and write the booking. With a `method` the payment begins in the same transaction: the nights
    are pinned at once, which saves a commit and leaves no moment in which a crash holds nights without a reason.
    """
    room = rooms.for_sale(order.room_id)
    room.refuse_unless_fit(order.stay, order.guests, desk.rules)
    booking_id, held_until = new_id(), sql_now() + desk.hold_for
    availability.claim(booking_id, room.id, room.location, order.stay, held_until, pinned=method is not None)
    price = prices.quote(room.price_per_night, room.currency, order.stay)
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
        held_until=None if method else held_until,
    )
    db.session.add(booking)
    payment = payments.start_charge(booking, method, desk.provider.name) if method else None
    events.record("booking.created", facts(booking))
    if claim:
        idempotency.attach(claim, booking_id)
    if payment is None:
        db.session.flush()
        db.session.refresh(booking, ["held_until"])  # Postgres' clock said when
    return booking, payment


@contextmanager
def _room_lock(order: Order, desk: Desk, wait: float) -> Iterator[None]:
    """Keep the crowd for the same nights away from Postgres. Another stay in the same room goes on beside it."""
    if not desk.lock_rooms:
        yield
        return
    note = f"{order.stay.check_in.isoformat()} {order.stay.check_out.isoformat()}"

    def overlaps(other: str) -> bool:
        check_in, check_out = map(dt.date.fromisoformat, other.split())
        return order.stay.overlaps(Stay(check_in, check_out))

    name = f"lock:room:{encode('room', order.room_id)}"
    with redis.lock(name, note, ttl_ms=LOCK_MS, busy=overlaps, wait=wait) as state:
        if state is redis.Lock.BUSY:
            raise RoomLocked
        yield


# --- pay


@transaction
def _begin_payment(
    guest_id: uuid.UUID, booking_id: uuid.UUID, method: str, shown_total: Decimal, provider: str
) -> tuple[Booking, Payment | None]:
    booking = owned(guest_id, booking_id)
    if booking.status == CONFIRMED:
        return booking, None
    if booking.status == PENDING and booking.held_until is None:
        raise PaymentInProgress
    if booking.status != PENDING or not availability.pin(booking.id, nights(booking)):
        raise HoldOver
    if shown_total != booking.total_price:
        raise PriceChanged
    booking.held_until = None
    return booking, payments.start_charge(booking, method, provider)


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


@transaction
def _confirm(
    payment_id: uuid.UUID, outcome: Outcome, provider: str, keep: Callable[[Booking], None] | None
) -> tuple[Booking, Payment | None]:
    booking, payment = _with_payment(payment_id)
    if payment.state == SUCCEEDED:
        return booking, None
    payments.succeed(payment, outcome.reference)
    if booking.status != PENDING or not availability.book(booking.id, nights(booking)):
        return booking, _undo(booking, provider)
    booking.confirm(clock.now())
    events.record("booking.confirmed", facts(booking))
    if keep:
        db.session.flush()
        keep(booking)
    return booking, None


def _undo(booking: Booking, provider: str) -> Payment:
    """Charged, but the nights are gone: everything goes back."""
    availability.release(booking.id)
    if booking.status == PENDING:
        _close(booking, None)
    return payments.start_refund(booking, booking.total_price, provider)


@transaction
def _give_up(payment_id: uuid.UUID, failure: str, *, keep_hold: bool) -> None:
    """Nothing was charged: free the nights, or hold them on for another card."""
    booking, payment = _with_payment(payment_id)
    if not payments.is_open(payment):
        return
    payments.fail(payment, failure)
    if booking.status != PENDING:
        return
    if keep_hold:
        booking.held_until = availability.unpin(booking.id)
    else:
        availability.release(booking.id)
        _close(booking, None)


# --- cancel and expire


@transaction
def _cancel(
    guest_id: uuid.UUID, booking_id: uuid.UUID, provider: str, seen_version: int | None
) -> tuple[Booking, Payment | None]:
    booking = owned(guest_id, booking_id)
    if seen_version is not None and seen_version != booking.version:
        raise BookingModified
    refuse_unless_cancellable(booking)
    amount = refund_now(booking) if booking.status == CONFIRMED else None
    availability.release(booking.id)
    _close(booking, amount)
    return booking, payments.start_refund(booking, amount, provider) if amount else None


def refuse_unless_cancellable(booking: Booking) -> None:
    """A guest may cancel a hold that runs and a confirmed stay that has not begun; raises BookingNotCancellable."""
    if booking.status == PENDING and booking.held_until is None:
        raise BookingNotCancellable("A payment for this booking is under way. Please try again in a moment.")
    begun = clock.now() >= policies.check_in_instant(booking.policy, booking.check_in)
    if shown_status(booking) not in (PENDING, CONFIRMED) or (booking.status == CONFIRMED and begun):
        raise BookingNotCancellable


def refund_now(booking: Booking) -> Decimal:
    """What comes back if the booking is cancelled now."""
    return policies.refund(booking.policy, booking.check_in, booking.total_price, booking.currency, clock.now())


def _close(booking: Booking, refund: Decimal | None) -> None:
    was_confirmed = booking.status == CONFIRMED
    booking.cancel(clock.now(), refund)
    owed = None if refund is None else str(refund)
    events.record("booking.cancelled", {**facts(booking), "wasConfirmed": was_confirmed, "refundAmount": owed})


@transaction
def _expire(limit: int) -> int:
    over = (
        select(Booking)
        .where(Booking.status == PENDING, Booking.held_until <= sql_now())
        .order_by(Booking.held_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    expired = db.session.scalars(over).all()
    for booking in expired:
        availability.release(booking.id)
        booking.expire()
        events.record("booking.expired", facts(booking))
    availability.release_abandoned()
    return len(expired)


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
    """What an earlier call with this key began, finished; None where there is nothing to finish."""
    if claim is None or claim.booking_id is None:
        return None
    charge = payments.latest_charge(claim.booking_id)
    if charge and payments.is_open(charge):
        _settle(charge, provider)
        charge = payments.latest_charge(claim.booking_id)
    if charge and charge.failure == payments.DECLINED:
        raise PaymentFailed
    return _keep_late(claim.booking_id, keep) if charge and charge.state == SUCCEEDED else None


@transaction
def _keep_late(booking_id: uuid.UUID, keep: Callable[[Booking], None] | None) -> Booking:
    booking = db.session.get_one(Booking, booking_id)
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


def owned(guest_id: uuid.UUID, booking_id: uuid.UUID) -> Booking:
    """The guest's own booking, inside the caller's transaction; a stranger's does not exist (BookingNotFound)."""
    booking = db.session.get(Booking, booking_id)
    if booking is None or booking.user_id != guest_id:
        raise BookingNotFound
    return booking


def _with_payment(payment_id: uuid.UUID) -> tuple[Booking, Payment]:
    both = select(Booking, Payment).join(Payment, Payment.booking_id == Booking.id).where(Payment.id == payment_id)
    row = db.session.execute(both).one()
    return row.Booking, row.Payment


def nights(booking: Booking) -> int:
    return (booking.check_out - booking.check_in).days


def shown_status(booking: Booking) -> str:
    """A hold that ran out is EXPIRED for everybody who looks, also before the sweeper comes by."""
    run_out = booking.status == PENDING and booking.held_until is not None and booking.held_until <= clock.now()
    return "EXPIRED" if run_out else booking.status


def facts(booking: Booking) -> dict[str, str]:
    """What events say about a booking."""
    return {
        "bookingId": encode("booking", booking.id),
        "reference": booking.reference,
        "roomId": encode("room", booking.room_id),
        "userId": encode("user", booking.user_id),
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "currency": booking.currency,
    }
