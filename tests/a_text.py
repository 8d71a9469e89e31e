"""Text messages for tests: a number that may be texted, and one that could not be sent."""

from __future__ import annotations

import uuid

from sqlalchemy import update

from booking.domain import messages, texting
from booking.domain.tables import Booking, Delivery, SentText
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import SYSTEM

NUMBER, ANOTHER = "+32471234567", "+46701740605"


def text_given_up(booking_id: uuid.UUID, property_id: uuid.UUID) -> uuid.UUID:
    """The event of a text message about this booking that was composed, and given up."""
    made = _recorded(booking_id, property_id)
    messages.relay_events()
    _give_up(made, booking_id)
    return made


@transaction
def _recorded(booking_id: uuid.UUID, property_id: uuid.UUID) -> uuid.UUID:
    booking = db.session.get_one(Booking, booking_id)
    facts = {
        "bookingId": encode("booking", booking_id),
        "propertyId": encode("property", property_id),
        "userId": encode("user", booking.user_id) if booking.user_id else "",
        "checkIn": booking.check_in.isoformat(),
    }
    return messages.record(SYSTEM, texting.ARRIVAL_NEAR, facts)


@transaction
def _give_up(event_id: uuid.UUID, booking_id: uuid.UUID) -> None:
    booking = db.session.get_one(Booking, booking_id)
    said = {"number": NUMBER, "text": "Check-in is tomorrow.", "segments": 1}
    about = {"user_id": booking.user_id, "booking_id": booking_id, "property_id": booking.property_id}
    db.session.add(SentText(event_id=event_id, kind=texting.ARRIVAL_NEAR, **about, **said))
    mine = update(Delivery).where(Delivery.event_id == event_id, Delivery.consumer == texting.TEXT)
    db.session.execute(mine.values(state="failed", error="refused: 21211"))
