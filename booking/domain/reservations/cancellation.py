"""Whether a booking can be cancelled now, what comes back, and the move itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from booking.domain import pricing
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotCancellable, CancelledDuringPayment, RefundChanged
from booking.domain.reservations import changes, repository
from booking.domain.reservations.models import CONFIRMED, EXPIRED, PENDING, Booking
from booking.infra import clock


def refuse_unless_possible(booking: Booking) -> None:
    """A guest may cancel a hold that runs and a confirmed stay that has not begun; raises BookingNotCancellable."""
    if booking.status == PENDING and booking.held_until is None:
        raise CancelledDuringPayment
    begun = clock.now() >= pricing.check_in_instant(booking.policy, booking.check_in)
    if shown_status(booking) not in (PENDING, CONFIRMED) or (booking.status == CONFIRMED and begun):
        raise BookingNotCancellable


def refund_now(booking: Booking) -> Decimal:
    """What comes back if the booking is cancelled now."""
    return pricing.refund_of(booking.policy, booking.check_in, booking.total_price, booking.currency, clock.now())


def refund_until(booking: Booking) -> dt.datetime | None:
    """Until when refund_now() stays as it is, in the property's zone; None where nothing comes back any more."""
    now = clock.now()
    return next(
        (tier.until for tier in pricing.refund_tiers(booking.policy, booking.check_in) if now < tier.until), None
    )


def refund_as_seen(booking: Booking, seen: Decimal | None) -> Decimal:
    """The same, held against what somebody was shown; raises RefundChanged (a deadline has just passed)."""
    refund = refund_now(booking)
    if seen is not None and seen != refund:
        raise RefundChanged
    return refund


def close(actor: Actor, booking: Booking, refund: Decimal | None) -> None:
    """Cancel inside the caller's transaction, which has released the nights."""
    before, was_confirmed = booking.status, booking.status == CONFIRMED
    booking.cancel(clock.now(), refund)
    repository.save(booking)
    owed = None if refund is None else str(refund)
    facts = {"wasConfirmed": was_confirmed, "refundAmount": owed}
    changes.record(actor, "booking.cancelled", booking, before=before, **facts)


def shown_status(booking: Booking) -> str:
    """A hold that ran out is EXPIRED for everybody who looks, also before the sweeper comes by."""
    run_out = booking.status == PENDING and booking.held_until is not None and booking.held_until <= clock.now()
    return EXPIRED if run_out else booking.status
