"""A guest's own bookings, for looking."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select

from booking.domain import bookings
from booking.domain.models import Booking
from booking.domain.models.bookings import EXPIRED, PENDING
from booking.infra.clock import sql_now
from booking.infra.db import db, reading


@dataclass(frozen=True, slots=True)
class History:
    """One page of bookings, newest first."""

    bookings: list[Booking]
    page: int
    page_size: int
    total: int


@reading
def mine(guest_id: uuid.UUID, *, status: str | None, page: int, page_size: int) -> History:
    """The guest's bookings; `status` is the one that is shown, so a hold that ran out counts as EXPIRED."""
    where = [Booking.user_id == guest_id, *([_shown_as(status)] if status else [])]
    newest = select(Booking).where(*where).order_by(Booking.created_at.desc(), Booking.id.desc())
    rows = db.session.scalars(newest.limit(page_size).offset((page - 1) * page_size)).all()
    total = db.session.scalar(select(func.count()).select_from(Booking).where(*where))
    return History(list(rows), page, page_size, total or 0)


@reading
def one(guest_id: uuid.UUID, booking_id: uuid.UUID) -> Booking:
    """The guest's own booking; raises BookingNotFound."""
    return bookings.owned(guest_id, booking_id)


def _shown_as(status: str) -> ColumnElement[bool]:
    run_out = and_(Booking.status == PENDING, Booking.held_until <= sql_now())
    if status == PENDING:
        return and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now()))
    return or_(Booking.status == EXPIRED, run_out) if status == EXPIRED else Booking.status == status
