"""Rooms that belong together: identical units, and wholes that contain others. Global, as rooms are."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Name
from booking.infra.db import Model
from booking.infra.homes import GLOBAL


class UnitGroup(Model):
    """Identical units of a property: guests see one of them, by the group's name, and get any.

    What they have in common is copied to all by a trigger, whoever edits one (units.SHARED).
    """

    __tablename__ = "unit_groups"
    __table_args__ = (
        CheckConstraint("name <> ''", name="named"),
        UniqueConstraint("property_id", "name"),
        UniqueConstraint("id", "property_id"),  # so that no unit is of another house
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    property_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("properties.id"))
    name: Mapped[Name]
    created_at: Mapped[CreatedAt]


class RoomPart(Model):
    """A room or bed that a whole contains, also one within another: one cannot be sold while the other is.

    A trigger keeps `rooms.is_whole`.
    """

    __tablename__ = "room_parts"
    __table_args__ = (
        CheckConstraint("whole_id <> part_id", name="not_itself"),
        Index("ix_room_parts_part_id", "part_id"),
        {"info": GLOBAL},
    )

    whole_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True)
