"""Money, dates and times as people read them, by CLDR, in the language of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask import g
from flask_babel import get_locale, gettext, ngettext

from booking.domain.money import rounded
from booking.http import money_format
from booking.infra import clock


def locale() -> Locale:
    """The language of this page."""
    return get_locale() or Locale("en")


def number(count: int) -> str:
    """2,446: with the separators of the language."""
    return str(format_decimal(count, locale=locale()))


def money(amount: Decimal, currency: str) -> str:
    """€240, or €240.00 where another amount of this page has cents (see `alike`)."""
    return money_format.written(amount, currency, locale(), with_decimals=currency in g.get("decimals", ()))


def alike(currency: str, shown: Iterable[Decimal | None]) -> None:
    """Amounts that stand on this page together: where one of them has decimals, all in its currency get them."""
    if money_format.has_fraction((amount for amount in shown if amount is not None), currency):
        g.decimals = {*g.get("decimals", ()), currency}


def decimal(amount: Decimal, currency: str) -> str:
    """240.00: for machines, with the decimals that the currency has."""
    return str(rounded(amount, currency))


def currency_name(currency: str) -> str:
    """Euro (€)"""
    name = locale().currencies.get(currency, currency)
    return f"{name} ({money_format.symbol(currency, locale())})"


def day(date: dt.date) -> str:
    """Fri 12 Dec, with the year where it is not this one."""
    return str(format_date(date, _with_year("EEE d MMM", date), locale=locale()))


def day_long(date: dt.date) -> str:
    """Friday 12 December 2026"""
    return str(format_date(date, "EEEE d MMMM y", locale=locale()))


def month(date: dt.date) -> str:
    """December 2026"""
    return str(format_date(date, "LLLL y", locale=locale()))


def weekdays() -> list[tuple[str, str]]:
    """Short and long names of the days, beginning with the first of the week."""
    days = locale().days["stand-alone"]
    order = [(locale().first_week_day + place) % 7 for place in range(7)]
    return [(days["abbreviated"][number][:2], days["wide"][number]) for number in order]


def stay(check_in: dt.date, check_out: dt.date) -> str:
    """Fri 12 Dec – Mon 15 Dec; a year that both share stands once"""
    shared = check_in.year == check_out.year
    first = str(format_date(check_in, "EEE d MMM", locale=locale())) if shared else day(check_in)
    return f"{first} – {day(check_out)}"


def later_day(date: dt.date, days: int) -> dt.date:
    """So many days after `date`."""
    return date + dt.timedelta(days=days)


def moment(instant: dt.datetime, time_zone: str | None = None) -> str:
    """Thu 11 Dec, 15:00: in the given zone, or the one that the instant carries."""
    shown = local(instant, time_zone) if time_zone else instant
    return str(format_datetime(shown, _with_year("EEE d MMM", shown.date()) + ", HH:mm", locale=locale()))


def local(instant: dt.datetime, time_zone: str) -> dt.datetime:
    """The same instant by the clocks of that zone."""
    return instant.astimezone(ZoneInfo(time_zone))


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
    """14 minutes: rounded to minutes, below one to seconds"""
    if seconds < 60:
        return str(ngettext("%(num)s second", "%(num)s seconds", seconds))
    return str(ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60)))


def time_left(until: dt.datetime) -> str:
    """How long it is from now."""
    return duration(max(0, int((until - clock.now()).total_seconds())))


def at_most(seconds: int) -> str:
    """15 minutes: rounded up, for how long somebody has to wait"""
    return duration(seconds if seconds < 60 else -(-seconds // 60) * 60)


def try_again(seconds: int) -> str:
    """For whoever has tried too often"""
    return str(gettext("Too many attempts. Try again in %(wait)s.", wait=at_most(seconds)))


def wait(seconds: int) -> str:
    """The same, below a heading that says of what there was too much"""
    return str(gettext("Try again in %(wait)s.", wait=at_most(seconds)))


def nights(count: int) -> str:
    """1 night, 3 nights"""
    return str(ngettext("%(count)s night", "%(count)s nights", count, count=number(count)))


def guests(count: int) -> str:
    """1 guest, 3 guests"""
    return str(ngettext("%(count)s guest", "%(count)s guests", count, count=number(count)))


def rooms(count: int) -> str:
    """1 room, 2,446 rooms"""
    return str(ngettext("%(count)s room", "%(count)s rooms", count, count=number(count)))


def zone_name(time_zone: str) -> str:
    """Lisbon time: how people say in which zone a time is meant."""
    city = locale().time_zones.get(time_zone, {}).get("city") or time_zone.rpartition("/")[2].replace("_", " ")
    return str(gettext("%(city)s time", city=city))


def _with_year(pattern: str, date: dt.date) -> str:
    return pattern if date.year == clock.now().year else pattern + " y"
