"""What rules make of a night and a stay, case by case; random sets are tried in tests/fuzz/test_rates.py."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from booking.domain.errors import Invalid
from booking.domain.notices import Notice
from booking.domain.pricing import dynamic, rule_terms, rule_text
from booking.domain.pricing.nightly import Facts, Party, discounts, kept_reason, nightly, stay_problems
from booking.domain.pricing.rule_terms import DynamicTerms
from booking.domain.stays import Stay
from tests.cases import each
from tests.rate_rules import RatedRoom, rule, rules_of

pytestmark = pytest.mark.slow
ROOM = RatedRoom()
FRIDAY, MONDAY = dt.date(2031, 5, 23), dt.date(2031, 5, 26)
SUMMER: dict[str, Any] = {"first": dt.date(2031, 5, 1), "last": dt.date(2031, 8, 31)}
WEEKEND = rule("adjust", "Weekend", 2, percent=20, weekdays=frozenset({5, 6}))


def price(night: dt.date, *rules: Any, guests: int = 1, children: tuple[int, ...] = (), **facts: Any) -> Decimal:
    return nightly(rules_of(ROOM, *rules), ROOM, night, Facts(Party(guests, children), **facts)).amount


@each(
    "rules, costs",
    [
        ([], 100),
        ([rule("price", amount=150, **SUMMER)], 150),
        ([rule("price", percent=130, **SUMMER)], 130),
        ([rule("price", amount=150, **SUMMER), WEEKEND], 180),
        ([WEEKEND], 120),
        ([rule("adjust", amount=-30)], 70),
        ([rule("adjust", amount=-300)], 0),
        # Of a kind one counts: by priority, then the room before its kind before the property, then the shorter period.
        ([rule("price", amount=150, **SUMMER), rule("price", "Fair", 2, amount=300, first=FRIDAY, last=FRIDAY)], 300),
        ([rule("price", amount=150, room_id=ROOM.id), rule("price", "Kind", 2, amount=90, room_kind="Double")], 150),
        ([rule("price", amount=150, priority=1), rule("price", "Room", 2, amount=90, room_id=ROOM.id)], 150),
        ([rule("price", amount=90, room_kind="Suite")], 100),
        ([rule("price", amount=90, last=dt.date(2031, 5, 22))], 100),
    ],
)
def test_a_friday_costs_what_the_strongest_rules_say(rules: list[Any], costs: int) -> None:
    assert price(FRIDAY, *rules) == costs


@each(
    "guests, children, costs",
    [(1, (), 85), (2, (), 100), (3, (), 120), (4, (8,), 130), (4, (8, 1), 110), (3, (8,), 110), (2, (1,), 100)],
)
def test_guests_beyond_those_included_cost_by_age_and_fewer_save(
    guests: int, children: tuple[int, ...], costs: int
) -> None:
    bands = [{"age": 2, "amount": 0}, {"age": 12, "amount": 10}]
    party = rule("guests", included=2, extra=20, fewer=15, children=bands)
    assert price(FRIDAY, party, guests=guests, children=children) == costs


def test_each_part_of_a_price_has_its_reason() -> None:
    demand = rule("dynamic", "Demand", 3, steps=[{"percent": 10}], floor=-10, ceiling=10, step=5)
    rules = rules_of(ROOM, rule("price", "Summer", amount=150, **SUMMER), WEEKEND, demand)
    found = nightly(rules, ROOM, FRIDAY, Facts(decided={(demand.id, FRIDAY): Decimal(5)}))
    assert found.amount == 189
    assert [(one.kind, one.label, one.amount, one.percent) for one in found.reasons] == [
        ("base", "", 100, None),
        ("price", "Summer", 150, None),
        ("adjust", "Weekend", None, 20),
        ("dynamic", "Demand", None, 5),
    ]
    assert [kept_reason(one.as_json()) for one in found.reasons] == list(found.reasons)


@each(
    "nights, lead, off",
    [(2, 10, []), (3, 10, [-30]), (7, 10, [-140]), (7, 60, [-140, -70]), (3, 1, [-30, -45]), (1, 1, [-15])],
)
def test_discounts_count_from_the_sum_of_the_nights(nights: int, lead: int, off: list[int]) -> None:
    rules = rules_of(
        ROOM,
        rule("length", steps=[{"nights": 3, "percent": 10}, {"nights": 7, "percent": 20}]),
        rule("early_bird", days=60, percent=10),
        rule("last_minute", days=2, percent=15),
    )
    assert [one.amount for one in discounts(rules, FRIDAY, [Decimal(100)] * nights, lead, "EUR")] == off


def test_discounts_leave_nothing_below_zero() -> None:
    rules = rules_of(ROOM, rule("length", steps=[{"nights": 1, "percent": 60}]), rule("early_bird", days=0, percent=60))
    assert [one.amount for one in discounts(rules, FRIDAY, [Decimal(100)], 0, "EUR")] == [-60, -40]


@each(
    "rules, problems",
    [
        ([], {}),
        ([rule("min_nights", "August", nights=7)], {"checkOut": Notice("stay_below_rule", least=7, rule="August")}),
        ([rule("max_nights", "Fair", nights=2)], {"checkOut": Notice("stay_above_rule", most=2, rule="Fair")}),
        ([rule("closed_to_arrival", "C")], {"checkIn": Notice("closed_to_arrival", rule="C")}),
        ([rule("closed_to_arrival", "C"), rule("closed_to_arrival", "O", 2, closed=False, priority=1)], {}),
        ([rule("closed_to_departure", "C", weekdays=frozenset({1}))],
         {"checkOut": Notice("closed_to_departure", rule="C")}),
        ([rule("closed_to_departure", "C", weekdays=frozenset({5}))], {}),
        ([rule("notice", "N", days=6)], {"checkIn": Notice("notice_too_short", days=6, rule="N")}),
        ([rule("notice", "N", days=5)], {}),
        ([rule("horizon", "H", days=4)], {"checkIn": Notice("beyond_horizon", days=4, rule="H")}),
    ],
)  # fmt: skip
def test_what_cannot_be_had_names_the_rule(rules: list[Any], problems: dict[str, Notice]) -> None:
    """Friday to Monday, five days ahead."""
    assert stay_problems(rules_of(ROOM, *rules), ROOM, Stay(FRIDAY, MONDAY), 5) == problems


def test_a_rule_counts_instead_of_the_rooms_own_limit() -> None:
    strict = RatedRoom(min_nights=5)
    assert stay_problems(rules_of(strict), strict, Stay(FRIDAY, MONDAY), 5) == {
        "checkOut": Notice("stay_below_room", least=5)
    }
    assert stay_problems(rules_of(strict, rule("min_nights", nights=2)), strict, Stay(FRIDAY, MONDAY), 5) == {}


@each(
    "occupancy, days, previous, percent",
    [(0, 90, 0, 0), (75, 90, 0, 10), (75, 90, 30, 10), (95, 90, 0, 15), (95, 90, 15, 20), (10, 3, 0, -15)],
)
def test_a_decision_follows_the_highest_step_within_its_bounds(
    occupancy: int, days: int, previous: int, percent: int
) -> None:
    steps = [{"occupancy": 70, "percent": 10}, {"occupancy": 90, "percent": 40}, {"days": 7, "percent": -30}]
    terms = rule_terms.read(
        "dynamic", {"steps": steps, "floor": -20, "ceiling": 20, "step": 15 if previous < 30 else 20}
    )
    assert isinstance(terms, DynamicTerms)
    made = dynamic.decide(terms, dynamic.Inputs(occupancy, days, Decimal(previous)))
    assert made.percent == percent
    assert made.as_json() == {
        "occupancy": occupancy, "daysAhead": days, "previous": str(previous), "wanted": str(made.wanted),
    }  # fmt: skip


@each(
    "kind, text",
    [
        ("price", "amount=150.50"),
        ("guests", "included=2 extra=20 fewer=0 children=2:0,12:10"),
        ("length", "steps=3:10,7:15"),
        ("dynamic", "steps=70:540:10,90:30:25 floor=-20 ceiling=40 step=5 ahead=90"),
        ("closed_to_arrival", "closed=false"),
        ("early_bird", "days=60 percent=10"),
    ],
)
def test_terms_are_written_as_they_are_read(kind: str, text: str) -> None:
    assert rule_text.written(kind, rule_terms.read(kind, rule_text.read(kind, text)).as_json()) == text


@each(
    "kind, said",
    [
        ("price", {}),
        ("price", {"amount": 1, "percent": 1}),
        ("price", {"amount": -1}),
        ("price", {"amount": 1, "nights": 3}),
        ("length", {"steps": []}),
        ("length", {"steps": [{"nights": 3, "percent": 101}]}),
        ("min_nights", {"nights": 0}),
        ("dynamic", {"steps": [{"percent": 5}], "floor": 5, "ceiling": 10, "step": 1}),
    ],
)
def test_terms_that_make_no_sense_are_refused(kind: str, said: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        rule_terms.read(kind, said)
