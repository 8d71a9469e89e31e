"""Named policies and rate plans: what a tier gives back, what may be said, and who follows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.errors import Invalid
from booking.domain.money import rounded
from booking.domain.pricing import policies, policy_rules, rate_editing, rule_terms, rule_text
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.rule_terms import PolicyTerms
from booking.domain.tables import Room
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, beside

pytestmark = pytest.mark.slow
HOUR, MOMENT = dt.timedelta(hours=1), dt.timedelta(microseconds=1)


def policy(*tiers: str) -> dict[str, Any]:
    """5d:100 24h:50 1d:-1n as rooms have it."""
    said = rule_text.read("policy", f"tiers={','.join(tiers)}" if tiers else "")
    return PolicyTerms.model_validate(said).as_policy("Some")


def sold(*tiers: str, nights: int = 4, zone: str = "Europe/Brussels") -> dict[str, Any]:
    return policies.frozen(policy(*tiers), zone, dt.time(15), nights)


@each(
    ("check_in", "hours"),
    [("2031-05-20", 48), ("2031-03-30", 48), ("2031-10-26", 48)],  # the clocks change on the two Sundays
)
def test_hours_are_hours_that_pass_and_days_are_days_of_the_calendar(check_in: str, hours: int) -> None:
    day = dt.date.fromisoformat(check_in)
    begins = policies.check_in_instant(sold(), day)
    [by_hours], [by_days] = policies.tiers(sold("48h:100"), day), policies.tiers(sold("2d:100"), day)
    assert (begins.astimezone(dt.UTC) - by_hours.until.astimezone(dt.UTC)) == hours * HOUR
    assert (by_days.until.date(), by_days.until.hour) == (day - dt.timedelta(days=2), 15)


@each(
    ("nights", "price", "back"),
    [(4, "400", "300.00"), (3, "100", "66.67"), (1, "120", "0.00"), (7, "699.99", "599.99")],
)
def test_all_but_the_first_night_comes_back(nights: int, price: str, back: str) -> None:
    day = dt.date(2031, 5, 20)
    terms = sold("5d:100", "1d:-1n", nights=nights)
    now = policies.tiers(terms, day)[1].until - MOMENT
    assert policies.refund(terms, day, Decimal(price), "EUR", now) == Decimal(back)
    assert {one.kept_nights for one in policies.promises_of(terms, day, Decimal(price), "EUR", now)} <= {1}


zones = st.sampled_from(["Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
currencies = st.sampled_from(["EUR", "JPY", "KWD"])


@st.composite
def known_policies(draw: st.DrawFn) -> dict[str, Any]:
    """Up to six tiers as somebody may say them."""
    deadlines = sorted(draw(st.sets(st.integers(0, 400), max_size=6)), reverse=True)
    count = len(deadlines)
    percents = sorted(draw(st.sets(st.integers(1, 100), min_size=count, max_size=count)), reverse=True)
    by_nights = draw(st.booleans())
    refunds = ["100", *(f"-{number}n" for number in range(1, 6))] if by_nights else [str(one) for one in percents]
    tiers = [
        f"{hours // 24}d:{back}" if hours % 24 == 0 else f"{hours}h:{back}"
        for hours, back in zip(deadlines, refunds, strict=False)
    ]
    return policies.frozen(policy(*tiers), draw(zones), draw(st.times()).replace(tzinfo=None), draw(st.integers(1, 30)))


@given(
    known_policies(),
    st.dates(dt.date(2027, 1, 1), dt.date(2031, 12, 31)),
    currencies,
    st.integers(0, 10**7),
    st.lists(st.integers(-500 * 60, 100 * 60), min_size=1, max_size=6),
)
def test_no_refund_is_above_the_price_or_below_nothing_and_none_grows_with_time(
    terms: dict[str, Any], check_in: dt.date, currency: str, minor: int, minutes: list[int]
) -> None:
    """Whatever the tiers, the moment, the zone and its clocks; promised is what comes back."""
    price = rounded(Decimal(minor) / 100, currency)
    begins = policies.check_in_instant(terms, check_in)
    moments = sorted(begins.astimezone(dt.UTC) + dt.timedelta(minutes=one) for one in minutes)
    backs = [policies.refund(terms, check_in, price, currency, now) for now in moments]
    assert all(0 <= back <= price and back == rounded(back, currency) for back in backs)
    if "nights" not in terms or terms["nights"] > 5:
        assert backs == sorted(backs, reverse=True)
    for promise in policies.promises_of(terms, check_in, price, currency, moments[0]):
        assert policies.refund(terms, check_in, price, currency, promise.until - MOMENT) == promise.amount


@each(
    ("tiers", "field"),
    [
        (["1d:100", "5d:50"], "tiers"),  # the later first
        (["5d:100", "120h:50"], "tiers"),  # the same deadline
        (["5d:50", "1d:80"], "tiers"),  # more back, later
        (["5d:50", "1d:-1n"], "tiers"),  # of a long stay, more back
        (["5d:-2n", "1d:-1n"], "tiers"),
        (["5d:-1n", "1d:50"], "tiers"),
        (["5d:101"], "tiers[0].refund"),
        (["5d:0"], "tiers[0].refund"),
        (["5w:100"], "tiers[0].before"),
        (["-1d:100"], "tiers[0].before"),
    ],
)
def test_tiers_that_make_no_sense_are_refused_by_their_field(tiers: list[str], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rule_terms.read("policy", rule_text.read("policy", f"tiers={','.join(tiers)}"))
    assert list(refusal.value.details) == [field]


def test_what_is_kept_can_be_read_by_the_release_before_and_gives_it_no_more() -> None:
    [first, second] = policy("36h:100", "12h:-1n")["tiers"]
    assert first == {"daysBefore": 2, "percent": 100, "hoursBefore": 36}
    assert second == {"daysBefore": 1, "percent": 0, "hoursBefore": 12, "keptNights": 1}


# --- of a property


def said(kind: str, name: str, **terms: Any) -> RateInput:
    return RateInput.model_validate({"kind": kind, "name": name, "terms": terms})


def tiers(*entries: str) -> dict[str, Any]:
    return rule_text.read("policy", f"tiers={','.join(entries)}")


def of(room: Room) -> dict[str, Any]:
    db.session.expire_all()
    return db.session.get_one(Room, room.id).cancellation_policy


def test_rooms_that_have_a_policy_follow_it_and_others_do_not(app: Flask, room: Room) -> None:
    attic = beside(room, "Attic", 90)
    policy_id = rate_editing.add(SYSTEM, room.property_id, said("policy", "Summer", **tiers("7d:100")))
    assert policy_rules.use(SYSTEM, policy_id, [room.id]) == 1
    assert policy_rules.use(SYSTEM, policy_id, [room.id]) == 0
    assert of(room) == {
        "name": "Summer",
        "tiers": [{"daysBefore": 7, "percent": 100}],
        "id": encode("rate", policy_id),
    }
    rate_editing.change(SYSTEM, policy_id, said("policy", "Summer 2027", **tiers("7d:100", "24h:50")))
    assert [tier["percent"] for tier in of(room)["tiers"]] == [100, 50]
    assert of(room)["name"] == "Summer 2027"
    assert of(attic)["name"] == "flexible"


def test_a_policy_that_rooms_or_plans_still_have_does_not_end(app: Flask, room: Room) -> None:
    policy_id = rate_editing.add(SYSTEM, room.property_id, said("policy", "Summer", **tiers("7d:100")))
    plan = said("plan", "Early", percent=-5, policy=encode("rate", policy_id))
    plan_id = rate_editing.add(SYSTEM, room.property_id, plan)
    policy_rules.use(SYSTEM, policy_id, [room.id])
    for rooms, plans in ((1, 1), (1, 0)):
        with pytest.raises(policy_rules.PolicyInUse) as refusal:
            rate_editing.end(SYSTEM, policy_id)
        assert refusal.value.params == {"rooms": rooms, "plans": plans}
        rate_editing.end(SYSTEM, plan_id)
    policy_rules.use_known(SYSTEM, room.property_id, "strict", [room.id])
    rate_editing.end(SYSTEM, policy_id)
    rate_editing.end(SYSTEM, policy_id)
    assert of(room)["name"] == "strict"


@each(
    ("wrong", "field"),
    [
        ({"kind": "plan", "name": "A", "terms": {"policy": "unheard"}}, "policy"),
        ({"kind": "plan", "name": "A", "terms": {"percent": -91, "policy": "flexible"}}, "percent"),
        ({"kind": "plan", "name": "A", "terms": {"percent": -5}}, "policy"),
        ({"kind": "policy", "name": "Flexible", "terms": {}}, "name"),
        ({"kind": "policy", "name": "A", "weekdays": [1]}, "weekdays"),
        ({"kind": "policy", "name": "A", "from": "2031-01-01"}, "from"),
    ],
)
def test_what_no_policy_or_plan_can_be_is_refused_by_its_field(
    app: Flask, room: Room, wrong: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        rate_editing.add(SYSTEM, room.property_id, RateInput.model_validate(wrong))
    assert list(refusal.value.details) == [field]


def test_a_house_has_a_policys_name_once(app: Flask, room: Room) -> None:
    first = rate_editing.add(SYSTEM, room.property_id, said("policy", "Summer"))
    with pytest.raises(Invalid):
        rate_editing.add(SYSTEM, room.property_id, said("policy", "summer"))
    rate_editing.change(SYSTEM, first, said("policy", "SUMMER"))
    rate_editing.end(SYSTEM, first)
    rate_editing.add(SYSTEM, room.property_id, said("policy", "summer"))
