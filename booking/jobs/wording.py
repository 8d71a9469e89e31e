"""Dates, times and money as mails spell them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from babel.dates import format_date, format_time

from booking.http import money_format

LOCALE = "en"


def day(instant: dt.date) -> str:
    """Monday 4 May 2026."""
    return format_date(instant, "EEEE d MMMM y", locale=LOCALE)


def short_day(instant: dt.date) -> str:
    """4 May 2026."""
    return format_date(instant, "d MMMM y", locale=LOCALE)


def hour(instant: dt.datetime) -> str:
    """15:00."""
    return format_time(instant.timetz(), "HH:mm", locale=LOCALE)


def zone(instant: dt.datetime) -> str:
    """local time (UTC+3), as it is on that day. (CLDR's names of zones are wrong for some: Dublin in summer.)"""
    offset = instant.utcoffset() or dt.timedelta(0)
    sign, minutes = ("-" if offset < dt.timedelta(0) else "+"), int(abs(offset).total_seconds()) // 60
    return f"local time (UTC{sign}{minutes // 60}" + (f":{minutes % 60:02})" if minutes % 60 else ")")


def moment(instant: dt.datetime) -> str:
    """Monday 4 May 2026, 15:00 local time (UTC+3)."""
    return f"{day(instant)}, {hour(instant)} {zone(instant)}"


def universal(instant: dt.datetime) -> str:
    """Monday 4 May 2026, 12:00 UTC: where it is unknown in which zone the reader lives."""
    utc = instant.astimezone(dt.UTC)
    return f"{day(utc)}, {hour(utc)} UTC"


def money(amount: Decimal, currency: str, with_decimals: bool = False) -> str:
    """₪1,200, ¥18,000, KWD 41.500: in the currency's own decimals where there are any, whatever CLDR likes to show."""
    return money_format.written(amount, currency, LOCALE, with_decimals=with_decimals)
