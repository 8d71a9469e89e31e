"""Money: amounts are rounded once, sums are the sums of what is shown, and refunds never exceed what was paid.

PROPERTY_EXAMPLES asks for more examples of each (100 in CI).
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from booking.domain.money import DECIMALS, as_number, decimals, rounded
from booking.domain.pricing import policies, quotes
from booking.domain.stays import Stay
from tests.fuzz.examples import instants, many, policies_of_rooms, stays

CURRENCIES = st.sampled_from([*sorted(DECIMALS), "EUR", "USD", "ILS", "XYZ"])
# All that NUMERIC(15,3) holds, and digits beyond it that have to go.
AMOUNTS = st.decimals("0", "999999999999.999", places=3)
NOW = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
LONG_AMOUNTS = st.decimals("-999999999999", "999999999999", places=9)


class Priced(NamedTuple):
    price_per_night: Decimal
    currency: str
    version: int
    rates_version: int = 0
    id: uuid.UUID = uuid.UUID(int=0)
    property_id: uuid.UUID = uuid.UUID(int=0)
    kind: str | None = None
    unit_group_id: uuid.UUID | None = None
    time_zone: str = "UTC"


@many
@given(LONG_AMOUNTS, CURRENCIES)
def test_rounding_is_to_the_nearest_amount_that_can_be_paid(amount: Any, currency: Any) -> None:
    unit = Decimal(1).scaleb(-decimals(currency))
    paid = rounded(amount, currency)
    assert paid % unit == 0
    assert abs(paid - amount) <= unit / 2
    assert rounded(paid, currency) == paid
    assert rounded(-amount, currency) == -paid


@many
@given(st.integers(0, 10**11), CURRENCIES)
def test_a_half_is_rounded_up(units: Any, currency: Any) -> None:
    unit = Decimal(1).scaleb(-decimals(currency))
    assert rounded(unit * units + unit / 2, currency) == unit * (units + 1)


@many
@given(AMOUNTS, CURRENCIES)
def test_no_digit_is_lost_on_the_way_through_json(amount: Any, currency: Any) -> None:
    paid = rounded(amount, currency)
    assert Decimal(str(json.loads(json.dumps(as_number(paid, currency))))) == paid


@many
@given(st.decimals("0.001", "99999.999", places=3), CURRENCIES, stays())
def test_the_total_is_the_sum_of_the_lines_that_are_shown(price: Any, currency: Any, stay: Any) -> None:
    quote = quotes.quote(Priced(price, currency, 1), stay, 2, NOW)
    assert [line.date for line in quote.lines] == stay.dates()
    kept = json.loads(json.dumps(quote.as_json()))
    assert sum(Decimal(line["amount"]) for line in kept) == quote.total
    shown = [as_number(line.amount, currency) for line in quotes.kept_lines(kept)]
    assert sum(Decimal(str(amount)) for amount in shown) == quote.total


@many
@given(AMOUNTS, CURRENCIES, policies_of_rooms(), stays(), instants)
def test_what_comes_back_is_never_more_than_was_paid_and_grows_for_nobody_who_waits(
    paid: Any, currency: Any, policy: Any, stay: Any, now: Any
) -> None:
    paid = rounded(paid, currency)
    sooner = policies.refund(policy, stay.check_in, paid, currency, now - dt.timedelta(hours=7))
    later = policies.refund(policy, stay.check_in, paid, currency, now)
    assert 0 <= later <= sooner <= paid


@many
@given(AMOUNTS, CURRENCIES, policies_of_rooms(), stays())
def test_a_promise_is_kept_until_its_last_moment(paid: Any, currency: Any, policy: Any, stay: Any) -> None:
    paid, long_before = rounded(paid, currency), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    tiers = policies.tiers(policy, stay.check_in)
    for promise in policies.promises(tiers, paid, currency, long_before):
        in_time = promise.until - dt.timedelta(microseconds=1)
        assert policies.refund(policy, stay.check_in, paid, currency, in_time) == promise.amount
        assert policies.refund(policy, stay.check_in, paid, currency, promise.until) <= promise.amount


def test_a_stay_over_a_leap_day_costs_it() -> None:
    leap = Stay(dt.date(2028, 2, 28), dt.date(2028, 3, 1))
    assert quotes.quote(Priced(Decimal("99.99"), "EUR", 1), leap, 2, NOW).total == Decimal("199.98")
