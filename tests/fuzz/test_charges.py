"""Random fees and taxes: every line is payable, lines add up, and a stay that is cut short never costs more."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain import pricing
from booking.domain.money import rounded
from booking.domain.pricing import Line, charges, nightly, quotes, rule_terms
from booking.domain.pricing.nightly import Party
from booking.domain.pricing.rules import RoomRules, Rule
from booking.domain.reservations import change_terms
from booking.domain.reservations.change_terms import Sold
from booking.domain.stays import Stay
from tests.fuzz.examples import EXAMPLES, many
from tests.fuzz.test_rates import SETS
from tests.rate_rules import HOUSE, RatedRoom, rules_of

some = settings(many, max_examples=max(5, EXAMPLES // 5))
PARTIES = st.integers(1, 6).flatmap(
    lambda guests: st.builds(Party, st.just(guests), st.lists(st.integers(0, 17), max_size=guests).map(tuple))
)
NOW = dt.datetime(2031, 4, 1, tzinfo=dt.UTC)


def lines_of(rules: RoomRules, room: RatedRoom, stay: Stay, party: Party) -> list[Line]:
    """As quote() makes them, with every other extra."""
    offered = [rule.shown_id for rule in rules.by_kind.get(rule_terms.FEE, ()) if charges.is_extra(rule)]
    extras = offered[::2]
    facts, dates = nightly.Facts(party, stay.check_in), stay.dates()
    nights = [nightly.nightly(rules, room, night, facts) for night in dates]
    lines = [Line("night", date, one.amount, "base", 1) for date, one in zip(dates, nights, strict=True)]
    off = nightly.discounts(rules, stay.check_in, [one.amount for one in nights], 40, room.currency)
    lines += [Line("discount", None, one.amount, one.reason.rule, 1, one.reason.label, (one.reason,)) for one in off]
    charged = charges.Charged(dates, quotes.total(lines), party.guests, room.currency, party.children)
    return [*lines, *map(quotes.charge_line, charges.of_stay(rules, stay.check_in, charged, extras))]


@some
@given(SETS, PARTIES, st.integers(1, 12))
def test_every_charge_is_payable_and_what_is_included_adds_nothing(
    made: tuple[RatedRoom, list[Rule]], party: Party, length: int
) -> None:
    room, rules = made[0], rules_of(made[0], *made[1])
    stay = Stay(HOUSE, HOUSE + dt.timedelta(days=length))
    lines = lines_of(rules, room, stay, party)
    found = [line for line in lines if quotes.is_charge(line)]
    assert all(line.amount == rounded(line.amount, room.currency) > 0 for line in found)
    assert all(line.date is None or line.date in stay.dates() for line in found)
    assert sum(line.amount for line in lines if not line.included) == quotes.total(lines)
    assert pricing.kept_lines(line.as_json() for line in lines) == tuple(lines)


@some
@given(SETS, PARTIES, st.integers(2, 12), st.data())
def test_a_stay_cut_short_never_costs_more_and_one_that_stays_the_same_costs_the_same(
    made: tuple[RatedRoom, list[Rule]], party: Party, length: int, data: st.DataObject
) -> None:
    room, rules = made[0], rules_of(made[0], *made[1])
    dates = Stay(HOUSE, HOUSE + dt.timedelta(days=length)).dates()
    lines = lines_of(rules, room, Stay(HOUSE, HOUSE + dt.timedelta(days=length)), party)
    policy = pricing.frozen_policy({"tiers": [{"daysBefore": 1, "percent": 60}]}, "UTC", dt.time(15))
    sold = Sold(HOUSE, quotes.total(lines), room.currency, tuple(lines), policy)
    first = data.draw(st.integers(0, length - 1))
    kept = dates[first : data.draw(st.integers(first + 1, length))]
    nights = change_terms.stay_lines(sold, kept, ())
    off = change_terms.discounts(sold, nights, (), 40)
    again = [line for line in nights if line.kind == "night"] + off
    again += change_terms.charges(sold, [*nights, *off])
    price = change_terms.new_price(sold, again, kept[0], NOW)
    assert price.difference <= 0
    assert 0 <= price.total == quotes.total(price.lines)
    assert all(line.amount == rounded(line.amount, room.currency) for line in price.lines)
    assert all(line.date is None or line.date in kept for line in price.lines)
    if len(kept) == len(dates):
        assert price.difference == 0 == price.kept
        assert sorted(map(str, price.lines)) == sorted(map(str, lines))
    lowered = change_terms.lowered(sold, min(Decimal(1), rounded(sold.total / 2, room.currency)))
    assert quotes.total(lowered.lines) == lowered.total >= 0


@some
@given(SETS, PARTIES, st.integers(1, 12))
def test_no_charge_comes_to_more_than_its_cap(made: tuple[RatedRoom, list[Rule]], party: Party, length: int) -> None:
    room, rules = made[0], rules_of(made[0], *made[1])
    lines = lines_of(rules, room, Stay(HOUSE, HOUSE + dt.timedelta(days=length)), party)
    for rule in {line.rule: line.reasons[0] for line in lines if quotes.is_charge(line)}.values():
        terms = charges.kept_terms(rule)
        if terms.cap is not None:
            most = terms.cap * terms.times(party.guests, party.children)
            assert sum(line.amount for line in lines if line.rule == rule.rule) <= most
