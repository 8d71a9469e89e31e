"""What searches read of rated rooms: prices and limits as rules make them, so that Postgres adds them up.

The worker writes these rows from the rules (projection.py); nothing is decided on them. What a stay is held to from the
day of its arrival is the same for most rooms of a property: those with the same rules and limits of their own share one
set of terms (`rooms.terms_id`), and a search works it out once for all of them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Index, Integer, Numeric, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from booking.domain.columns import JsonList
from booking.infra.db import Model
from booking.infra.homes import GLOBAL


class RoomCalendar(Model):
    """A room's month. `sums` has an entry for each day: what the nights before it cost, counted from the first month.

    So nights cost the difference of two entries: in minor units, without what guests change. `lowest` is the cheapest
    night of all months. `version` is the property's rates version.
    """

    __tablename__ = "room_calendar"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="first_of_month"),
        CheckConstraint(
            "cardinality(prices) BETWEEN 28 AND 31 AND cardinality(terms) = cardinality(prices)"
            " AND cardinality(departures) = cardinality(prices)",
            name="whole_month",
        ),
        CheckConstraint(
            "prices IS NOT NULL OR (cardinality(sums) BETWEEN 28 AND 31 AND lowest IS NOT NULL)", name="whole_sums"
        ),
        {"info": GLOBAL},
    )

    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    version: Mapped[int]
    sums: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    lowest: Mapped[int | None] = mapped_column(BigInteger)
    # The version before writes these three instead, and RateTerms.
    prices: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    terms: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    departures: Mapped[list[bool] | None] = mapped_column(ARRAY(Boolean))


class TermsMonth(Model):
    """A month of a set of terms, an entry for each of its days.

    `terms` number what a stay from that day is held to (StayTerms), `departures` say whether one may leave on it.
    """

    __tablename__ = "stay_terms_months"
    __table_args__ = (
        CheckConstraint(
            "cardinality(terms) BETWEEN 28 AND 31 AND cardinality(departures) = cardinality(terms)", name="whole_month"
        ),
        Index("ix_stay_terms_months_month_property_id", "month", "property_id"),
        {"info": GLOBAL},
    )

    terms_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    month: Mapped[dt.date] = mapped_column(primary_key=True)
    property_id: Mapped[uuid.UUID]
    version: Mapped[int]
    terms: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    departures: Mapped[list[bool]] = mapped_column(ARRAY(Boolean))


class StayTerms(Model):
    """What stays from some days are held to, and what they cost more or less than their nights.

    A night is for `included` guests; each one beyond costs `extra` more and each one fewer takes `fewer` off, in minor
    units. Percents are hundredths, off the sum of the nights. `charge_*`: an entry for each fee and tax, as
    compiling.py makes them and with_charges() in Postgres adds them. `plans`: what else the stay can be had on, the
    cheapest first, as plans.found_terms() says it.
    """

    __tablename__ = "stay_terms"
    __table_args__ = (
        CheckConstraint("cardinality(length_nights) = cardinality(length_percents)", name="steps_complete"),
        CheckConstraint(
            "cardinality(charge_nights) = cardinality(charge_values)"
            " AND cardinality(charge_guests) = cardinality(charge_values)"
            " AND cardinality(charge_bases) = cardinality(charge_values)",
            name="charges_complete",
        ),
        CheckConstraint("cardinality(child_ages) = cardinality(child_amounts)", name="bands_complete"),
        {"info": GLOBAL},
    )

    terms_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    min_nights: Mapped[int]
    max_nights: Mapped[int]
    closed_to_arrival: Mapped[bool]
    notice_days: Mapped[int]
    horizon_days: Mapped[int]
    included: Mapped[int]
    extra: Mapped[int] = mapped_column(BigInteger)
    fewer: Mapped[int] = mapped_column(BigInteger)
    length_nights: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    length_percents: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    early_days: Mapped[int]
    early_percent: Mapped[int]
    late_days: Mapped[int]
    late_percent: Mapped[int]
    charge_values: Mapped[list[Decimal]] = mapped_column(ARRAY(Numeric), server_default=text("'{}'"))
    charge_nights: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    charge_guests: Mapped[list[bool]] = mapped_column(ARRAY(Boolean), server_default=text("'{}'"))
    charge_bases: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    plans: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))
    # From what age on; empty as the version before writes it.
    charge_ages: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    # What each comes to at most, in minor units, for each guest where it counts by guests; empty where none has a cap.
    charge_caps: Mapped[list[int | None]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))
    # What children up to these ages cost where they are beyond the `included` guests, by age.
    child_ages: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"))
    child_amounts: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'"))


class RateTerms(Model):
    """As the version before writes and reads them: of each room by itself. Deleted where a room is rebuilt."""

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
