"""Caps: by the night for each guest, in percent, and of a stay that is cut short or goes on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from booking.domain.errors import Invalid
from booking.domain.pricing import charges, rule_terms, sold_charges
from booking.domain.pricing.quotes import Line, charge_line
from tests.rate_rules import HOUSE, RatedRoom, rule, rules_of

pytestmark = pytest.mark.slow


def charged(nights: int, *children: int, **terms: Any) -> list[Decimal]:
    return [line.amount for line in lines(nights, *children, **terms)]


def lines(nights: int, *children: int, **terms: Any) -> list[Line]:
    room = RatedRoom()
    dates = [HOUSE + dt.timedelta(days=number) for number in range(nights)]
    stay = charges.Charged(dates, Decimal(100 * nights), 2 + len(children), "EUR", children)
    made = charges.of_stay(rules_of(room, rule("tax", "City tax", 1, **terms)), HOUSE, stay)
    return list(map(charge_line, made))


def test_nights_cost_what_is_left_of_a_cap_for_each_guest_who_counts() -> None:
    said = {"amount": 4, "per": "guest_night", "cap": 10, "fromAge": 12}
    assert charged(2, 11, **said) == [8, 8]
    assert charged(5, 11, **said) == [8, 8, 4]
    assert charged(5, 12, **said) == [12, 12, 6]
    assert charged(3, **said | {"cap": 3}) == [6]
    assert charged(3, **said | {"cap": 0}) == []


def test_percents_come_to_at_most_a_cap_for_the_stay() -> None:
    assert charged(3, percent=5, cap=12) == [12]
    assert charged(2, percent=5, cap=12) == [10]


def test_a_stay_that_goes_on_or_is_cut_short_keeps_to_the_cap_it_was_sold_with() -> None:
    sold = lines(3, amount=4, per="guest_night", cap=10)
    assert [line.amount for line in sold] == [8, 8, 4]
    assert [line.amount for line in sold_charges.charges_again(sold, sold[:2], "EUR")] == [8, 8]
    longer = [*sold, *lines(5, amount=4, per="guest_night", cap=100)[3:]]
    assert [line.amount for line in sold_charges.charges_again(sold, longer, "EUR")][:3] == [8, 8, 4]


def test_a_cap_of_what_counts_once_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        rule_terms.read("fee", {"amount": 40, "per": "stay", "cap": 50})
    assert refusal.value.details.keys() == {"cap"}
