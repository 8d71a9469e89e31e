"""Money as people read it, on pages and in emails alike."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal, get_currency_symbol

from booking.domain.money import decimals, rounded

# CLDR's English takes a bare $ for the American one; to most travellers it could be any of twenty.
UNAMBIGUOUS = {"USD": "US$"}


def written(amount: Decimal, currency: str, locale: Locale | str, *, with_decimals: bool = False) -> str:
    """€240, but €240.50; `with_decimals` where another amount beside it has some: €240.00."""
    exact = rounded(amount, currency)
    digits = decimals(currency) if with_decimals or has_fraction([exact], currency) else 0
    # CLDR's own digits differ from ISO 4217 for some currencies, so ours are in the pattern.
    pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
    sign, number = "-" if exact < 0 else "", format_decimal(abs(exact), pattern, locale=locale)
    shown = symbol(currency, locale)
    gap = "\N{NO-BREAK SPACE}" if shown[-1:].isalpha() else ""
    return f"{sign}{shown}{gap}{number}"


def symbol(currency: str, locale: Locale | str) -> str:
    """€, CA$, US$, or the code where there is no sign."""
    return UNAMBIGUOUS.get(currency) or str(get_currency_symbol(currency, locale=locale))


def has_fraction(amounts: Iterable[Decimal], currency: str) -> bool:
    """True where one of them cannot be written as a whole number."""
    return any(exact != exact.to_integral_value() for exact in (rounded(amount, currency) for amount in amounts))
