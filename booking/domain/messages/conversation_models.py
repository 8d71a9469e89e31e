"""What a guest and the house write to each other about a booking."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, one_of
from booking.infra.db import Model
from booking.infra.homes import REGIONAL

BY_GUEST, BY_HOUSE = MESSAGE_AUTHORS = ("guest", "house")
LONGEST = 4000  # characters


class GuestMessage(Model):
    """One message, by the guest or by the house (`author`); `author_id` is the account that wrote it, if one did.

    A guest's is open until it was answered, or somebody has said that it needs no answer (`settled_at`).
    """

    __tablename__ = "guest_messages"
    __table_args__ = (
        CheckConstraint(one_of("author", MESSAGE_AUTHORS), name="author_known"),
        CheckConstraint("text <> ''", name="says_something"),
        CheckConstraint("settled_at IS NULL OR author = 'guest'", name="only_guests_is_settled"),
        Index("ix_guest_messages_booking_id", "booking_id", "id"),
        Index("ix_guest_messages_property_id", "property_id", "id"),
        Index(
            "ix_guest_messages_open",
            "property_id",
            "booking_id",
            postgresql_where=text("author = 'guest' AND settled_at IS NULL"),
        ),
        {"info": REGIONAL},
    )

    id: Mapped[Id]
    booking_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bookings.id", ondelete="CASCADE"))
    property_id: Mapped[uuid.UUID]
    author: Mapped[str] = mapped_column(String(8))
    author_id: Mapped[uuid.UUID | None]  # no foreign key: what was written stays, whatever becomes of the account
    text: Mapped[str] = mapped_column(String(LONGEST))
    created_at: Mapped[CreatedAt]
    settled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
