"""One price for a stay: its short forms say the same, its lines add up to it, and what a booking keeps is read back."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from booking.domain import pricing
from booking.domain.pricing import Line, PriceLine
from booking.domain.pricing.calendar import ANY_GUESTS
from booking.domain.pricing.quotes import nights
from booking.domain.stays import Stay
from tests.cases import each
from tests.fuzz.examples import instants, many, stays
from tests.fuzz.test_money import CURRENCIES

NOW = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
WEEK = Stay(dt.date(2031, 5, 20), dt.date(2031, 5, 27))


NOBODYS = uuid.UUID(int=0)


@dataclass(frozen=True)
class Room:
    price_per_night: Decimal
    currency: str = "EUR"
    version: int = 1
    rates_version: int = 0
    id: uuid.UUID = NOBODYS
    property_id: uuid.UUID = NOBODYS
    kind: str | None = None
    unit_group_id: uuid.UUID | None = None
    time_zone: str = "UTC"


PRICES = st.decimals("0.001", "99999.999", places=3)
ROOMS = st.builds(Room, PRICES, CURRENCIES, st.integers(1, 9))


@many
@given(st.lists(ROOMS, max_size=20), stays(), st.integers(1, 9), instants)
def test_many_rooms_at_once_cost_what_each_is_quoted(
    rooms: list[Room], stay: Stay, guests: int, at: dt.datetime
) -> None:
    quotes = [pricing.quote(room, stay, guests, at) for room in rooms]
    assert pricing.totals(rooms, stay, guests, at) == [quote.total for quote in quotes]


@many
@given(ROOMS, st.dates(dt.date(2024, 1, 1), dt.date(2032, 1, 1)), st.integers(1, 9), instants)
def test_a_price_without_dates_is_that_of_any_night(room: Room, day: dt.date, guests: int, at: dt.datetime) -> None:
    one_night = pricing.quote(room, Stay(day, day + dt.timedelta(days=1)), guests, at)
    assert one_night.total == pricing.per_night(room.price_per_night, room.currency)


@many
@given(ROOMS, stays(), instants)
def test_a_calendar_says_of_each_night_what_a_stay_pays_for_it(room: Room, stay: Stay, at: dt.datetime) -> None:
    assert tuple(nights(room, stay.dates(), ANY_GUESTS, at)) == pricing.quote(room, stay, ANY_GUESTS, at).lines


@many
@given(ROOMS, stays(), st.integers(1, 9), instants)
def test_what_a_booking_keeps_is_what_was_quoted(room: Room, stay: Stay, guests: int, at: dt.datetime) -> None:
    quote = pricing.quote(room, stay, guests, at)
    assert pricing.kept_lines(json.loads(json.dumps(quote.as_json()))) == quote.lines
    assert sum(line.amount for line in quote.price_lines) == quote.total


def test_a_quote_says_for_whom_when_and_by_which_rule() -> None:
    quote = pricing.quote(Room(Decimal("99.995"), version=7), WEEK, 3, NOW)
    assert (quote.stay, quote.guests, quote.at, quote.currency) == (WEEK, 3, NOW, "EUR")
    assert quote.lines[0] == Line("night", WEEK.check_in, Decimal("100.00"), "base", 7)
    assert [line.date for line in quote.lines] == WEEK.dates()
    assert quote.total == Decimal("700.00")


def test_nights_alike_are_one_line_to_read_and_what_is_no_night_stays_by_itself() -> None:
    night, dear = (Line("night", None, Decimal(price), "base", 1) for price in (80, 95))
    cleaning = Line("fee", None, Decimal(80), "Cleaning", 2)
    early = Line("discount", None, Decimal(-30), "Early bird", 1)
    assert pricing.price_lines([night, night, dear, night, cleaning, early]) == (
        PriceLine(2, Decimal(80), "base"),
        PriceLine(1, Decimal(95), "base"),
        PriceLine(1, Decimal(80), "base"),
        PriceLine(1, Decimal(80), "Cleaning", "fee"),
        PriceLine(1, Decimal(-30), "Early bird", "discount"),
    )


@each("kind", pricing.LINE_KINDS)
def test_a_line_for_the_whole_stay_is_kept_without_a_date(kind: str) -> None:
    line = Line(kind, None, Decimal("12.50"), "some rule", 3)
    assert pricing.kept_lines([line.as_json()]) == (line,)


def test_a_booking_from_before_lines_had_a_kind_is_read_as_nights() -> None:
    [line] = pricing.kept_lines([{"night": "2031-05-20", "amount": "120.000", "rule": "base"}])
    assert line == Line("night", dt.date(2031, 5, 20), Decimal(120), "base", None)


def test_the_release_before_finds_what_it_reads() -> None:
    """It runs beside this one during a deployment, and takes `night`, `amount` and `rule` of each line."""
    [kept] = pricing.quote(Room(Decimal(120)), Stay(WEEK.check_in, dt.date(2031, 5, 21)), 2, NOW).as_json()
    assert (kept["night"], kept["amount"], kept["rule"]) == ("2031-05-20", "120.00", "base")
