"""Random rule sets: a weaker rule changes nothing, amounts are payable ones, discounts take no more than there is."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain.money import decimals, rounded
from booking.domain.pricing import dynamic, rule_terms
from booking.domain.pricing.nightly import Facts, Party, discounts, limits, nightly, stay_problems
from booking.domain.pricing.rules import Rule
from booking.domain.stays import Stay
from tests.fuzz.examples import EXAMPLES, many
from tests.fuzz.test_money import CURRENCIES
from tests.rate_rules import HOUSE, RatedRoom, rule_sets, rules_of


@st.composite
def rooms(draw: st.DrawFn) -> RatedRoom:
    currency = draw(CURRENCIES)
    units = draw(st.integers(1, 10**6))
    return RatedRoom(Decimal(units).scaleb(-decimals(currency)), currency)


some = settings(many, max_examples=max(5, EXAMPLES // 5))
SETS = rooms().flatmap(lambda room: st.tuples(st.just(room), rule_sets(room)))
NIGHTS = st.integers(-20, 60).map(lambda days: HOUSE + dt.timedelta(days=days))
PARTIES = st.builds(Party, st.integers(1, 8), st.lists(st.integers(0, 17), max_size=3).map(tuple))


@some
@given(SETS, NIGHTS, PARTIES, st.integers(1, 20), st.integers(0, 100))
def test_a_weaker_rule_changes_nothing(
    made: tuple[RatedRoom, list[Rule]], day: dt.date, party: Party, length: int, lead: int
) -> None:
    """Weaker than all, and of a kind of which a rule counts on these days already."""
    room, rules = made
    stay = Stay(day, day + dt.timedelta(days=length))
    before = rules_of(room, *rules)
    weaker = [
        replace(one, id=uuid.UUID(int=1), priority=-9, first=None, last=None, weekdays=frozenset(), room_id=None)
        for one in rules
        if all(before.find(one.kind, night) for night in [*stay.dates(), stay.check_out])
    ]
    after = rules_of(room, *weaker, *rules)
    facts = Facts(party, stay.check_in, {(one.id, day): Decimal(7) for one in rules})
    found = []
    for rated in (before, after):
        nights = [nightly(rated, room, night, facts) for night in stay.dates()]
        costs = [night.amount for night in nights]
        off = discounts(rated, day, costs, lead, room.currency)
        found.append((nights, off, stay_problems(rated, room, stay, lead)))
    assert found[0] == found[1]


@some
@given(SETS, NIGHTS, PARTIES, st.integers(1, 20), st.integers(0, 100))
def test_every_line_is_payable_and_the_total_is_their_sum_and_never_below_zero(
    made: tuple[RatedRoom, list[Rule]], day: dt.date, party: Party, length: int, lead: int
) -> None:
    room, rules = made[0], rules_of(made[0], *made[1])
    dates = Stay(day, day + dt.timedelta(days=length)).dates()
    nights = [nightly(rules, room, night, Facts(party, day)).amount for night in dates]
    off = [one.amount for one in discounts(rules, day, nights, lead, room.currency)]
    assert all(amount == rounded(amount, room.currency) for amount in [*nights, *off])
    assert all(amount >= 0 for amount in nights)
    assert all(amount < 0 for amount in off)
    assert sum(nights) + sum(off) >= 0


@some
@given(SETS, NIGHTS)
def test_a_night_that_no_rule_covers_costs_the_rooms_own_price(
    made: tuple[RatedRoom, list[Rule]], day: dt.date
) -> None:
    room, rules = made
    of_others = [one for one in rules if not (one.is_for(room) and one.covers(day))]
    rated = rules_of(room, *of_others)
    found = nightly(rated, room, day, Facts(Party(3)))
    assert found.amount == rounded(room.price_per_night, room.currency)
    assert [one.kind for one in found.reasons] == ["base"]
    held_to = limits(rated, room, day)
    assert (held_to.least, held_to.most) == (room.min_nights, room.max_nights)


@some
@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 90), st.integers(-100, 300)), min_size=1, max_size=5),
    st.integers(-90, 0),
    st.integers(0, 500),
    st.integers(1, 590),
    st.tuples(st.integers(0, 100), st.integers(0, 365), st.integers(-90, 500)),
)
def test_a_decision_stays_within_its_bounds_and_comes_to_rest(
    steps: list[tuple[int, int, int]], floor: int, ceiling: int, step: int, given: tuple[int, int, int]
) -> None:
    said = [{"occupancy": occupancy, "days": days, "percent": percent} for occupancy, days, percent in steps]
    terms = rule_terms.read("dynamic", {"steps": said, "floor": floor, "ceiling": ceiling, "step": step})
    occupancy, days, start = given
    previous, trail = Decimal(start), []
    for _ in range(600):
        previous = dynamic.decide(terms, dynamic.Inputs(occupancy, days, previous)).percent  # type: ignore[arg-type]
        trail.append(previous)
        assert floor <= previous <= ceiling
    assert trail[-1] == trail[-2]
    assert all(abs(one - other) <= step for one, other in pairwise(trail))
