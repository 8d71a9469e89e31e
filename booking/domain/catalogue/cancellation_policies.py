"""The cancellation policies that a room may have, by name. What they mean for a stay is computed in pricing.

{"name": "moderate", "tiers": [{"daysBefore": 5, "percent": 100}, {"daysBefore": 1, "percent": 50}]}: cancelled five
days before check-in or earlier, all of the price comes back; one day or earlier, half; later, nothing.
"""

from __future__ import annotations

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
BY_NAME = {policy["name"]: policy for policy in (FLEXIBLE, MODERATE, STRICT, NON_REFUNDABLE)}
