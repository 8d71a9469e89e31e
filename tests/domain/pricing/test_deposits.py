"""Deposits as policies say them: what is paid now and later, and what a booking keeps of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from booking.domain.errors import Invalid
from booking.domain.pricing import deposits, rule_terms
from booking.domain.pricing.deposits import DepositPlan
from booking.domain.stays import Stay
from tests.cases import each

STAY = Stay(dt.date(2031, 6, 30), dt.date(2031, 7, 3))
NOW = dt.datetime(2031, 5, 1, 12, tzinfo=dt.UTC)
PLACE = {"timeZone": "Europe/Brussels", "checkInTime": "15:00"}


@dataclass(frozen=True)
class Price:
    total: Decimal = Decimal(360)
    currency: str = "EUR"
    stay: Stay = STAY
    at: dt.datetime = NOW


def policy(**terms: Any) -> dict[str, Any]:
    return rule_terms.as_policy("Deposit", {"tiers": [], **terms}) | PLACE


def test_a_part_is_paid_now_and_the_rest_at_the_check_in_hour_of_a_day_before() -> None:
    steps = deposits.steps(policy(deposit="30%", restDays=10, cancelAfter=3), Price())
    assert steps
    assert (int(steps.now), int(steps.rest), steps.cancel_after) == (108, 252, 3)
    assert steps.due_at.isoformat() == "2031-06-20T15:00:00+02:00"


@each(
    ("said", "price", "now"),
    [
        ("12.5%", Price(), Decimal(45)),
        ("100", Price(), Decimal(100)),
        ("33%", Price(Decimal("100.01")), Decimal("33.00")),
        ("33%", Price(Decimal(1001), "JPY"), Decimal(330)),
        ("0.5", Price(), None),  # an amount begins with a whole unit
        ("360", Price(), None),  # all of it is no deposit
        ("30%", Price(at=dt.datetime(2031, 6, 20, 13, tzinfo=dt.UTC)), None),  # the rest would be due by now
    ],
)
def test_what_is_paid_now_is_rounded_once_and_is_less_than_the_price(
    said: str, price: Price, now: Decimal | None
) -> None:
    try:
        steps = deposits.steps(policy(deposit=said, restDays=10), price)
    except ValueError:
        steps = None
    assert (steps and steps.now) == now


def test_a_booking_keeps_its_own_amounts_and_not_the_terms() -> None:
    terms = policy(deposit="30%", restDays=10, cancelAfter=3)
    kept = deposits.sold(terms, deposits.steps(terms, Price()))
    due = "2031-06-20T15:00:00+02:00"
    assert kept["deposit"] == {"amount": "108.00", "balanceDueAt": due, "cancelAfterDays": 3}
    assert "depositTerms" not in kept
    assert "deposit" not in deposits.sold(terms, None)
    agreed = deposits.steps(policy(), Price(), DepositPlan(2, amount=Decimal(50)))
    assert agreed
    assert (int(agreed.now), agreed.cancel_after) == (50, None)


@each(
    ("terms", "field"),
    [
        ({"deposit": "30%"}, "restDays"),
        ({"restDays": 10}, "deposit"),
        ({"deposit": "100%", "restDays": 10}, "deposit"),
        ({"deposit": "-5", "restDays": 10}, "deposit"),
        ({"deposit": "30%", "restDays": 366}, "restDays"),
        ({"deposit": "30%", "restDays": 2, "cancelAfter": 3}, "cancelAfter"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused_by_their_field(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule_terms.read("policy", terms)
    assert list(refused.value.details) == [field]
