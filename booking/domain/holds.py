"""Holds: nights kept for a guest who has not paid yet. How many one guest may have at a time, and how they end."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import and_, bindparam, func, or_, select

from booking.domain import availability, events, records
from booking.domain.errors import TooManyHolds
from booking.domain.happenings import booking_facts
from booking.domain.models import Booking
from booking.domain.models.bookings import PENDING
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, execute, transaction

# A hold whose payment is under way runs on without an end of its own.
RUNNING = and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now()))
# No hold runs for longer than a day, so the guest's newest bookings by their index are enough. By Postgres' own clock,
# as the column is.
_YOUNG = Booking.created_at > func.now() - dt.timedelta(days=2)
_RUNNING_OF = select(func.count()).where(Booking.user_id == bindparam("guest_id"), _YOUNG, RUNNING)
_OVER = (
    records.BOOKINGS.where(Booking.held_until <= sql_now())
    .order_by(Booking.held_until)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


def refuse_another(guest_id: uuid.UUID, most: int) -> None:
    """Raise TooManyHolds where the guest has `most` running holds, paid for at this moment or not.

    Inside the SERIALIZABLE transaction that makes the next one: two at once have read each other's past, and one of
    them is tried again.
    """
    if execute(_RUNNING_OF, {"guest_id": guest_id}).column[0] >= most:
        raise TooManyHolds


@transaction(isolation=READ_COMMITTED)
def expire(limit: int) -> int:
    """Free the nights of holds that are over, and those whose booking never came. Returns how many bookings expired."""
    expired = records.find(_OVER, {"limit": limit})
    for booking in expired:
        availability.release(booking.id)
        booking.expire()
        records.save(booking)
        events.record("booking.expired", booking_facts(booking))
    availability.release_abandoned()
    return len(expired)
