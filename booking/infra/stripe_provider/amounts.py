"""Amounts as Stripe writes them: whole numbers of a unit that is mostly, not always, the currency's smallest.

https://docs.stripe.com/currencies, "Zero-decimal currencies", "Three-decimal currencies" and "Special cases".
"""

from __future__ import annotations

from decimal import Decimal

_NO_DECIMALS = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THREE_DECIMALS = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# What the last digits of the whole number must be divisible by: of three decimals the last is 0, and these two have two
# decimals for Stripe's older customers only.
_STEPS = dict.fromkeys(_THREE_DECIMALS, 10) | {"ISK": 100, "UGX": 100}


def from_units(units: int, currency: str) -> Decimal:
    """The amount that Stripe means by this number."""
    return Decimal(units).scaleb(-_decimals(currency))


class NotPayable(ValueError):
    """Stripe has no number for this amount."""


def to_units(amount: Decimal, currency: str) -> int:
    """The number that Stripe charges for this amount, exactly. Raises NotPayable where there is none."""
    exact = amount.scaleb(_decimals(currency))
    units = int(exact)
    if units != exact or units % _STEPS.get(currency, 1):
        raise NotPayable(f"{amount} {currency}")
    return units


def _decimals(currency: str) -> int:
    return 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
