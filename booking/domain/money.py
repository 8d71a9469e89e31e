"""Money: Decimal amounts with an ISO 4217 currency, rounded once per line to the currency's own decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

# ISO 4217 minor units; every other currency has two. (CLDR's display digits differ for some and are not the law.)
DECIMALS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def decimals(currency: str) -> int:
    """How many decimals amounts in `currency` have: 0, 2 or 3."""
    return DECIMALS.get(currency, 2)


@lru_cache(maxsize=4096)
def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` to the currency's own decimals, halves away from zero, as on a bill."""
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=ROUND_HALF_UP)


def as_text(amount: Decimal, currency: str) -> str:
    """For events and the audit log: 360.00 where Postgres, which keeps three decimals, says 360.000."""
    return str(rounded(amount, currency))


def as_facts(amount: Decimal, currency: str) -> dict[str, str]:
    """The same, with its currency."""
    return {"amount": as_text(amount, currency), "currency": currency}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that a refusal names: programs read "90.00 GBP", pages write £90."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{as_text(self.amount, self.currency)} {self.currency}"


@lru_cache(maxsize=4096)  # the same prices come again and again
def as_number(amount: Decimal, currency: str) -> int | float:
    """For JSON: 120 rather than 120.000, 480.5 as it is. Floats hold any NUMERIC(15,3) exactly enough to round-trip."""
    exact = rounded(amount, currency)
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def check_sql(column: str) -> str:
    """SQL that is true when `column` has no more decimals than `currency` allows (the floor under `rounded`)."""
    return f"{column} = {rounded_sql(column, 'currency')}"


def rounded_sql(column: str, currency: str) -> str:
    """SQL for what `rounded` gives, from two columns. The function in Postgres says the same as `decimals`."""
    return f"round({column}, minor_units({currency}))"
