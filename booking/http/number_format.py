"""Numbers, and things that are counted, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, format_percent

from booking.http.language import gettext, locale, ngettext


def number(amount: int | Decimal) -> str:
    """2,446: with the separators of the language."""
    return _figures(amount, locale())


@lru_cache(maxsize=4096)
def _figures(amount: int | Decimal, spoken: Locale) -> str:
    return str(format_decimal(amount, locale=spoken))


def nights(count: int) -> str:
    """1 night, 3 nights"""
    return str(ngettext("%(count)s night", "%(count)s nights", count, count=number(count)))


def days(count: int) -> str:
    """1 day, 30 days"""
    return str(ngettext("%(count)s day", "%(count)s days", count, count=number(count)))


def guests(count: int, children: Sequence[int] = ()) -> str:
    """1 guest, 3 guests; 2 adults, 1 child (6), where the ages of some are known."""
    if not children:
        return str(ngettext("%(count)s guest", "%(count)s guests", count, count=number(count)))
    ages = ", ".join(age(one) for one in sorted(children))
    young = f"{child_count(len(children))} ({ages})"
    adults = count - len(children)
    grown = ngettext("%(count)s adult", "%(count)s adults", adults, count=number(adults))
    return f"{grown}, {young}" if adults > 0 else young


def child_count(count: int) -> str:
    """1 child, 2 children"""
    return str(ngettext("%(count)s child", "%(count)s children", count, count=number(count)))


def age(years: int) -> str:
    """Of a child: 6; under 1"""
    return number(years) if years else str(gettext("under 1"))


def rooms(count: int) -> str:
    """1 room, 2,446 rooms"""
    return str(ngettext("%(count)s room", "%(count)s rooms", count, count=number(count)))


def exact_percent(value: Decimal) -> str:
    """12.5%"""
    return str(format_percent(value / 100, format="#,##0.##%", locale=locale()))


def percent(whole: int) -> str:
    """80%"""
    return str(format_percent(whole / 100, locale=locale()))
