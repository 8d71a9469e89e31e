"""The cancellation policies that a room may have, by name. What they mean for a stay is computed in pricing.

{"name": "moderate", "tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 50}]}: cancelled five
days before check-in or earlier, all of the price comes back; one day or earlier, half; later, nothing.
"""

from __future__ import annotations

import re
from typing import Any

FLEXIBLE: dict[str, Any] = {"name": "flexible", "tiers": [{"daysBefore": 1, "percent": 100}]}
MODERATE: dict[str, Any] = {
    "name": "moderate",
    "tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 50}],
}
STRICT: dict[str, Any] = {
    "name": "strict",
    "tiers": [{"daysBefore": 14, "percent": 100}, {"daysBefore": 7, "percent": 50}],
}
NON_REFUNDABLE: dict[str, Any] = {"name": "non-refundable", "tiers": []}
# What a policy of a property may say beside them: what is paid at once, and when the rest is (pricing.deposits).
DEPOSIT_TERMS = "depositTerms"
_PART = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
_DAYS = 365


def is_deposit(terms: object) -> bool:
    """Whether that is such terms, or none."""
    if terms is None:
        return True
    if not isinstance(terms, dict) or len(terms.keys() & {"percent", "amount"}) != 1:
        return False
    part, days = terms.get("percent", terms.get("amount")), terms.get("balanceDays")
    after = terms.get("cancelAfterDays", 1)
    are_days = type(days) is int and 0 <= days <= _DAYS and type(after) is int and 1 <= after <= _DAYS
    return are_days and isinstance(part, str) and _PART.fullmatch(part) is not None


BY_NAME = {policy["name"]: policy for policy in (FLEXIBLE, MODERATE, STRICT, NON_REFUNDABLE)}
