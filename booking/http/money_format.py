"""Money as people read it: on pages, in emails, at a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, get_currency_name, get_currency_symbol

from booking.domain.money import decimals, rounded
from booking.http.language import locale

# CLDR's English takes a bare $ for the American one; to most travellers it could be any of twenty.
UNAMBIGUOUS = {"USD": "US$"}
_NUMBER = re.compile(r"[#0,.]+")


def money(amount: Decimal, currency: str, with_decimals: bool = False) -> str:
    """€240, but €240.50; `with_decimals` where another amount beside it has some: €240.00. KWD 41.500, 240 € in German.

    In the currency's own decimals where there are any, whatever CLDR likes to show.
    """
    exact = rounded(amount, currency)
    digits = decimals(currency) if with_decimals or has_fraction([exact], currency) else 0
    # CLDR's own digits differ from ISO 4217 for some currencies, so ours are in the pattern.
    pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
    sign, figures = "\N{MINUS SIGN}" if exact < 0 else "", _figures(abs(exact), pattern, locale())
    return sign + _beside_its_sign(figures, symbol(currency))


def _beside_its_sign(figures: str, shown: str) -> str:
    """The sign where the language has it; a sign of letters never touches the number."""
    before, after = _around_the_number(locale())
    gap = "\N{NO-BREAK SPACE}" if before == "¤" and shown[-1:].isalpha() else ""
    return before.replace("¤", shown) + gap + figures + after.replace("¤", shown)


@lru_cache(maxsize=4096)
def _figures(amount: Decimal, pattern: str, spoken: Locale) -> str:
    return str(format_decimal(amount, pattern, locale=spoken))


@lru_cache(maxsize=32)
def _around_the_number(spoken: Locale) -> tuple[str, str]:
    """What stands before and behind it in the language's own pattern; ¤ is the sign."""
    before, after = _NUMBER.split(spoken.currency_formats["standard"].pattern.partition(";")[0], maxsplit=1)
    return before, after


def symbol(currency: str) -> str:
    """€, CA$, US$, or the code where there is no sign."""
    return UNAMBIGUOUS.get(currency) or _symbol(currency, locale())


@lru_cache(maxsize=1024)
def _symbol(currency: str, spoken: Locale) -> str:
    return str(get_currency_symbol(currency, locale=spoken))


def currency_name(currency: str) -> str:
    """euros (€)"""
    return f"{get_currency_name(currency, count=2, locale=locale())} ({symbol(currency)})"


def decimal(amount: Decimal, currency: str) -> str:
    """240.00: for machines, with the decimals that the currency has."""
    return str(rounded(amount, currency))


def plain(amount: Decimal, currency: str) -> str:
    """For terminals, to be copied: 62400 ISK, 360.00 EUR."""
    return f"{decimal(amount, currency)} {currency}"


def has_fraction(amounts: Iterable[Decimal], currency: str) -> bool:
    """True where one of them cannot be written as a whole number."""
    return any(exact != exact.to_integral_value() for exact in (rounded(amount, currency) for amount in amounts))
