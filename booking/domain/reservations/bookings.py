"""The story of a booking: hold, pay, confirm; cancel, expire. Each step is one transaction.

book() is the whole way in one call (programs); holds.reserve() and pay() are the same in two (pages). The provider is
asked between transactions, never inside one. Whatever dies in between is finished by recovery.recover_payments().

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
from functools import partial

from booking.domain import catalogue, inventory, payments, people, pricing
from booking.domain.actors import Actor
from booking.domain.errors import (
    AccountNotFound,
    BookingModified,
    BookingNotFound,
    Forbidden,
    HoldOver,
    Invalid,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.notices import Notice
from booking.domain.payments import Payment
from booking.domain.people import Action
from booking.domain.reservations import (
    cancellation,
    changes,
    charging,
    hold_limits,
    idempotency,
    recovery,
    repository,
    sale,
)
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking
from booking.domain.stays import Stay
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.ids import new_id, new_reference

REFERENCES = ("uq_orders_reference", "uq_bookings_reference")  # drawn by lot: one that exists is drawn again

TIMES_LOOKED_AT = 5  # at a hold that changes while its payment is to begin

Render = Callable[[Booking], idempotency.Answer]


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """Who wants which nights of which room; the guest is whoever stays, the actor may be somebody at the desk."""

    guest_id: uuid.UUID
    room_id: uuid.UUID
    stay: Stay
    guests: int


# --- the way in


def book(
    actor: Actor,
    wanted: BookingRequest,
    method: str,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None = None,
    render: Render | None = None,
) -> Booking:
    """Hold, pay and confirm in one call; on a declined card the nights are free again.

    With a `claim`, what an earlier call with the same key began is finished instead, and the answer that `render`
    makes is kept in the transaction that confirms. Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked,
    PaymentFailed, PaymentUnknown, AccountNotFound (a guest for whom the actor may not book).
    """
    keep = _keeper(claim, render)
    booking = recovery.begun_earlier(actor, claim, context, keep)
    if booking is None:
        with inventory.lock_room(wanted.room_id, wanted.stay, wait=0, lock=context.lock_rooms):
            booking = _hold(actor, wanted, context, claim)
    if booking.confirmed_at:
        return booking
    try:
        return _pay(actor, booking, method, context, keep_hold=False, keep=keep)
    except PaymentInProgress:
        # Somebody else is charging for it. Mostly an earlier call with this key, which lost its connection inside
        # COMMIT: what we found it had begun was not yet all, and Postgres came to the end of it only then.
        raise PaymentUnknown from None


def hold(actor: Actor, wanted: BookingRequest, context: BookingContext) -> Booking:
    """Keep the nights for the guest until `held_until`. Waits up to 2 s behind somebody else's hold.

    Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked, TooManyHolds, AccountNotFound.
    """
    with inventory.lock_room(wanted.room_id, wanted.stay, wait=2, lock=context.lock_rooms):
        return clearing_only_if_needed(lambda take: _hold_one_more(actor, wanted, context, take), wanted)


def pay(
    actor: Actor,
    booking_id: uuid.UUID,
    method: str | None,
    shown_total: Decimal,
    context: BookingContext,
    *,
    seen_version: int | None = None,
) -> Booking:
    """Charge a held booking and confirm it; a declined card keeps the hold. Paid already: the booking as it is.

    Without a method only what costs nothing is confirmed. A card that was declined since the guest saw the booking in
    `seen_version` is not tried again. Raises Invalid, BookingNotFound, HoldOver, PriceChanged, PaymentInProgress,
    PaymentFailed, PaymentUnknown.
    """
    held = payable(actor, booking_id, shown_total)
    if held.status != PENDING:
        return held
    charging.refuse_if_declined_since(held, method, seen_version)
    return _pay(actor, held, method, context, keep_hold=True)


def cancel(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    seen_version: int | None = None,
    seen_refund: Decimal | None = None,
) -> Booking:
    """Give the nights back and the refund that the frozen policy grants.

    Raises BookingNotFound, BookingNotCancellable; BookingModified, RefundChanged: what was seen is not so any more.
    """
    booking, refunds = _cancel(actor, booking_id, context, seen_version, seen_refund)
    telemetry.count_booking("cancelled")
    payments.send_refunds(actor, refunds, context)
    return booking


def release(actor: Actor, booking_id: uuid.UUID) -> None:
    """Give a hold back that nobody pays for. What was paid meanwhile stays booked: only cancel() ends that.

    Raises BookingNotFound, BookingModified (it is paid), BookingNotCancellable.
    """
    _release(actor, booking_id)
    telemetry.count_booking("cancelled")


def expire_holds(actor: Actor, limit: int = 100) -> int:
    """Free the nights that nobody paid for in time. Returns how many bookings expired. Raises Forbidden."""
    people.require(actor, Action.EXPIRE_HOLDS, otherwise=Forbidden)
    expired = hold_limits.expire(actor, limit)
    telemetry.count_booking("expired", expired)
    return expired


# --- hold


def begin(
    actor: Actor,
    wanted: BookingRequest,
    context: BookingContext,
    *,
    take: inventory.Take,
    claim: idempotency.Claim | None = None,
    until: dt.datetime | None = None,
    channel: str = payments.WEB,
) -> Booking:
    """Claim the nights and make the PENDING booking, inside the caller's transaction (which retries on REFERENCES).

    `take` is what inventory has to claim nights by: whether it waits for the answer or not.
    It is held for as long as the context says, or `until` the end of the hold whose place it takes. The `channel` says
    what becomes of it when a payment fails: see recovery.
    """
    refuse_for_others(actor, wanted)
    booking_id = new_id()
    if claim:
        idempotency.attach(claim, booking_id)
    room = pricing.for_sale(wanted.room_id)
    if claim:
        idempotency.begun(claim, room.read_at)
    room.refuse_unless_fit(wanted.stay, wanted.guests, context.rules)
    held_until = until or room.read_at + context.hold_for
    take(actor, booking_id, room.id, room.location, wanted.stay, held_until=held_until)
    sold = sale.frozen(room, wanted.stay, wanted.guests)
    bought = payments.Order(
        id=new_id(),
        reference=new_reference(),
        user_id=wanted.guest_id,
        channel=channel,
        property_id=room.property_id,
        currency=sold["currency"],
        owed=sold["total_price"],
    )
    booking = Booking(
        id=booking_id,
        user_id=wanted.guest_id,
        room_id=room.id,
        reference=bought.reference,
        check_in=wanted.stay.check_in,
        check_out=wanted.stay.check_out,
        status=PENDING,
        held_until=held_until,
        created_at=room.seen_at,
        **sold,
    )
    repository.add(booking, bought)
    changes.record(actor, "booking.created", booking, before=None)
    return booking


def _hold(
    actor: Actor, wanted: BookingRequest, context: BookingContext, claim: idempotency.Claim | None = None
) -> Booking:
    begin_with = partial(_begin, actor, wanted, context, claim=claim, channel=payments.API)
    return clearing_only_if_needed(lambda take: begin_with(take=take), wanted)


_begin = transaction(retry_on=REFERENCES)(begin)


def clearing_only_if_needed(attempt: Callable[[inventory.Take], Booking], wanted: BookingRequest) -> Booking:
    """A transaction that takes nights, without waiting for the answer: most are free.

    Where only holds that ran out stand in the way it is begun anew, to clear them. Raises RoomNotAvailable.
    """
    try:
        return attempt(inventory.claim_nights_or_refuse)
    except RoomNotAvailable:
        if not _is_free(wanted.room_id, wanted.stay):
            raise
    return attempt(inventory.claim_nights)


_is_free = reading(inventory.is_free)


@transaction(retry_on=REFERENCES)
def _hold_one_more(actor: Actor, wanted: BookingRequest, context: BookingContext, take: inventory.Take) -> Booking:
    hold_limits.one_at_a_time(wanted.guest_id)
    hold_limits.refuse_another(wanted.guest_id, context.holds_per_guest)
    return begin(actor, wanted, context, take=take)


def refuse_for_others(actor: Actor, wanted: BookingRequest) -> None:
    """Inside the caller's transaction: raise AccountNotFound where the actor may not book for this guest."""
    house = partial(catalogue.find_property_of, wanted.room_id)
    people.require(actor, Action.BOOK, own=wanted.guest_id, at=house, otherwise=AccountNotFound)


# --- pay


def _pay(
    actor: Actor,
    held: Booking,
    method: str | None,
    context: BookingContext,
    *,
    keep_hold: bool,
    keep: Keep | None = None,
) -> Booking:
    if not held.total_price:
        return charging.confirm_unpaid(actor, held.id, keep)
    if method is None:
        raise Invalid(details={"paymentMethodId": Notice("missing")})
    begun = _begin_payment(actor, held, method, context)
    return charging.charge(actor, begun, context, keep_hold=keep_hold, keep=keep)


@reading
def payable(actor: Actor, booking_id: uuid.UUID, shown_total: Decimal) -> Booking:
    """The hold to be paid as its guest was shown it, or what is confirmed already.

    Raises BookingNotFound, HoldOver, PriceChanged.
    """
    booking = permitted(actor, Action.BOOK, booking_id)
    if booking.status == PENDING and shown_total != booking.total_price:
        raise PriceChanged
    if booking.status not in (PENDING, CONFIRMED):
        raise HoldOver
    return booking


def _begin_payment(actor: Actor, held: Booking, method: str, context: BookingContext) -> charging.Begun:
    """Record the attempt and pin the nights: from here on they do not end by time.

    `held` is the hold as it was looked at. Raises PriceChanged where it costs something else by now, PaymentInProgress
    where somebody pays at this moment or has paid, PaymentFailed where the card has just been declined, HoldOver where
    the nights can be lost.
    """
    for _ in range(TIMES_LOOKED_AT):
        try:
            return _begin_payment_of(actor, held, method, context)
        except BookingModified:
            seen, held = held, _looked_at_again(held)
            charging.refuse_if_declined_since(held, method, seen.version)
    raise PaymentInProgress  # whoever changes it all the time pays for it, too


@reading
def _looked_at_again(held: Booking) -> Booking:
    booking = repository.booking(held.id)
    charging.refuse_unless_held(booking)
    if (booking.total_price, booking.currency) != (held.total_price, held.currency):
        raise PriceChanged
    return booking


@transaction
def _begin_payment_of(actor: Actor, held: Booking, method: str, context: BookingContext) -> charging.Begun:
    """Raises BookingModified where the hold is not as it was looked at."""
    charging.refuse_unless_held(held)
    booking = repository.as_seen(held)
    booking.held_until = None
    repository.save(booking)
    inventory.pin_nights_or_refuse(booking.id, booking.nights, HoldOver())
    money = {"amount": str(booking.total_price), "currency": booking.currency}
    changes.audit(actor, "payment.started", booking, {}, money)
    due = payments.Due(booking.order_id, booking.id, booking.total_price, booking.currency)
    return charging.Begun(booking, payments.start_charge(due, method=method, context=context))


# --- cancel and expire


@transaction(isolation=READ_COMMITTED)
def _cancel(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    seen_version: int | None,
    seen_refund: Decimal | None,
) -> tuple[Booking, list[Payment]]:
    booking = permitted(actor, Action.CANCEL_BOOKING, booking_id, lock=True)
    if seen_version is not None and seen_version != booking.version:
        raise BookingModified
    cancellation.refuse_unless_possible(booking)
    order = payments.lock_order(booking.order_id)
    terms = cancellation.terms_as_seen(booking, order, seen_refund) if booking.status == CONFIRMED else None
    inventory.release_nights(actor, booking.id)
    cancellation.close(actor, booking, terms)
    if not (terms and terms.refund):
        return booking, []
    return booking, payments.start_refunds(order, booking.id, terms.refund, context.patience)


@transaction(isolation=READ_COMMITTED)
def _release(actor: Actor, booking_id: uuid.UUID) -> None:
    booking = permitted(actor, Action.CANCEL_BOOKING, booking_id, lock=True)
    if booking.status == CONFIRMED:
        raise BookingModified
    cancellation.refuse_unless_possible(booking)
    inventory.release_nights(actor, booking.id)
    cancellation.close(actor, booking, None)


# --- around them


def _keeper(claim: idempotency.Claim | None, render: Render | None) -> Keep | None:
    if claim is None or render is None:
        return None
    return lambda booking: idempotency.keep(claim, render(booking))


def permitted(actor: Actor, action: Action, booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """A booking with which the actor may do this, inside the caller's transaction; others do not exist.

    Raises BookingNotFound.
    """
    booking = repository.booking(booking_id, lock=lock)
    people.require(actor, action, own=booking.user_id, at=booking.property_id, otherwise=BookingNotFound)
    return booking


@reading
def get(actor: Actor, booking_id: uuid.UUID) -> Booking:
    """A booking that the actor may see, for looking. Raises BookingNotFound."""
    return permitted(actor, Action.SEE_BOOKING, booking_id)
