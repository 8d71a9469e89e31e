"""Fees and taxes, case by case; the random sets of tests/fuzz/test_charges.py have them, too."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from booking.domain.errors import Invalid
from booking.domain.pricing import charges, rule_terms, rule_text
from tests.cases import each
from tests.rate_rules import RatedRoom, rule, rules_of

pytestmark = pytest.mark.slow
ROOM = RatedRoom()
FIRST = dt.date(2031, 5, 23)


def charged(
    *rules: Any,
    nights: int = 3,
    net: str = "300",
    guests: int = 2,
    currency: str = "EUR",
) -> list[charges.Charge]:
    dates = [FIRST + dt.timedelta(days=number) for number in range(nights)]
    stay = charges.Charged(dates, Decimal(net), guests, currency)
    return charges.of_stay(rules_of(ROOM, *rules), FIRST, stay)


def sum_of(*rules: Any, **said: Any) -> Decimal:
    return sum((one.amount for one in charged(*rules, **said)), Decimal(0))


CITY = {"amount": 4, "per": "guest_night"}


@each(
    "terms, said, costs",
    [
        ({"amount": 50}, {}, "50"),
        ({"amount": 5, "per": "night"}, {}, "15"),
        ({"amount": 5, "per": "guest"}, {}, "10"),
        ({"amount": 5, "per": "guest_night"}, {}, "30"),
    ],
)
def test_a_fee_counts_for_the_stay_its_nights_or_its_guests(
    terms: dict[str, Any], said: dict[str, Any], costs: str
) -> None:
    assert sum_of(rule("fee", **terms), **said) == Decimal(costs)


@each(
    "terms, said, costs",
    [
        (CITY, {}, "24"),
        (CITY | {"nights": 2}, {}, "16"),
        ({"percent": 5}, {"net": "333.30"}, "16.67"),  # once, and halves away from zero
        ({"percent": "8.875"}, {"net": "333.33"}, "29.58"),
        ({"percent": 5, "nights": 5}, {"nights": 7, "net": "1001"}, "35.75"),
        ({"percent": 5, "nights": 5}, {"nights": 3, "net": "1001"}, "50.05"),
        ({"percent": 10}, {"net": "12345", "currency": "JPY"}, "1235"),
        ({"percent": 10}, {"net": "10.005", "currency": "KWD"}, "1.001"),
        ({"percent": 20, "included": True}, {"net": "100"}, "16.67"),
        ({"percent": 5}, {"net": "0"}, "0"),
    ],
)
def test_a_tax_counts_by_its_terms(terms: dict[str, Any], said: dict[str, Any], costs: str) -> None:
    assert sum_of(rule("tax", **terms), **said) == Decimal(costs)


def test_percents_count_from_fees_only_where_they_say_so_and_never_from_taxes() -> None:
    cleaning, city = rule("fee", "Cleaning", amount=50), rule("tax", "City", 2, amount=1, per="stay")
    of_all = rule("tax", "Sales", 3, percent=10, of="all")
    of_nights = rule("tax", "Levy", 4, percent=10)
    found = {one.reason.label: one.amount for one in charged(cleaning, city, of_all, of_nights)}
    assert found == {"Cleaning": 50, "City": 1, "Sales": 35, "Levy": 30}


def test_of_a_name_one_counts_by_the_day_of_arrival() -> None:
    old = rule("tax", "City tax", 1, amount=2, per="stay", last=FIRST - dt.timedelta(days=1))
    new = rule("tax", "City tax", 2, amount=3, per="stay", first=FIRST)
    of_room = rule("tax", "city tax", 3, amount=5, per="stay", room_id=ROOM.id)
    assert sum_of(old, new) == 3
    assert sum_of(old, new, of_room, rule("tax", "Other", 4, amount=1, per="stay")) == 6


def test_what_counts_by_the_night_is_a_line_of_each_and_fees_stand_before_taxes() -> None:
    tax, fee = rule("tax", "A tax", 1, **CITY | {"nights": 2}), rule("fee", "B fee", 2, amount=50)
    lines = [(one.kind, one.date, int(one.amount)) for one in charged(tax, fee)]
    assert lines == [("fee", None, 50), ("tax", FIRST, 8), ("tax", FIRST + dt.timedelta(days=1), 8)]


@each(
    "kind, text",
    [
        ("fee", "amount=50 per=stay"),
        ("tax", "amount=4 per=guest_night nights=7 included=false"),
        ("tax", "percent=8.875 of=all nights=5 included=true"),
    ],
)
def test_terms_are_written_as_they_are_read(kind: str, text: str) -> None:
    assert rule_text.written(kind, rule_terms.read(kind, rule_text.read(kind, text)).as_json()) == text


@each(
    "kind, said, field",
    [
        ("fee", {}, "amount"),
        ("fee", {"amount": 5, "per": "week"}, "per"),
        ("fee", {"percent": 5}, "percent"),
        ("tax", {"amount": 5}, "per"),
        ("tax", {"amount": 5, "percent": 5, "per": "stay"}, "amount"),
        ("tax", {"percent": 5, "per": "night"}, "per"),
        ("tax", {"percent": 101}, "percent"),
        ("tax", {"amount": 5, "per": "stay", "of": "all"}, "of"),
        ("tax", {"amount": 5, "per": "guest", "nights": 3}, "nights"),
    ],
)
def test_terms_that_make_no_sense_are_refused_by_field(kind: str, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rule_terms.read(kind, said)
    assert field in (refused.value.details or {})
