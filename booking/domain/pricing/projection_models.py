"""What searches read of rated rooms: prices and limits as rules make them, so that Postgres adds them up.

The worker writes these rows from the rules (projection.py); nothing is decided on them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Numeric, SmallInteger, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.infra.db import Model
from booking.infra.homes import GLOBAL


class RoomCalendar(Model):
    """A room's month, an entry for each of its days.

    `prices` are in minor units, without what guests change; `terms` number what a stay from that day is held to;
    `departures` say whether one may leave on it. `version` is the property's rates version.
    """

    __tablename__ = "room_calendar"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="first_of_month"),
        CheckConstraint(
            "cardinality(prices) BETWEEN 28 AND 31 AND cardinality(terms) = cardinality(prices)"
            " AND cardinality(departures) = cardinality(prices)",
            name="whole_month",
        ),
        {"info": GLOBAL},
    )

    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    version: Mapped[int]
    prices: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    terms: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    departures: Mapped[list[bool]] = mapped_column(ARRAY(Boolean))


class RateTerms(Model):
    """What stays from some days of a room are held to, and what they cost more or less than their nights.

    `by_guests`: what a night changes for 1, 2, ... guests, in minor units. Percents are off the sum of the nights.
    """

    __tablename__ = "rate_terms"
    __table_args__ = (
        CheckConstraint("cardinality(length_nights) = cardinality(length_percents)", name="steps_complete"),
        {"info": GLOBAL},
    )

    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    min_nights: Mapped[int]
    max_nights: Mapped[int]
    closed_to_arrival: Mapped[bool]
    notice_days: Mapped[int]
    horizon_days: Mapped[int]
    by_guests: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    length_nights: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    length_percents: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric(5, 2)))
    early_days: Mapped[int]
    early_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    late_days: Mapped[int]
    late_percent: Mapped[Decimal] = mapped_column(Numeric(5, 2))
