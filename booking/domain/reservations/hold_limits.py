"""Holds: nights kept for a guest who has not paid yet. How many one guest may have at a time, and how they end."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection

from sqlalchemy import Text, and_, bindparam, func, or_, select

from booking.domain import inventory
from booking.domain.actors import Actor
from booking.domain.errors import TooManyHolds
from booking.domain.reservations import changes, repository
from booking.domain.reservations.models import PENDING, Booking
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, execute, fetch, transaction
from booking.infra.prepared import often

# A hold whose payment is under way runs on without an end of its own.
RUNNING = and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now()))
# No hold runs for longer than a day, so the guest's newest bookings by their index are enough. By Postgres' own clock,
# as the column is.
_YOUNG = Booking.created_at > func.now() - dt.timedelta(days=2)
_RUNNING_OF = often(select(Booking.order_id).where(Booking.user_id == bindparam("guest_id"), _YOUNG, RUNNING))
_ONE_AT_A_TIME = often(select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("guest", type_=Text), 0))))
_OVER = (
    repository.BOOKINGS.where(Booking.status == PENDING, Booking.held_until <= sql_now())
    .order_by(Booking.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)


def one_at_a_time(guest_id: uuid.UUID) -> None:
    """Until the running transaction ends, the guest's other new holds wait here.

    What they look up with `fetch` afterwards shows this one. It is no part of the transaction: as one it would set
    guests against each other, since SERIALIZABLE guards whole pages of an index, and neighbours share them.
    """
    execute(_ONE_AT_A_TIME, {"guest": f"holds of {guest_id}"})


def refuse_another(guest_id: uuid.UUID, most: int, making_way: Collection[uuid.UUID] = ()) -> None:
    """Raise TooManyHolds where the guest has `most` running holds, paid for at this moment or not; one order is one.

    Orders `making_way` in the running transaction do not count. It holds where two come at once, after one_at_a_time().
    """
    running = {row.order_id for row in fetch(_RUNNING_OF, guest_id=guest_id)}
    if len(running.difference(making_way)) >= most:
        raise TooManyHolds


@transaction(isolation=READ_COMMITTED)
def expire(actor: Actor, limit: int) -> int:
    """Free the nights of holds that are over, and those whose booking never came. Returns how many bookings expired."""
    expired = repository.find(_OVER, {"limit": limit})
    for booking in expired:
        inventory.release_held_nights(actor, booking.id)
        booking.expire()
        repository.save(booking)
        changes.record(actor, "booking.expired", booking, before=PENDING)
    inventory.release_abandoned_nights(actor)
    return len(expired)
