"""Numbers, and things that are counted, as people read them."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_decimal
from flask_babel import ngettext

from booking.http.language import locale


def number(amount: int | Decimal) -> str:
    """2,446: with the separators of the language."""
    return str(format_decimal(amount, locale=locale()))


def nights(count: int) -> str:
    """1 night, 3 nights"""
    return str(ngettext("%(count)s night", "%(count)s nights", count, count=number(count)))


def guests(count: int) -> str:
    """1 guest, 3 guests"""
    return str(ngettext("%(count)s guest", "%(count)s guests", count, count=number(count)))


def rooms(count: int) -> str:
    """1 room, 2,446 rooms"""
    return str(ngettext("%(count)s room", "%(count)s rooms", count, count=number(count)))
