"""Requests of guests about their own data, until they are settled and after."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

EXPORT, ERASURE = REQUEST_KINDS = ("export", "erasure")
OPEN, DONE, REFUSED = REQUEST_STATES = ("open", "done", "refused")


class DataRequest(Model):
    """A guest, named by one of their bookings, wants to have what is kept of them, or to have it erased.

    It says nothing of the guest itself, so that it can be kept when they are forgotten.
    """

    __tablename__ = "data_requests"
    __table_args__ = (
        CheckConstraint(one_of("kind", REQUEST_KINDS), name="kind_known"),
        CheckConstraint(one_of("state", REQUEST_STATES), name="state_known"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("due_on > asked_on", name="in_order"),
        Index("ix_data_requests_open", "due_on", "id", postgresql_where=text("state = 'open'")),
        Index(
            "uq_data_requests_open_of_booking",
            "booking_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_data_requests_booking_id", "booking_id"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id"))
    property_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(String(8))
    asked_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    note: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(8))
    made_by: Mapped[str] = mapped_column(String(255))
    settled_by: Mapped[str | None] = mapped_column(String(255))
    settled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[CreatedAt]
