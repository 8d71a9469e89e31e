"""Rate rules for tests: one by name and terms, and random sets of them."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from booking.domain.money import decimals
from booking.domain.pricing import rule_terms
from booking.domain.pricing.rules import RoomRules, Rule, of_room

# Policies and rate plans change no price by themselves.
PRICED = [kind for kind in rule_terms.KINDS if kind not in (rule_terms.POLICY, rule_terms.PLAN)]
HOUSE = dt.date(2031, 5, 1)  # a Thursday; rules of random sets lie around it


ROOM_ID = uuid.UUID(int=1)


@dataclass(frozen=True)
class RatedRoom:
    price_per_night: Decimal = Decimal(100)
    currency: str = "EUR"
    version: int = 3
    id: uuid.UUID = ROOM_ID
    kind: str | None = "Double"
    unit_group_id: uuid.UUID | None = None
    min_nights: int = 1
    max_nights: int = 30


def rule(kind: str, name: str = "", number: int = 1, /, **said: Any) -> Rule:
    """Of version 1, with these terms; what is no term says for which rooms and days."""
    where: dict[str, Any] = {key: said.pop(key) for key in [*said] if key in Rule.__dataclass_fields__}
    terms = rule_terms.read(kind, said)
    return Rule(uuid.UUID(int=number), 1, kind, name or kind, terms, **where)


def rules_of(room: RatedRoom, *rules: Rule) -> RoomRules:
    return of_room(rules, room)


def _money(currency: str, most: int) -> st.SearchStrategy[Decimal]:
    places = decimals(currency)
    return st.integers(0, most * 10**places).map(lambda units: Decimal(units).scaleb(-places))


def _percents(least: int, most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(least * 100, most * 100).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


_DAYS = st.one_of(st.none(), st.integers(-20, 60).map(lambda days: HOUSE + dt.timedelta(days=days)))
_NIGHTS = st.fixed_dictionaries({"nights": st.integers(1, 20)})
_DAYS_AHEAD = st.fixed_dictionaries({"days": st.integers(0, 90)})
_LEAD = st.fixed_dictionaries({"days": st.integers(0, 90), "percent": _percents(1, 100)})
_CLOSED = st.fixed_dictionaries({"closed": st.booleans()})
_LENGTH = st.fixed_dictionaries({"nights": st.integers(1, 20), "percent": _percents(1, 100)})
_DYNAMIC = {"steps": [{"occupancy": 50, "percent": 10}], "floor": -50, "ceiling": 50, "step": 50}


def _tax_in_percent(amount: Any) -> st.SearchStrategy[dict[str, Any]]:
    of = {"of": st.sampled_from(rule_terms.OF), "nights": st.integers(1, 9)}
    optional = {**of, "included": st.booleans(), "cap": amount}
    return st.fixed_dictionaries({"percent": st.decimals("0.0001", 100, places=4)}, optional=optional)


def _tax_in_money(amount: Any) -> st.SearchStrategy[dict[str, Any]]:
    by_guests = {"amount": amount, "per": st.just("guest_night")}
    optional = {"cap": amount, "nights": st.integers(1, 9), "included": st.booleans(), "fromAge": st.integers(1, 18)}
    return st.one_of(
        st.fixed_dictionaries(by_guests, optional=optional),
        st.fixed_dictionaries({"amount": amount, "per": st.sampled_from(rule_terms.PER)}),
    )


def _fee(amount: Any) -> st.SearchStrategy[dict[str, Any]]:
    said = {"amount": amount, "per": st.sampled_from(rule_terms.PER)}
    by_guests = {"amount": amount, "per": st.sampled_from(["guest", "guest_night"]), "fromAge": st.integers(1, 18)}
    optional = {"optional": st.booleans()}
    return st.one_of(
        st.fixed_dictionaries(said, optional=optional),
        st.fixed_dictionaries(by_guests, optional=optional),
        st.fixed_dictionaries({"amount": amount, "per": st.just("night")}, optional={"cap": amount}),
    )


def terms_of(kind: str, currency: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any terms of a rule of this kind."""
    amount = _money(currency, 500)
    band = st.fixed_dictionaries({"age": st.integers(0, 17), "amount": amount})
    guests = {"included": st.integers(1, 4), "extra": amount, "fewer": amount, "children": st.lists(band, max_size=3)}
    said: dict[str, st.SearchStrategy[Any]] = {
        rule_terms.PRICE: st.one_of(
            st.fixed_dictionaries({"amount": amount}), st.fixed_dictionaries({"percent": _percents(1, 300)})
        ),
        rule_terms.ADJUST: st.one_of(
            st.fixed_dictionaries({"amount": amount.map(lambda one: 100 - one)}),
            st.fixed_dictionaries({"percent": _percents(-100, 200)}),
        ),
        rule_terms.DYNAMIC: st.just(_DYNAMIC),
        rule_terms.GUESTS: st.fixed_dictionaries(guests),
        rule_terms.LENGTH: st.fixed_dictionaries({"steps": st.lists(_LENGTH, min_size=1, max_size=3)}),
        rule_terms.EARLY_BIRD: _LEAD,
        rule_terms.LAST_MINUTE: _LEAD,
        rule_terms.MIN_NIGHTS: _NIGHTS,
        rule_terms.MAX_NIGHTS: _NIGHTS,
        rule_terms.CLOSED_TO_ARRIVAL: _CLOSED,
        rule_terms.CLOSED_TO_DEPARTURE: _CLOSED,
        rule_terms.NOTICE: _DAYS_AHEAD,
        rule_terms.HORIZON: _DAYS_AHEAD,
        rule_terms.FEE: _fee(amount),
        rule_terms.TAX: st.one_of(_tax_in_money(amount), _tax_in_percent(amount)),
    }
    return said[kind]


@st.composite
def rule_sets(draw: st.DrawFn, room: RatedRoom, most: int = 8) -> list[Rule]:
    """Any rules of the room's property, in its currency; some are for other rooms."""
    made = []
    for number in range(draw(st.integers(0, most))):
        kind = draw(st.sampled_from(PRICED))
        first, last = draw(_DAYS), draw(_DAYS)
        if first and last and last < first:
            first, last = last, first
        scope: dict[str, Any] = draw(
            st.sampled_from([{}, {}, {"room_kind": room.kind}, {"room_kind": "Suite"}, {"room_id": room.id}])
        )
        made.append(
            Rule(
                uuid.UUID(int=100 + number),
                1,
                kind,
                f"rule {number}",
                rule_terms.read(kind, draw(terms_of(kind, room.currency))),
                priority=draw(st.integers(-2, 2)),
                first=first,
                last=last,
                weekdays=draw(st.frozensets(st.integers(1, 7), max_size=3)),
                **scope,
            )
        )
    return made
