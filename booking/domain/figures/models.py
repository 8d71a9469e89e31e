"""What figures are counted from: what each booking has of a month, and which nights were off sale."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Numeric, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import Amount, Currency, Instant
from booking.infra.db import Model
from booking.infra.homes import GLOBAL, REGIONAL


class SoldMonth(Model):
    """The nights of a booking that are of one month and in one room, as sold_nights.py counts them.

    Of bookings that were confirmed once; the worker writes it anew after every change (keeping.py). What is of the
    whole stay stands where the stay begins alone: `stay_nights`, `lead_days` (None also where nobody knows when it was
    booked), `kept` of a cancelled one, `is_missed`.
    """

    __tablename__ = "sold_months"
    __table_args__ = (
        CheckConstraint("nights > 0 AND revenue >= 0", name="has_nights"),
        Index("ix_sold_months_property_id_month", "property_id", "month"),
        {"info": REGIONAL},
    )

    # No foreign key: bookings that were confirmed stay for good.
    booking_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)  # its first day
    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    property_id: Mapped[uuid.UUID]
    channel: Mapped[str] = mapped_column(String(8))
    currency: Mapped[Currency]
    nights: Mapped[int] = mapped_column(SmallInteger)
    revenue: Mapped[Amount]
    confirmed_at: Mapped[Instant]
    cancelled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    stay_nights: Mapped[int | None] = mapped_column(SmallInteger)
    lead_days: Mapped[int | None]
    kept: Mapped[Decimal | None] = mapped_column(Numeric(15, 3))
    is_missed: Mapped[bool]


class BlockedMonth(Model):
    """How many nights of a past month a room was off sale: blocks are forgotten some time after their end."""

    __tablename__ = "blocked_months"
    __table_args__ = (CheckConstraint("nights > 0", name="has_nights"), {"info": GLOBAL})

    room_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    nights: Mapped[int] = mapped_column(SmallInteger)


class FiguresProgress(Model):
    """How far the worker has come: the last event that it has followed, when that was, and while all bookings are
    counted for the first time, the last one of them (None: all are).
    """

    __tablename__ = "figures_progress"
    __table_args__ = (CheckConstraint("id = 1", name="is_one"), {"info": REGIONAL})

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    event_id: Mapped[uuid.UUID]
    booking_id: Mapped[uuid.UUID | None]
    counted_at: Mapped[Instant]
