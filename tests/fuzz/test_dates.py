"""Dates: nights are half-open, today is the property's, deadlines are wall clock times; across every odd calendar day.

PROPERTY_EXAMPLES asks for more examples of each (100 in CI).
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.errors import Invalid
from booking.domain.inputs import CalendarDate
from booking.domain.pricing import policies
from booking.domain.stays import EARLIEST_ZONE, Stay, StayRules
from booking.infra import clock
from tests.fuzz.examples import days, instants, many, policies_of_rooms, stays, zones

A_DAY = dt.timedelta(days=1)
RULES = StayRules()
A_DATE = TypeAdapter(CalendarDate)


def at(instant: dt.datetime) -> Any:
    """The clock stands at this instant."""
    return patch.object(clock, "now", lambda: instant)


# --- stays


@many
@given(stays(), stays())
def test_stays_overlap_exactly_when_they_share_a_night(one: Any, other: Any) -> None:
    assert one.overlaps(other) == other.overlaps(one) == bool(set(one.dates()) & set(other.dates()))


@many
@given(stays(), st.integers(1, 30))
def test_the_night_of_check_out_is_the_next_guest_s(stay: Any, nights: Any) -> None:
    following = Stay(stay.check_out, stay.check_out + nights * A_DAY)
    assert not stay.overlaps(following)
    assert len(stay.dates()) == stay.nights == len(set(stay.dates()))
    assert stay.dates() + following.dates() == Stay(stay.check_in, following.check_out).dates()


@many
@given(days, st.integers(0, 400))
def test_a_stay_without_a_night_does_not_exist(day: Any, back: Any) -> None:
    with pytest.raises(Invalid):
        Stay(day, day - back * A_DAY)


@pytest.mark.parametrize(("year", "nights"), [(2028, 2), (2027, 1), (2100, 1), (2000, 2)])
def test_a_leap_day_is_a_night(year: int, nights: int) -> None:
    assert Stay(dt.date(year, 2, 28), dt.date(year, 3, 1)).nights == nights


# --- today


@many
@given(instants, zones)
def test_today_begins_at_the_property_s_midnight(instant: Any, zone: Any) -> None:
    with at(instant):
        today = clock.today(zone)
    local = instant.astimezone(ZoneInfo(zone))
    seconds = (local.hour * 60 + local.minute) * 60 + local.second
    with at(instant - dt.timedelta(seconds=seconds + 7200)):  # before midnight, whatever the clocks did in between
        assert clock.today(zone) == today - A_DAY
    assert abs((today - instant.date()).days) <= 1


@many
@given(instants, zones, st.sampled_from([dt.time(0), dt.time(4), dt.time(11, 45)]))
def test_a_day_that_begins_later_is_the_same_day_from_its_hour_on(instant: Any, zone: Any, hour: dt.time) -> None:
    with at(instant):
        today, day = clock.today(zone), StayRules(day_begins_at=hour).today(zone)
    assert day == (today if instant.astimezone(ZoneInfo(zone)).time() >= hour else today - A_DAY)


@many
@given(instants, st.sampled_from(sorted(available_timezones())))
def test_nowhere_is_it_earlier_than_in_the_earliest_zone(instant: Any, zone: Any) -> None:
    with at(instant):
        assert clock.today(EARLIEST_ZONE) <= clock.today(zone)


@many
@given(instants, zones)
def test_the_first_and_the_last_day_that_can_be_booked(instant: Any, zone: Any) -> None:
    with at(instant):
        today = RULES.today(zone)
        last = today + RULES.horizon_days * A_DAY
        refused = {
            day: "checkIn" in RULES.problems(Stay(day, day + A_DAY), zone)
            for day in (today - A_DAY, today, last, last + A_DAY)
        }
    assert list(refused.values()) == [True, False, False, True]


@many
@given(instants, zones, st.integers(300, 400))
def test_the_longest_stay_is_counted_in_nights_also_over_a_leap_day(instant: Any, zone: Any, nights: Any) -> None:
    with at(instant):
        today = RULES.today(zone)
        problems = RULES.problems(Stay(today, today + nights * A_DAY), zone)
    assert ("checkOut" in problems) == (nights > RULES.longest_nights)


# --- deadlines


@many
@given(policies_of_rooms(), days)
def test_a_deadline_is_the_check_in_hour_on_its_day_at_the_property(policy: Any, check_in: Any) -> None:
    zone, hour = ZoneInfo(policy["timeZone"]), dt.time.fromisoformat(policy["checkInTime"])
    for tier, told in zip(
        policies.tiers(policy, check_in), sorted(policy["tiers"], key=lambda tier: -tier["daysBefore"]), strict=True
    ):
        shown = tier.until.astimezone(dt.UTC).astimezone(zone)
        expected = dt.datetime.combine(check_in - told["daysBefore"] * A_DAY, hour)
        moved = abs(shown.replace(tzinfo=None) - expected)
        # An hour that the clocks leave out does not exist: then it is the one after.
        assert moved == dt.timedelta(0) or (moved <= dt.timedelta(hours=1) and _left_out(expected, zone))


@many
@given(policies_of_rooms(), days)
def test_deadlines_come_in_their_order_and_before_the_stay(policy: Any, check_in: Any) -> None:
    begins = policies.check_in_instant(policy, check_in).astimezone(dt.UTC)
    deadlines = [tier.until.astimezone(dt.UTC) for tier in policies.tiers(policy, check_in)]
    assert deadlines == sorted(deadlines)
    assert all(deadline < begins for deadline in deadlines)


@pytest.mark.parametrize(
    ("zone", "check_in", "hours"),
    [
        ("Pacific/Auckland", dt.date(2027, 9, 26), 23),  # spring forward
        ("Pacific/Auckland", dt.date(2027, 4, 4), 25),
        ("Australia/Lord_Howe", dt.date(2027, 10, 3), 23.5),
        ("Australia/Lord_Howe", dt.date(2027, 4, 4), 24.5),
        ("Pacific/Honolulu", dt.date(2027, 3, 14), 24),  # its clocks never move
        ("Europe/Brussels", dt.date(2028, 2, 29), 24),
    ],
)
def test_a_day_before_is_a_calendar_day_however_long_it_is(zone: str, check_in: dt.date, hours: float) -> None:
    policy = policies.frozen(FLEXIBLE, zone, dt.time(15))
    [tier] = policies.tiers(policy, check_in)
    begins = policies.check_in_instant(policy, check_in)
    assert begins.astimezone(dt.UTC) - tier.until.astimezone(dt.UTC) == dt.timedelta(hours=hours)


# --- as text


@many
@given(st.dates())
def test_every_date_is_read_as_it_is_written(day: Any) -> None:
    assert A_DATE.validate_python(day.isoformat()) == day


@many
@given(
    st.one_of(
        st.text(max_size=12),
        st.from_regex(r"\A\d{4}-\d{2}-\d{2}\Z"),
        st.integers(),
        st.datetimes(),
        st.dates().map(lambda day: f" {day}"),
        st.dates().map(lambda day: f"{day}T00:00:00"),
        st.dates().map(lambda day: f"{day:%Y%m%d}"),
    )
)
def test_nothing_else_is_a_date(given_text: Any) -> None:
    try:
        day = A_DATE.validate_python(given_text)
    except ValidationError:
        return
    assert given_text == day.isoformat()


def _left_out(local: dt.datetime, zone: ZoneInfo) -> bool:
    there = local.replace(tzinfo=zone)
    return there.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local
