"""The story of a booking: hold, pay, confirm; cancel, expire. Each step is one transaction.

book() is the whole way in one call (programs); holds.reserve() and pay() are the same in two (pages). The provider is
asked between transactions, never inside one. Whatever dies in between is finished by recovery.recover_payments().

Claiming the nights and pinning them for a payment are SERIALIZABLE: there strangers meet. Every later step locks its
booking's row first, so the steps of one booking follow one another, and READ COMMITTED is enough. (SERIALIZABLE would
fail confirmations by the hundred: it notes the pages of an index that were read, and payments, ordered by time, all
stand on the same page.)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from booking.domain import inventory, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import (
    BookingModified,
    BookingNotFound,
    CancelledDuringChange,
    ChangeUnderWay,
    Forbidden,
    HoldOver,
    Invalid,
    PaymentInProgress,
    PaymentUnknown,
    PriceChanged,
)
from booking.domain.notices import Notice
from booking.domain.payments import Payment
from booking.domain.people import Action
from booking.domain.reservations import (
    cancellation,
    change_charging,
    change_outcomes,
    charging,
    hold_limits,
    holding,
    idempotency,
    lines,
    payment_pages,
    promotion_codes,
    recovery,
    refund_decisions,
    repository,
    unit_choice,
)
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking, Lines
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.reservations.requests import BookingRequest, Wanted
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.flushing import flush_with_next

TIMES_LOOKED_AT = 5  # at a hold that changes while its payment is to begin


# --- the way in


def book(
    actor: Actor,
    wanted: BookingRequest,
    method: str,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None = None,
    render: Callable[[Booking], idempotency.Answer] | None = None,
) -> Booking:
    """Hold, pay and confirm in one call; on a declined card the nights are free again.

    With a `claim`, what an earlier call with the same key began is finished instead, and the answer that `render`
    makes is kept in the transaction that confirms. Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked,
    PaymentFailed, PaymentUnknown, AccountNotFound (a guest for whom the actor may not book).
    """
    answer = (lambda bookings: render(bookings[0])) if render else None
    [booking] = book_all(actor, wanted, method, context, claim=claim, render=answer)
    return booking


def book_all(
    actor: Actor,
    wanted: Wanted,
    method: str | None,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None = None,
    render: idempotency.Render | None = None,
) -> Lines:
    """The same for an order, of which all bookings are confirmed or none. Without a method only what costs nothing is.

    Raises as book() does; what is about one item names it.
    """
    keep = idempotency.keeper(claim, render)
    bookings = recovery.begun_earlier(actor, claim, context, keep)
    if not bookings:
        bookings = unit_choice.decided(partial(_hold, actor, context, claim), wanted, context)
    if lines.confirmed(bookings):
        return bookings
    try:
        bookings = promotion_codes.use_wanted(actor, bookings, wanted, context)
        return pay_for(actor, bookings, method, context, keep_hold=False, keep=keep)
    except PaymentInProgress:
        # Somebody else is charging for it. Mostly an earlier call with this key, which lost its connection inside
        # COMMIT: what we found it had begun was not yet all, and Postgres came to the end of it only then.
        raise PaymentUnknown from None


def hold_all(
    actor: Actor,
    wanted: Wanted,
    context: BookingContext,
    claim: idempotency.Claim | None = None,
    *,
    channel: str = payments.API,
) -> Lines:
    """Hold all rooms of an order for the guest, or none, until `held_until`. Waits up to 2 s behind another hold.

    It counts as one hold, and is what programs and staff ask for; guests' pages reserve(). Raises Invalid,
    RoomNotFound, RoomNotAvailable, RoomLocked, TooManyHolds, AccountNotFound.
    """

    def hold(exactly: Wanted, wait: float) -> Lines:
        with holding.lock_rooms(exactly, context, wait=wait, claim=claim):
            once = partial(_hold_one_more, actor, exactly, context, claim=claim, channel=channel)
            return holding.clearing_only_if_needed(once, exactly)

    held = unit_choice.decided(hold, wanted, context, wait=2)
    return promotion_codes.use_wanted(actor, held, wanted, context)


def pay(
    actor: Actor,
    booking_id: uuid.UUID,
    method: str | None,
    shown_total: Decimal,
    context: BookingContext,
    *,
    seen_version: int | None = None,
) -> Booking:
    """Charge a held booking, with all others of its order, and confirm them; a declined card keeps the hold. Paid
    already: the booking as it is.

    Without a method only what costs nothing is confirmed. A card that was declined since the guest saw the booking in
    `seen_version` is not tried again. Raises Invalid, BookingNotFound, HoldOver, PriceChanged, PaymentInProgress,
    PaymentFailed, PaymentUnknown.
    """
    bookings = payable(actor, booking_id, shown_total)
    if held := lines.pending(bookings):
        charging.refuse_if_declined_since(lines.the_one(held, booking_id), method, seen_version)
        bookings = pay_for(actor, held, method, context, keep_hold=True)
    return lines.the_one(bookings, booking_id)


def cancel(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    seen_version: int | None = None,
    seen_refund: Decimal | None = None,
    decided: Decided | None = None,
) -> Booking:
    """Give the nights back and the refund that the frozen policy grants, or the one that staff has `decided`. The
    payment page of a change is closed first, that of the rest afterwards.

    Raises BookingNotFound, BookingNotCancellable; BookingModified, RefundChanged: what was seen is not so any more; of
    what is decided Invalid, Forbidden.
    """
    again = partial(
        _cancel, actor, booking_id, context, seen_version=seen_version, seen_refund=seen_refund, decided=decided
    )
    try:
        booking, refunds = again()
    except CancelledDuringChange:
        _close_page_of_change(actor, booking_id, context)
        booking, refunds = again()
    telemetry.count_booking("cancelled")
    payments.send_refunds(actor, refunds, context)
    payment_pages.close_beyond(actor, booking.order_id, context)
    return booking


def release(actor: Actor, booking_id: uuid.UUID) -> None:
    """Give a hold back that nobody pays for. What was paid meanwhile stays booked: only cancel() ends that.

    Raises BookingNotFound, BookingModified (it is paid), BookingNotCancellable.
    """
    _release(actor, booking_id)
    telemetry.count_booking("cancelled")


def expire_holds(actor: Actor, limit: int = 100) -> int:
    """Free the nights that nobody paid for in time, be they a hold's or a change's.

    Returns how many bookings expired. Raises Forbidden.
    """
    people.require(actor, Action.EXPIRE_HOLDS, otherwise=Forbidden)
    expired = hold_limits.expire(actor, limit)
    change_outcomes.expire(actor, limit)
    telemetry.count_booking("expired", expired)
    return expired


# --- hold and pay


def _hold(actor: Actor, context: BookingContext, claim: idempotency.Claim | None, wanted: Wanted, wait: float) -> Lines:
    with holding.lock_rooms(wanted, context, wait=wait, claim=claim):
        return holding.clearing_only_if_needed(lambda take: _begin(actor, wanted, context, take, claim), wanted)


@transaction(retry_on=holding.REFERENCES)
def _begin(
    actor: Actor, wanted: Wanted, context: BookingContext, take: inventory.Take, claim: idempotency.Claim | None
) -> Lines:
    flush_with_next()  # with the beginning of the payment, before which nobody is told anything
    return holding.begin(actor, wanted, context, take=take, claim=claim, channel=payments.API, in_one_call=True)


@transaction(retry_on=holding.REFERENCES)
def _hold_one_more(
    actor: Actor,
    wanted: Wanted,
    context: BookingContext,
    take: inventory.Take,
    *,
    claim: idempotency.Claim | None,
    channel: str,
) -> Lines:
    if wanted.guest_id:  # staff, who books for guests without an account, may hold more
        hold_limits.one_at_a_time(wanted.guest_id)
        hold_limits.refuse_another(wanted.guest_id, context.holds_per_guest)
    return holding.begin(actor, wanted, context, take=take, claim=claim, channel=channel)


def pay_for(
    actor: Actor,
    held: Lines,
    method: str | None,
    context: BookingContext,
    *,
    keep_hold: bool,
    keep: Keep | None = None,
) -> Lines:
    """Charge bookings of an order that are held, as they were looked at, and confirm them all; see pay()."""
    if not lines.total(held):
        return charging.confirm_unpaid(actor, held, keep)
    if method is None:
        raise Invalid(details={"paymentMethodId": Notice("missing")})
    begun = _begin_payment(actor, held, method, context)
    return charging.charge(actor, begun, context, keep_hold=keep_hold, keep=keep)


@reading
def payable(actor: Actor, booking_id: uuid.UUID, shown_total: Decimal) -> Lines:
    """All bookings of its order, the holds among them to be paid as their guest was shown them.

    Raises BookingNotFound, HoldOver (none is held or confirmed), PriceChanged.
    """
    bookings = permitted_order(actor, Action.BOOK, beside=booking_id)
    if lines.the_one(bookings, booking_id).status not in (PENDING, CONFIRMED):
        raise HoldOver
    return to_be_paid(bookings, shown_total)


def to_be_paid(bookings: Lines, shown_total: Decimal) -> Lines:
    """The same of bookings that somebody has read, and of which the actor may pay for."""
    held = lines.pending(bookings)
    if held and shown_total != lines.total(held):
        raise PriceChanged
    if not held and all(booking.status != CONFIRMED for booking in bookings):
        raise HoldOver
    return bookings


def _begin_payment(actor: Actor, held: Lines, method: str, context: BookingContext) -> charging.Begun:
    """Record the attempt and pin the nights: from here on they do not end by time.

    `held` are the holds as they were looked at. Raises PriceChanged where they cost something else by now,
    PaymentInProgress where somebody pays at this moment or has paid, PaymentFailed where the card has just been
    declined, HoldOver where the nights can be lost.
    """
    for _ in range(TIMES_LOOKED_AT):
        try:
            return _begin_payment_of(actor, held, method, context)
        except BookingModified:
            seen, held = held, _looked_at_again(held)
            charging.refuse_if_declined_since(lines.first(held), method, lines.first(seen).version)
    raise PaymentInProgress  # whoever changes it all the time pays for it, too


@reading
def _looked_at_again(seen: Lines) -> Lines:
    held = lines.held(tuple(repository.booking(booking.id) for booking in seen))
    if (lines.total(held), held[0].currency) != (lines.total(seen), seen[0].currency):
        raise PriceChanged
    return held


@transaction
def _begin_payment_of(actor: Actor, held: Lines, method: str, context: BookingContext) -> charging.Begun:
    """Raises BookingModified where the hold is not as it was looked at."""
    bookings = tuple(map(repository.as_seen, lines.held(held)))
    due = charging.mark_paying(actor, bookings)
    for booking in bookings:
        inventory.pin_nights_or_refuse(booking.id, booking.nights, HoldOver())
    return charging.Begun(bookings, payments.start_charge(due, method=method, context=context))


# --- cancel and expire


def _close_page_of_change(actor: Actor, booking_id: uuid.UUID, context: BookingContext) -> None:
    """Raises CancelledDuringChange where somebody is charged for a change at this moment, or nobody can say."""
    awaited = change_charging.find_awaited(booking_id)
    if awaited is None:
        raise CancelledDuringChange
    try:
        change_charging.close_page(actor, awaited, context)
    except ChangeUnderWay:
        raise CancelledDuringChange from None


@transaction(isolation=READ_COMMITTED)
def _cancel(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    seen_version: int | None,
    seen_refund: Decimal | None,
    decided: Decided | None,
) -> tuple[Booking, list[Payment]]:
    booking = permitted(actor, Action.CANCEL_BOOKING, booking_id, lock=True)
    if seen_version is not None and seen_version != booking.version:
        raise BookingModified
    cancellation.refuse_unless_possible(booking)
    if booking.status == CONFIRMED:
        change_outcomes.make_way_for_cancel(actor, booking)
    order = payments.lock_order(booking.order_id)
    terms = cancellation.terms_as_seen(booking, order, seen_refund) if booking.status == CONFIRMED else None
    if decided:
        terms = refund_decisions.decide(actor, booking, order, terms, decided)
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


def permitted(actor: Actor, action: Action, booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    """A booking with which the actor may do this, inside the caller's transaction; others do not exist.

    Raises BookingNotFound.
    """
    booking = repository.booking(booking_id, lock=lock)
    people.require(actor, action, own=booking.user_id, at=booking.property_id, otherwise=BookingNotFound)
    return booking


def permitted_order(actor: Actor, action: Action, *, beside: uuid.UUID) -> Lines:
    """All bookings of the order that this one is in, for looking; like permitted()."""
    bookings = repository.beside(beside)
    if not bookings:
        raise BookingNotFound
    one = bookings[0]  # all are the same guest's, at the same property
    people.require(actor, action, own=one.user_id, at=one.property_id, otherwise=BookingNotFound)
    return bookings


@reading
def get(actor: Actor, booking_id: uuid.UUID) -> Booking:
    """A booking that the actor may see, for looking. Raises BookingNotFound."""
    return permitted(actor, Action.SEE_BOOKING, booking_id)
