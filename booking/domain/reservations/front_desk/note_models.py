"""What staff writes down about a booking, for each other."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

LONGEST = 2000  # characters


class BookingNote(Model):
    """One remark; whoever wrote it (`author_id`, an account) may change it and take it away."""

    __tablename__ = "booking_notes"
    __table_args__ = (
        CheckConstraint("text <> ''", name="says_something"),
        Index("ix_booking_notes_booking_id", "booking_id", "id"),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"))
    author_id: Mapped[uuid.UUID]  # no foreign key: what was written stays, whatever becomes of the account
    text: Mapped[str] = mapped_column(String(LONGEST))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[CreatedAt]
    edited_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
