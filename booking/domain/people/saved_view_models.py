"""What somebody at the desk often looks for, by a name of their own."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Json
from booking.infra.db import Model
from booking.infra.homes import REGIONAL


class SavedView(Model):
    """A filter of the list of bookings: what its address asks for, by the names of its fields."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("user_id", "name"), {"info": REGIONAL})

    id: Mapped[Id]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[Json]
    created_at: Mapped[CreatedAt]
