"""A range of days changed in one go counts on all of its days, whatever rules there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from booking.domain import pricing
from booking.domain.errors import Invalid
from booking.domain.inputs import accept
from booking.domain.pricing import RangeInput, rate_editing
from booking.domain.stays import StayRules
from booking.domain.tables import Room
from booking.http.words import rate_rules
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM
from tests.domain.pricing.test_rate_effects import day, said

pytestmark = pytest.mark.slow
RULES = StayRules()
NAMES = {kind: str(name) for kind, name in rate_rules.KINDS.items()}


def changed(room: Room, **facts: Any) -> int:
    given = {"from": day(10), "to": day(12), "rooms": ["all"], "name": "Fair", **facts}
    steps = pricing.range_steps(SYSTEM, room.property_id, accept(RangeInput, given, strict=False), NAMES)
    return pricing.take_rates(SYSTEM, room.property_id, steps)


def prices(room: Room) -> list[int]:
    found = pricing.nights_of_room(room.id, day(9), day(14), RULES, 2)
    return [int(night.price) for night in found.nights]


def test_it_wins_over_rules_that_are_nearer_or_have_a_priority(room: Room) -> None:
    rate_editing.add(SYSTEM, room.property_id, said("price", "Own", amount=70, roomId=room.id))
    rate_editing.add(SYSTEM, room.property_id, said("price", "High", amount=60, priority=7))
    assert changed(room, price=120) == 1
    assert prices(room) == [60, 120, 120, 120, 60]


def test_it_wins_over_a_room_s_own_rule_though_it_is_for_all(room: Room) -> None:
    rate_editing.add(SYSTEM, room.property_id, said("price", "Own", amount=70, roomId=room.id))
    assert changed(room, price=120) == 1
    assert prices(room) == [70, 120, 120, 120, 70]


def test_the_same_range_again_changes_its_rule_and_adds_none(room: Room) -> None:
    changed(room, price=120)
    assert changed(room, price=120) == 0
    assert changed(room, price=130) == 1
    assert [rule.version for rule in rate_editing.of_property(SYSTEM, room.property_id)] == [2]
    assert prices(room)[1:4] == [130, 130, 130]


def test_prices_limits_and_closings_are_set_at_once_on_some_weekdays(room: Room) -> None:
    weekday = day(11).isoweekday()
    key = f"room:{encode('room', room.id)}"
    assert changed(room, percent=-10, minNights=2, maxNights=6, arrival="closed", departure="open",
                   weekdays=[weekday], rooms=[key]) == 5  # fmt: skip
    found = pricing.nights_of_room(room.id, day(10), day(13), RULES, 2).nights
    assert [(one.min_nights, one.max_nights, one.closed_to_arrival) for one in found] == [
        (room.min_nights, room.max_nights, False),
        (2, 6, True),
        (room.min_nights, room.max_nights, False),
    ]


@each(
    "facts, field",
    [
        ({"price": ""}, "price"),
        ({"price": "x"}, "price"),
        ({"price": 5, "name": ""}, "name"),
        ({"price": 5, "to": dt.date(2020, 1, 1)}, "to"),
        ({"minNights": 0}, "minNights"),
        ({"arrival": "maybe"}, "arrival"),
        ({"price": 5, "rooms": []}, "rooms"),
    ],
)
def test_what_is_wrong_is_said_by_its_field(facts: dict[str, Any], field: str) -> None:
    given = {"from": day(10), "to": day(12), "rooms": ["all"], "name": "Fair", **facts}
    with pytest.raises(Invalid) as refused:
        accept(RangeInput, {name: value for name, value in given.items() if value != ""}, strict=False)
    assert field in refused.value.details
