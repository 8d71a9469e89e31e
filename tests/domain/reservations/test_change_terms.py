"""No change brings back more than cancelling would, at any instant, whatever was changed before."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking.domain import pricing
from booking.domain.catalogue.cancellation_policies import FLEXIBLE, MODERATE
from booking.domain.money import rounded
from booking.domain.pricing import Line
from booking.domain.reservations import change_terms
from booking.domain.reservations.change_terms import NewPrice, Sold

FIRST = dt.date(2031, 5, 20)
THIRDS = {
    "tiers": [{"daysBefore": 9, "percent": 67}, {"daysBefore": 4, "percent": 33}, {"daysBefore": 1, "percent": 1}]
}

policies = st.sampled_from([FLEXIBLE, MODERATE, THIRDS, {"tiers": []}])
currencies = st.sampled_from(["EUR", "JPY", "KWD"])
# Small odd amounts are rounded most, and hours between two deadlines bring a part back.
prices = st.lists(st.one_of(st.integers(0, 9).map(Decimal), st.decimals(0, 300, places=3)), min_size=1, max_size=6)
hours_before = st.sampled_from([0, 1, 23, 25, 60, 97, 115, 150, 217, 400])
days = st.integers(-20, 20)


@dataclass(frozen=True)
class Step:
    """Another stay: its nights' prices, and the day that it begins on, agreed so many hours before the first one."""

    amounts: list[Decimal]
    day: int
    hours_before: int


steps = st.lists(st.builds(Step, prices, days, hours_before), min_size=1, max_size=5)


def nights(amounts: list[Decimal], check_in: dt.date, currency: str) -> list[Line]:
    return [
        Line("night", check_in + dt.timedelta(days=number), rounded(amount, currency), "base", 1)
        for number, amount in enumerate(amounts)
    ]


def sold_first(policy: dict[str, object], amounts: list[Decimal], currency: str) -> Sold:
    lines = tuple(nights(amounts, FIRST, currency))
    frozen = pricing.frozen_policy(policy, "Europe/Brussels", dt.time(15))
    return Sold(FIRST, sum((line.amount for line in lines), Decimal(0)), currency, lines, frozen)


def after(sold: Sold, new: NewPrice, check_in: dt.date) -> Sold:
    return Sold(check_in, new.total, sold.currency, new.lines, new.policy)


def comes_back(sold: Sold, now: dt.datetime) -> Decimal:
    return pricing.refund_of(sold.policy, sold.check_in, sold.total, sold.currency, now)


@pytest.mark.slow
@settings(max_examples=150)
@given(policies, currencies, prices, steps, st.lists(st.integers(0, 24 * 40), min_size=1, max_size=4))
def test_no_change_returns_more_than_cancelling_would(
    policy: dict[str, object], currency: str, amounts: list[Decimal], story: list[Step], later: list[int]
) -> None:
    sold = sold_first(policy, amounts, currency)
    now = pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(days=30)
    for step in story:
        now = max(now, pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(hours=step.hours_before))
        check_in = FIRST + dt.timedelta(days=step.day)
        new = change_terms.new_price(sold, nights(step.amounts, check_in, currency), check_in, now)
        changed = after(sold, new, check_in)
        assert new.total == sum((line.amount for line in new.lines), Decimal(0)) >= 0
        assert new.difference == new.total - sold.total
        assert new.kept >= 0
        back, paid = max(Decimal(0), -new.difference), max(Decimal(0), new.difference)
        # By the change and by cancelling right after it, against cancelling before it.
        assert back + comes_back(changed, now) <= comes_back(sold, now) + paid
        for hours in later:
            moment = now + dt.timedelta(hours=hours)
            # What was paid before never comes back for longer than it would have.
            assert comes_back(changed, moment) <= comes_back(sold, moment) + paid
        sold = changed


@pytest.mark.slow
@given(policies, currencies, prices, steps)
def test_parts_and_what_was_kept_are_the_price(
    policy: dict[str, object], currency: str, amounts: list[Decimal], story: list[Step]
) -> None:
    sold = sold_first(policy, amounts, currency)
    for step in story:
        now = pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(hours=step.hours_before)
        check_in = FIRST + dt.timedelta(days=step.day)
        new = change_terms.new_price(sold, nights(step.amounts, check_in, currency), check_in, now)
        sold = after(sold, new, check_in)
        parts = pricing.price_parts(sold.policy, check_in, sold.total)
        kept = sum((line.amount for line in sold.lines if change_terms.is_kept(line)), Decimal(0))
        assert sum((part.amount for part in parts), kept) == sold.total
        assert all(part.amount > 0 and part.check_in <= check_in for part in parts)
        for promise in pricing.refund_outlook(sold.policy, check_in, sold.total, currency):
            assert comes_back(sold, promise.until - dt.timedelta(microseconds=1)) == promise.amount
            assert comes_back(sold, promise.until) <= promise.amount
            assert promise.percent < 100 or promise.amount == sold.total


def test_money_that_was_paid_keeps_the_earlier_deadline_and_new_money_has_its_own() -> None:
    sold = sold_first(MODERATE, [Decimal(100)] * 3, "EUR")
    now, later = pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(days=20), FIRST + dt.timedelta(days=30)
    moved = after(sold, change_terms.new_price(sold, nights([Decimal(100)] * 4, later, "EUR"), later, now), later)
    assert [(str(one.amount), one.check_in) for one in pricing.price_parts(moved.policy, later, moved.total)] == [
        ("300.00", FIRST),
        ("100.00", later),
    ]
    promised = pricing.refund_promises_of(moved.policy, later, moved.total, "EUR", now)
    assert [(int(one.amount), one.percent) for one in promised] == [(400, 100), (250, 62), (100, 25), (50, 12)]
    back = after(moved, change_terms.new_price(moved, nights([Decimal(100)] * 4, FIRST, "EUR"), FIRST, now), FIRST)
    assert {part.check_in for part in pricing.price_parts(back.policy, FIRST, back.total)} == {FIRST}


def test_what_was_paid_last_is_given_back_first() -> None:
    sold = sold_first(MODERATE, [Decimal(100)] * 3, "EUR")
    later = FIRST + dt.timedelta(days=30)
    past_deadline = pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(hours=1)
    four = nights([Decimal(100)] * 4, later, "EUR")
    moved = after(sold, change_terms.new_price(sold, four, later, past_deadline), later)
    one_less = change_terms.new_price(moved, four[:3], later, past_deadline)
    assert (int(one_less.difference), int(one_less.kept)) == (-100, 0)
    two_less = change_terms.new_price(moved, four[:2], later, past_deadline)
    assert (int(two_less.difference), int(two_less.kept)) == (-100, 100)


def test_half_a_cent_is_given_back_once() -> None:
    sold = sold_first(MODERATE, [Decimal("0.01"), Decimal("0.01")], "EUR")
    now = pricing.check_in_instant(sold.policy, FIRST) - dt.timedelta(days=3)
    shorter = change_terms.new_price(sold, nights([Decimal("0.01")], FIRST, "EUR"), FIRST, now)
    assert comes_back(sold, now) == Decimal("0.01") == comes_back(after(sold, shorter, FIRST), now)
    assert shorter.difference == 0
