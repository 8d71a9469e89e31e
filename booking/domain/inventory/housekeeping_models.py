"""What state a room is in, beside which of its nights are taken. Global, like the rooms."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Instant, Name, one_of
from booking.infra.db import Model
from booking.infra.homes import GLOBAL

CLEAN, DIRTY, INSPECTED, OUT_OF_ORDER = ROOM_STATUSES = ("clean", "dirty", "inspected", "out_of_order")


class RoomStatus(Model):
    """A room's state, since when, and by whom; a room without a row is clean: nobody has ever said otherwise.

    `block_id` is what keeps a room that is out of order off sale. `before` is what the state was, for as long as it
    can be undone: {"status", "since", "by"}, and where that was out of order, {"block": {"from", "to", "reason"}}.
    """

    __tablename__ = "room_statuses"
    __table_args__ = (
        CheckConstraint(one_of("status", ROOM_STATUSES), name="status_known"),
        CheckConstraint("block_id IS NULL OR status = 'out_of_order'", name="only_out_of_order_is_blocked"),
        # Blocks are deleted by the thousand when they are pruned: each would look for its room's status.
        Index("ix_room_statuses_block_id", "block_id", postgresql_where=text("block_id IS NOT NULL")),
        {"info": GLOBAL},
    )

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    since: Mapped[Instant]
    set_by: Mapped[Name]
    block_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("blocks.id", ondelete="SET NULL"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1, server_default="1")

    def become(self, status: str, by: str, at: dt.datetime, *, block_id: uuid.UUID | None = None) -> None:
        """Another state; what it was before is for the caller to keep."""
        self.status, self.set_by, self.since, self.block_id = status, by, at, block_id
        self.version = (self.version or 0) + 1
