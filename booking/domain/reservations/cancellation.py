"""Whether a booking can be cancelled now, what comes back, and the move itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from booking.domain import inventory, pricing
from booking.domain.actors import Actor
from booking.domain.errors import (
    AlreadyCancelled,
    CancelledDuringPayment,
    HoldRanOut,
    RefundChanged,
    StayHasBegun,
    StayIsOver,
)
from booking.domain.money import as_text
from booking.domain.payments import Order
from booking.domain.reservations import changes, repository
from booking.domain.reservations.models import CANCELLED, CONFIRMED, EXPIRED, PENDING, Booking, Lines
from booking.infra import clock


def refuse_unless_possible(booking: Booking) -> None:
    """A guest may cancel a hold that runs and a confirmed stay that has not begun.

    Raises BookingNotCancellable, as the one of its kinds that says why.
    """
    if booking.status == PENDING and booking.held_until is None:
        raise CancelledDuringPayment
    shown, now = shown_status(booking), clock.now()
    if shown == CANCELLED:
        raise AlreadyCancelled
    if shown == EXPIRED:
        raise HoldRanOut
    begins = pricing.check_in_instant(booking.policy, booking.check_in)
    if shown == CONFIRMED and (booking.checked_in_at or now >= begins):
        raise StayIsOver if now >= booking.departure else StayHasBegun


@dataclass(frozen=True, slots=True)
class Terms:
    """What a cancellation means: the house keeps `kept` of the price, `refund` comes back."""

    kept: Decimal
    refund: Decimal


def terms_now(booking: Booking, order: Order) -> Terms:
    """If the booking is cancelled now: a policy says what is kept; what was paid beyond comes back, never below 0.

    What the order's other bookings cost stays owed, and paid.
    """
    price = booking.total_price
    waived = pricing.refund_of(booking.policy, booking.check_in, price, booking.currency, clock.now())
    beyond = order.net_paid - (order.owed - waived)
    return Terms(price - waived, max(Decimal(0), min(waived, beyond)))


def due_after(booking: Booking, order: Order, terms: Terms) -> Decimal:
    """What the order would still have to pay then."""
    return max(Decimal(0), owed_after(booking, order, terms) - (order.net_paid - terms.refund) - order.waived)


def owed_after(booking: Booking, order: Order, terms: Terms) -> Decimal:
    """What it would cost then."""
    return order.owed - booking.total_price + terms.kept


def is_by_policy(booking: Booking) -> bool:
    """Whether the house keeps of a cancelled booking what its policy says, and has not decided otherwise."""
    if booking.kept is None or booking.cancelled_at is None:
        return True
    sold = booking.policy, booking.check_in, booking.total_price, booking.currency
    return booking.kept == booking.total_price - pricing.refund_of(*sold, booking.cancelled_at)


def refund_until(booking: Booking) -> dt.datetime | None:
    """Until when terms_now() stay as they are, in the property's zone; None where nothing comes back any more."""
    now = clock.now()
    ahead = pricing.refund_outlook(booking.policy, booking.check_in, booking.total_price, booking.currency)
    return next((one.until for one in ahead if now < one.until), None)


def terms_as_seen(booking: Booking, order: Order, seen: Decimal | None) -> Terms:
    """The same, held against the refund that somebody was shown; raises RefundChanged (a deadline has just passed)."""
    terms = terms_now(booking, order)
    if seen is not None and seen != terms.refund:
        raise RefundChanged
    return terms


def close(actor: Actor, booking: Booking, terms: Terms | None, *, unpaid: bool = False) -> None:
    """Cancel inside the caller's transaction, which has released the nights; None where nothing was paid. `unpaid`: the
    rest of a deposit was not paid in time.
    """
    before, was_confirmed = booking.status, booking.status == CONFIRMED
    refund, kept = (terms.refund, terms.kept) if terms else (None, None)
    booking.cancel(clock.now(), refund, kept)
    repository.save(booking)
    owed = None if refund is None else as_text(refund, booking.currency)
    facts: dict[str, Any] = {"wasConfirmed": was_confirmed, "refundAmount": owed}
    if unpaid:
        facts["unpaid"] = True
    changes.record(actor, "booking.cancelled", booking, before=before, **facts)


def give_back(actor: Actor, held: Lines) -> None:
    """The nights of holds, inside the caller's transaction, which has locked them; nothing was paid."""
    for booking in held:
        inventory.release_nights(actor, booking.id)
        close(actor, booking, None)


def shown_status(booking: Booking) -> str:
    """A hold that ran out is EXPIRED for everybody who looks, also before the sweeper comes by."""
    run_out = booking.status == PENDING and booking.held_until is not None and booking.held_until <= clock.now()
    return EXPIRED if run_out else booking.status
