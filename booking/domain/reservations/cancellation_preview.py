"""What cancelling a booking now would mean, for staff who know it by the reference that its guest told them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import spelling
from booking.domain.actors import Actor
from booking.domain.errors import UnknownBooking
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import cancellation, references, refund_decisions
from booking.domain.reservations.models import CONFIRMED
from booking.domain.reservations.refund_decisions import Decided
from booking.domain.stays import Stay
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
    paid: Decimal  # of the price
    still_due: Decimal  # what its order would owe then


@reading
def preview(actor: Actor, reference: str, decided: Decided | None = None) -> CancellationPreview:
    """By a reference in any case, with or without spaces and dashes, or by a booking's id.

    Raises UnknownBooking, also where the actor may not cancel it; BookingNotCancellable; Invalid where
    what is `decided` instead cannot be.
    """
    booking = references.find(reference)
    if booking is None or not references.may(actor, Action.CANCEL_BOOKING, booking):
        hint = spelling.perhaps_meant(references.close(actor, Action.CANCEL_BOOKING, reference))
        raise UnknownBooking(reference=reference, hint=hint)
    cancellation.refuse_unless_possible(booking)
    order = db.session.get_one(Order, booking.order_id)
    terms = cancellation.terms_now(booking, order) if booking.status == CONFIRMED else None
    if decided is not None:
        refund_decisions.checked(booking, order, terms, decided)
    return CancellationPreview(
        booking.id,
        booking.version,
        booking.reference,
        booking.room_name,
        booking.property_name,
        Stay(booking.check_in, booking.check_out),
        booking.total_price,
        booking.currency,
        terms.refund if terms else None,
        min(booking.total_price, order.net_paid),
        cancellation.due_after(booking, order, terms) if terms else Decimal(0),
    )
