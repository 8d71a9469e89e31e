"""The table of photos. Global, as rooms are; the files are elsewhere (booking/infra/storage.py)."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Instant, UpdatedAt, one_of
from booking.infra.db import Model
from booking.infra.homes import GLOBAL

MADE_WITHIN = dt.timedelta(minutes=15)  # its sizes: of one some seconds, of two hundred that come at once some minutes
WAITING, READY, FAILED = STATES = ("waiting", "ready", "failed")
UNREADABLE, LOST, BROKEN = PROBLEMS = ("unreadable", "lost", "broken")


class Photo(Model):
    """Waiting for the worker, ready to be seen, or failed: then `problem` says why, one of PROBLEMS."""

    __tablename__ = "photos"
    __table_args__ = (
        CheckConstraint("num_nonnulls(room_id, property_id) = 1", name="of_one_place"),
        CheckConstraint(one_of("state", STATES), name="state_known"),
        CheckConstraint(
            "(state = 'ready') = (cardinality(widths) > 0 AND width IS NOT NULL AND height IS NOT NULL)",
            name="ready_is_made",
        ),
        CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name="failed_says_why"),
        UniqueConstraint("room_id", "content_hash"),
        UniqueConstraint("property_id", "content_hash"),
        Index("ix_photos_content_hash", "content_hash"),
        Index("ix_photos_storage_key", "storage_key"),
        Index("ix_photos_waiting", "next_at", postgresql_where=text("state = 'waiting'")),
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    room_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"))
    property_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("properties.id", ondelete="CASCADE"))
    position: Mapped[int]  # the smallest is the cover
    alt: Mapped[str] = mapped_column(String(300), default="", server_default="")  # empty: nobody has described it yet
    file_name: Mapped[str] = mapped_column(String(255))  # as it was called where it came from
    content_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of what was sent
    storage_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default=WAITING, server_default=WAITING)
    problem: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None]  # of the largest size, in pixels, turned as it is seen
    height: Mapped[int | None]
    widths: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list, server_default="{}")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_at: Mapped[Instant] = mapped_column(server_default=text("clock_timestamp()"))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]
