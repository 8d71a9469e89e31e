"""Dates, times and how long something takes, as people read them, by CLDR: on pages, in emails, at a terminal."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta

from booking.http import language
from booking.http.language import gettext, locale, ngettext
from booking.http.number_format import number
from booking.infra import clock

# CLDR's English is American; ours puts the day first. Other languages have their own order.
ENGLISH = {
    "MMMEd": "EEE d MMM",
    "yMMMEd": "EEE d MMM y",
    "yMMMMEEEEd": "EEEE d MMMM y",
    "yMMMMd": "d MMMM y",
    "yMMMM": "LLLL y",
    "Hm": "HH:mm",
}

# A skeleton of these would find shorter names than the language's own way of writing a date in full.
OWN_LENGTH = {"yMMMMEEEEd": "full", "yMMMMd": "long"}


def day(date: dt.date) -> str:
    """Fri 12 Dec, with the year where it is not this one."""
    return _written(date, "MMMEd" if date.year == clock.now().year else "yMMMEd")


def day_long(date: dt.date) -> str:
    """Friday 12 December 2026"""
    return _written(date, "yMMMMEEEEd")


def day_short(date: dt.date) -> str:
    """12 December 2026"""
    return _written(date, "yMMMMd")


def month(date: dt.date) -> str:
    """December 2026"""
    return _written(date, "yMMMM")


def month_name(date: dt.date) -> str:
    """Dec"""
    return str(locale().months["stand-alone"]["abbreviated"][date.month])


def weekday(date: dt.date) -> str:
    """Fri"""
    return str(locale().days["stand-alone"]["abbreviated"][date.weekday()])


def hour(instant: dt.datetime) -> str:
    """15:00, by the clocks of the zone that the instant carries."""
    return _written(instant, "Hm")


def weekdays() -> list[tuple[str, str]]:
    """Short and long names of the days, beginning with the first of the week."""
    days = locale().days["stand-alone"]
    order = [(locale().first_week_day + place) % 7 for place in range(7)]
    return [(days["abbreviated"][number][:2], days["wide"][number]) for number in order]


def stay(check_in: dt.date, check_out: dt.date) -> str:
    """Fri 12 Dec – Mon 15 Dec"""
    return " – ".join(first_and_last(check_in, check_out))


def first_and_last(check_in: dt.date, check_out: dt.date) -> tuple[str, str]:
    """Fri 12 Dec, Mon 15 Dec; a year that both share stands once"""
    first = _written(check_in, "MMMEd") if check_in.year == check_out.year else day(check_in)
    return first, day(check_out)


def moment(instant: dt.datetime, time_zone: str | None = None) -> str:
    """Thu 11 Dec, 15:00: in the given zone, or the one that the instant carries."""
    shown = local(instant, time_zone) if time_zone else instant
    return f"{day(shown.date())}, {hour(shown)}"


def moment_long(instant: dt.datetime) -> str:
    """Monday 4 May 2026, 15:00 local time (UTC+3)"""
    return f"{day_long(instant)}, {hour(instant)} {zone_offset(instant)}"


def moment_utc(instant: dt.datetime) -> str:
    """Monday 4 May 2026, 12:00 UTC: where it is unknown in which zone the reader lives."""
    utc = instant.astimezone(dt.UTC)
    return f"{day_long(utc)}, {hour(utc)} UTC"


def local(instant: dt.datetime, time_zone: str) -> dt.datetime:
    """The same instant by the clocks of that zone."""
    return instant.astimezone(ZoneInfo(time_zone))


def zone_offset(instant: dt.datetime) -> str:
    """local time (UTC+3), as it is on that day. (CLDR's names of zones are wrong for some: Dublin in summer.)"""
    offset = instant.utcoffset() or dt.timedelta(0)
    sign, minutes = ("-" if offset < dt.timedelta(0) else "+"), int(abs(offset).total_seconds()) // 60
    shown = f"{sign}{minutes // 60}" + (f":{minutes % 60:02}" if minutes % 60 else "")
    return str(gettext("local time (UTC%(offset)s)", offset=shown))


def zone_name(time_zone: str) -> str:
    """Lisbon time: how people say in which zone a time is meant."""
    city = locale().time_zones.get(time_zone, {}).get("city") or time_zone.rpartition("/")[2].replace("_", " ")
    return str(gettext("%(city)s time", city=city))


# --- how long

FEW_HOURS = 2 * 3600  # seconds; from here on minutes say little


def ago(instant: dt.datetime) -> str:
    """5 minutes ago"""
    passed = clock.now() - instant
    if passed < dt.timedelta(minutes=1):
        return str(gettext("just now"))
    return str(format_timedelta(-passed, add_direction=True, locale=locale()))


def days_ahead(days: int) -> str:
    """Today, tomorrow, in 3 days"""
    if days < 2:
        return str(gettext("Tomorrow") if days else gettext("Today"))
    return str(ngettext("In %(count)s day", "In %(count)s days", days, count=number(days)))


def duration(seconds: int) -> str:
    """14 minutes: rounded to minutes, below one to seconds, from two hours on to hours"""
    if seconds < 60:
        return str(ngettext("%(num)s second", "%(num)s seconds", seconds))
    if seconds < FEW_HOURS:
        return str(ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60)))
    return str(ngettext("%(num)s hour", "%(num)s hours", round(seconds / 3600)))


def at_most(seconds: int) -> str:
    """15 minutes: rounded up, for how long somebody has to wait"""
    unit = 1 if seconds < 60 else 60 if seconds < FEW_HOURS else 3600
    return duration(-(-seconds // unit) * unit)


def time_left(until: dt.datetime) -> str:
    """How long it is from now."""
    return duration(max(0, int((until - clock.now()).total_seconds())))


def age(passed: dt.timedelta) -> str:
    """11 min, 24 h: for operators"""
    minutes = int(passed.total_seconds() // 60)
    if minutes >= 120:
        return str(gettext("%(hours)s h", hours=number(minutes // 60)))
    return str(gettext("%(minutes)s min", minutes=minutes))


def _written(date: dt.date, skeleton: str) -> str:
    # Two instants are equal in any two zones, and written differently: their day, in the zone they carry, can be kept.
    if skeleton == "Hm":
        return _written_in(date, skeleton, locale())
    return _day_written_in(date.date() if isinstance(date, dt.datetime) else date, skeleton, language.name())


def _written_in(date: dt.date, skeleton: str, spoken: Locale) -> str:
    if spoken.language != "en":
        if skeleton in OWN_LENGTH:
            return str(format_date(date, OWN_LENGTH[skeleton], locale=spoken))
        return str(format_skeleton(skeleton, date, locale=spoken))
    write = format_datetime if isinstance(date, dt.datetime) else format_date
    return str(write(date, ENGLISH[skeleton], locale=spoken))


@lru_cache(maxsize=4096)
def _day_written_in(date: dt.date, skeleton: str, name: str) -> str:
    """By the locale's name: to compare locales takes longer than all the rest of finding what is kept."""
    return _written_in(date, skeleton, Locale.parse(name))
