"""The nights that are taken, and the blocks that take some off sale. Global: every region sees the same.

held: for a guest who has not paid yet, until `held_until`. pinned: while a payment is under way, and until it has an
outcome; a pinned night does not end by time. booked: paid. blocked: taken off sale.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from booking.domain.columns import CreatedAt, Id, Name, one_of
from booking.infra.db import Model
from booking.infra.homes import GLOBAL

HELD, PINNED, BOOKED, BLOCKED = NIGHT_STATES = ("held", "pinned", "booked", "blocked")
STAFF, FEED = BLOCK_SOURCES = ("staff", "feed")


class Availability(Model):
    """A night of a room that is not free. A night without a row is free; the primary key sells it once."""

    __tablename__ = "availability"
    __table_args__ = (
        CheckConstraint(one_of("state", NIGHT_STATES), name="state_known"),
        CheckConstraint("(state IN ('held', 'pinned')) = (held_until IS NOT NULL)", name="hold_ends"),
        # Counts a location's taken nights without touching the table.
        Index("ix_availability_location_night", "location", "night", postgresql_include=["room_id"]),
        Index("ix_availability_claim_id", "claim_id", postgresql_where=text("claim_id IS NOT NULL")),
        # Only nights that are held or pinned stand in it: sweeper and search find run-out ones without reading history.
        # It is for those that say has_end(). Without such a word, Postgres took it for payments as well, since it is so
        # small; each then read the holds of all others, and under SERIALIZABLE they made each other try again.
        # Its price: booking a pinned night is no HOT update.
        Index("ix_availability_held", "held_until", postgresql_where=text("held_until < 'infinity'")),
        {"postgresql_with": {"fillfactor": 85}, "info": GLOBAL},
    )

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    night: Mapped[dt.date] = mapped_column(primary_key=True)
    location: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(8))
    # A booking's, or a block's. No foreign key: the booking may live in another region. A trigger gives a block to what
    # the version before this column was always set takes off sale.
    claim_id: Mapped[uuid.UUID]
    # Of a night that goes with that of a whole which contains the room: the whole. It is the room that was claimed.
    whole_id: Mapped[uuid.UUID | None]
    held_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Block(Model):
    """Nights of a room that are not for sale, whether the house wants them itself or a calendar feed has sold them.

    Its id is the claim of its nights. `uid` is what the source calls it, `created_by` the actor.
    """

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("check_in < check_out", name="stay_has_nights"),
        CheckConstraint(one_of("source", BLOCK_SOURCES), name="source_known"),
        CheckConstraint("source <> 'feed' OR uid IS NOT NULL", name="feed_has_uid"),
        UniqueConstraint("room_id", "source", "uid"),
        Index("ix_blocks_check_out", "check_out"),  # by age, for pruning
        {"info": GLOBAL},
    )

    id: Mapped[Id]
    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"))
    check_in: Mapped[dt.date]
    check_out: Mapped[dt.date]
    reason: Mapped[Name]
    source: Mapped[str] = mapped_column(String(8))
    uid: Mapped[str | None] = mapped_column(String(255))
    created_by: Mapped[Name]
    created_at: Mapped[CreatedAt]

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


class LiftedBlock(Model):
    """Why a block of staff's was there that is gone (lifted_blocks.py)."""

    __tablename__ = "lifted_blocks"
    __table_args__ = (Index("ix_lifted_blocks_check_out", "check_out"), {"info": GLOBAL})  # by age, for pruning

    block_id: Mapped[Id]
    check_out: Mapped[dt.date]
    reason: Mapped[Name]


def has_end(held_until: InstrumentedAttribute[Any] | Column[Any]) -> ColumnElement[bool]:
    """True of nights that are held or pinned: the condition that ix_availability_held is asked by."""
    return held_until < literal_column("'infinity'::timestamptz")
