"""What cancelling a booking now would mean, for staff who know it by the reference that its guest told them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from booking.domain import people, spelling
from booking.domain.actors import Actor
from booking.domain.errors import UnknownBooking
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import cancellation
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.domain.stays import Stay
from booking.infra import ids
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class CancellationPreview:
    """A booking, and what comes back of its price if it is cancelled now; None for a hold, which nobody has paid."""

    booking_id: uuid.UUID
    version: int
    reference: str
    room: str
    property: str
    stay: Stay
    price: Decimal
    currency: str
    refund: Decimal | None


@reading
def preview(actor: Actor, reference: str) -> CancellationPreview:
    """By a reference in any case, with or without spaces and dashes, or by a booking's id.

    Raises UnknownBooking, also where the actor may not cancel it; BookingNotCancellable.
    """
    booking = _find(reference)
    if booking is None or not _may_cancel(actor, booking):
        raise UnknownBooking(reference=reference, hint=spelling.perhaps_meant(_close(actor, reference)))
    cancellation.refuse_unless_possible(booking)
    order = db.session.get_one(Order, booking.order_id)
    return CancellationPreview(
        booking.id,
        booking.version,
        booking.reference,
        booking.room_name,
        booking.property_name,
        Stay(booking.check_in, booking.check_out),
        booking.total_price,
        booking.currency,
        cancellation.terms_now(booking, order).refund if booking.status == CONFIRMED else None,
    )


def _find(reference: str) -> Booking | None:
    if booking_id := ids.decode("booking", reference.strip()):
        return db.session.get(Booking, booking_id)
    return db.session.scalars(select(Booking).where(Booking.reference == _plain(reference))).one_or_none()


def _close(actor: Actor, reference: str) -> list[str]:
    """References of bookings that the actor may cancel, one slip away."""
    slips = select(Booking).where(Booking.reference.in_(set(_slips(_plain(reference))))).order_by(Booking.reference)
    found = [booking.reference for booking in db.session.scalars(slips) if _may_cancel(actor, booking)]
    return found[: spelling.MOST]


def _may_cancel(actor: Actor, booking: Booking) -> bool:
    return people.may(actor, Action.CANCEL_BOOKING, own=booking.user_id, at=booking.property_id)


def _plain(reference: str) -> str:
    return "".join(sign for sign in reference if sign.isalnum()).upper()


def _slips(text: str) -> Iterator[str]:
    """What was meant by whoever took one character for another, left one out, added one, or swapped two."""
    if abs(len(text) - ids.REFERENCE_LENGTH) > 1:
        return
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in ids.SPOKEN:
            yield before + letter + after[1:]
            yield before + letter + after
