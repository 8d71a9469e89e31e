"""What guests have shown at the desk: sealed, and kept for no longer than it has to be."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, UpdatedAt
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class GuestRegister(Model):
    """Of the guests of one booking. `sealed` opens with a key that is not in the database.

    `filled` is of how many of them all is known that their country asks.
    """

    __tablename__ = "guest_registers"
    __table_args__ = (
        CheckConstraint("filled >= 0", name="filled_counted"),
        CheckConstraint("version >= 1", name="version_counted"),
        {"info": REGIONAL},
    )

    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    filled: Mapped[int]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    recorded_by: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
