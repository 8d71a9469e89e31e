"""Rate rules of one demo house, of nearly every kind, so that "Why this price?" has something to say there.

Without notice and horizon: stays of any length can be tried in every demo room, from today on.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from booking.demo.compose import SOURCE
from booking.domain import pricing
from booking.domain.actors import Actor
from booking.domain.catalogue import Room
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode

CITY = "edinburgh"
YEARS = 2  # ahead


def load(actor: Actor) -> int:
    """Give the house its rules, where it never had any; how many."""
    property_id = _house()
    if property_id is None or pricing.rates_of_property(actor, property_id, ended=True):
        return 0
    made = [(None, pricing.rate_input(said)) for said in _rules(clock.now().date())]
    new, _ = pricing.put_rates(actor, property_id, made)
    policy = _rule("policy", "Deposit", "tiers=30d:100,7d:50 deposit=30% restDays=30 cancelAfter=3")
    named = encode("rate", pricing.add_rate(actor, property_id, pricing.rate_input(policy)))
    plan = _rule("plan", "Pay in two parts", f"percent=3 policy={named}")
    pricing.add_rate(actor, property_id, pricing.rate_input(plan))
    return new + 2


@reading
def _house() -> uuid.UUID | None:
    rooms = select(Room.property_id).where(Room.source == SOURCE, Room.location == CITY)
    return db.session.scalar(rooms.order_by(Room.source_id).limit(1))


def _rules(today: dt.date) -> Iterator[dict[str, str]]:
    yield _rule("adjust", "Weekend", "percent=15", weekdays="fri,sat")
    yield _rule("guests", "More than two guests", "included=2 extra=12")
    yield _rule("length", "A week or more", "steps=7:10,28:25")
    yield _rule("early_bird", "Early bird", "days=180 percent=8")
    yield _rule("last_minute", "Last minute", "days=2 percent=10")
    yield _rule("fee", "Cleaning", "amount=30")
    yield _rule("tax", "Visitor levy", "percent=5 nights=5")
    yield _rule("tax", "VAT", "percent=20 of=all included=true")
    yield _rule("plan", "Non-refundable", "percent=-12 policy=non-refundable")
    yield _rule("plan", "Flexible", "percent=8 policy=flexible")
    yield _rule("dynamic", "Demand", "steps=60:45:8,85:45:18 floor=0 ceiling=20 step=6 ahead=45")
    for year in range(today.year, today.year + YEARS + 1):
        yield _rule("price", "Festival", "percent=160", **_days(year, (8, 1), year, (8, 31)))
        hogmanay = _days(year, (12, 29), year + 1, (1, 1))
        yield _rule("price", "Hogmanay", "percent=210", **hogmanay)
        yield _rule("min_nights", "Hogmanay, three nights", "nights=3", **hogmanay)
        yield _rule("max_nights", "Hogmanay, at most a week", "nights=7", **hogmanay)
        yield _rule("closed_to_arrival", "New Year’s Day", "", **_days(year + 1, (1, 1), year + 1, (1, 1)))
        yield _rule("closed_to_departure", "New Year’s Eve", "", **_days(year, (12, 31), year, (12, 31)))


def _rule(kind: str, name: str, terms: str, **where: Any) -> dict[str, str]:
    return {"kind": kind, "name": name, "terms": terms, **where}


def _days(first_year: int, first: tuple[int, int], last_year: int, last: tuple[int, int]) -> dict[str, str]:
    return {"from": dt.date(first_year, *first).isoformat(), "to": dt.date(last_year, *last).isoformat()}
