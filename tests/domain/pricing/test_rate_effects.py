"""What a change of rates would touch is said before it is saved, and is what comes of it, night by night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from booking.domain import pricing
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import PropertyNotFound
from booking.domain.errors import Invalid
from booking.domain.pricing import RateEffects, RateInput, RateStep, house_rates, rate_editing, rate_effects, tariffs
from booking.domain.pricing.house_rates import HouseRoom
from booking.domain.pricing.rate_editing import RateModified, RatesModified
from booking.domain.reservations import front_desk, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Property, Room, User
from booking.infra.db import db, reading
from booking.infra.ids import new_id
from tests.cast import SYSTEM, acting, beside, in_days, order

pytestmark = pytest.mark.slow
RULES = StayRules()


def day(number: int) -> dt.date:
    return in_days(number).check_in


def said(kind: str, name: str = "", /, **facts: Any) -> RateInput:
    where = {
        key: facts.pop(key) for key in ("from", "to", "weekdays", "priority", "roomKind", "roomId") if key in facts
    }
    return RateInput.model_validate({"kind": kind, "name": name or kind, "terms": facts, **where})


def seen(room: Room, *steps: RateStep) -> RateEffects:
    return rate_effects.preview(SYSTEM, room.property_id, steps, RULES)


@reading
def facts_now(room: Room, effects: RateEffects) -> dict[tuple[str, dt.date], Any]:
    """Of every room and day ahead, as they are in force."""
    house = house_rates.get_house(room.property_id)
    tariff = tariffs.of(house.id, house.rates_version)
    return {
        (one.name, date): house_rates.of_day(tariff, one, date, house_rates.USUAL_GUESTS, effects.sample)
        for one in house_rates.rooms_of(house.id)
        for date in Stay(day(0), day(120)).dates()
    }


CHANGES: dict[str, Callable[[], list[RateInput]]] = {
    "a season": lambda: [said("price", "Summer", amount=150, **{"from": day(10), "to": day(40)})],
    "weekends": lambda: [said("adjust", "Weekend", percent=20, weekdays=[5, 6])],
    "limits": lambda: [said("min_nights", nights=4), said("max_nights", nights=5)],
    "closings": lambda: [said("closed_to_arrival", weekdays=[3]), said("closed_to_departure", weekdays=[1])],
    "of stays": lambda: [said("length", steps=[{"nights": 3, "percent": 10}]), said("early_bird", days=30, percent=5)],
    "charges": lambda: [said("fee", "Linen", amount=45), said("tax", "City", amount="3.50", per="guest_night")],
    "bookable": lambda: [said("notice", days=2), said("horizon", days=60), said("guests", included=1, extra=20)],
}


@pytest.mark.parametrize("inputs", CHANGES.values(), ids=CHANGES)
def test_what_was_said_before_is_what_is_so_after_night_by_night(
    room: Room, inputs: Callable[[], list[RateInput]]
) -> None:
    beside(room, "The other", 80)
    rate_editing.add(SYSTEM, room.property_id, said("adjust", "Saturday", amount=7, weekdays=[6], priority=5))
    steps = [RateStep(one) for one in inputs()]
    effects = seen(room, *steps)
    before = facts_now(room, effects)
    assert rate_editing.take(SYSTEM, room.property_id, steps, seen=effects.version) == len(steps)
    after = facts_now(room, effects)
    told = {
        (one.name, effect.date): (effect.before, effect.after)
        for group in effects.rooms
        for one in group.rooms
        for effect in group.days
        if effect.date < day(120)
    }
    assert told == {key: (before[key], after[key]) for key in before if before[key] != after[key]}
    assert told


def test_the_price_that_is_told_is_the_one_that_guests_are_quoted(room: Room) -> None:
    steps = [RateStep(said("price", "Fair", amount=199, **{"from": day(20), "to": day(22)}))]
    effects = seen(room, *steps)
    rate_editing.take(SYSTEM, room.property_id, steps)
    quoted = pricing.quote_stay(room.id, Stay(day(19), day(24)), 2, RULES).price
    told = {effect.date: effect.after.price for effect in effects.rooms[0].days}
    assert {line.date: line.amount for line in quoted.lines if line.date in told} == told
    assert effects.nights == 3


def test_a_changed_and_an_ended_rule_are_told_from_what_they_were(room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    changed = seen(room, RateStep(said("price", "Summer", amount=160), rule_id))
    assert {(one.before.price, one.after.price) for one in changed.rooms[0].days} == {(Decimal(150), Decimal(160))}
    ended = seen(room, RateStep(None, rule_id))
    assert {(one.before.price, one.after.price) for one in ended.rooms[0].days} == {
        (Decimal(150), room.price_per_night)
    }


def test_what_a_dynamic_rule_has_decided_ends_with_it_in_what_is_told(room: Room) -> None:
    steps = [{"occupancy": 0, "percent": 10}]
    terms = {"steps": steps, "floor": 0, "ceiling": 20, "step": 20, "ahead": 5}
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("dynamic", "Demand", **terms))
    assert pricing.decide_rates(SYSTEM, RULES) == 6
    higher = said("dynamic", "Demand", **{**terms, "ceiling": 30})
    told = seen(room, RateStep(higher, rule_id)).rooms[0]
    assert [(one.before.price, one.after.price) for one in told.days] == [
        (room.price_per_night * Decimal("1.1"), room.price_per_night)
    ] * 6


def test_a_weaker_rule_changes_no_night_and_is_saved_all_the_same(room: Room) -> None:
    rate_editing.add(SYSTEM, room.property_id, said("price", "Strong", amount=150, priority=9))
    effects = seen(room, RateStep(said("price", "Weak", amount=99)))
    assert (effects.nights, len(effects.rules)) == (0, 1)


def test_saving_twice_is_once_and_what_was_not_shown_is_not_saved(room: Room) -> None:
    step = RateStep(said("price", "Summer", amount=150))
    version = seen(room, step).version
    assert rate_editing.take(SYSTEM, room.property_id, [step], seen=version) == 1
    assert rate_editing.take(SYSTEM, room.property_id, [step], seen=version) == 0
    with pytest.raises(RatesModified):
        rate_editing.take(SYSTEM, room.property_id, [RateStep(said("adjust", percent=5))], seen=version)
    assert len(rate_editing.of_property(SYSTEM, room.property_id)) == 1


def test_nothing_is_told_or_done_for_who_may_not_change_rates(room: Room, alice: User) -> None:
    clerk = Actor.signed_in(new_id(), (Membership(Role.DESK, room.property_id),), None)
    step = RateStep(said("price", "Summer", amount=150))
    for who in (acting(alice), clerk):
        with pytest.raises(PropertyNotFound):
            rate_effects.preview(who, room.property_id, [step], RULES)
        with pytest.raises(PropertyNotFound):
            rate_editing.take(who, room.property_id, [step])


def test_what_is_wrong_is_said_before_anything_is_written(room: Room) -> None:
    with pytest.raises(Invalid) as refused:
        seen(room, RateStep(said("price", amount="1.234")))
    assert set(refused.value.details) == {"amount"}
    with pytest.raises(Invalid):
        seen(room, RateStep(said("price", amount=1, roomKind="Igloo")))


def test_a_change_is_taken_back_and_what_has_ended_is_there_again(room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150))
    rate_editing.change(SYSTEM, rule_id, said("price", "Summer", amount=160))
    back = RateStep(None, rule_id, is_back=True)

    def taken_back() -> list[str]:
        rate_editing.take(SYSTEM, room.property_id, [back])
        return [rule.terms["amount"] for rule in rate_editing.of_property(SYSTEM, room.property_id)]

    assert taken_back() == ["150"]
    assert taken_back() == ["160"]  # and that, too
    rate_editing.end(SYSTEM, rule_id)
    assert taken_back() == ["160"]
    assert taken_back() == []  # it was put back last
    with pytest.raises(RateModified):
        rate_editing.take(SYSTEM, room.property_id, [RateStep(None, rule_id, is_back=True, seen=(1, True))])


def test_a_running_hold_is_told_with_what_it_keeps_and_what_it_would_cost(
    room: Room, alice: User, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room, in_days(10)), desk)
    effects = seen(room, RateStep(said("adjust", "Fair", amount=10)))
    [told] = front_desk.touched_holds(SYSTEM, effects)
    assert (told.reference, told.sold) == (held.reference, held.total_price)
    assert told.after - told.before == 30
    housekeeper = Actor.signed_in(new_id(), (Membership(Role.HOUSEKEEPING, room.property_id),), None)
    assert front_desk.touched_holds(housekeeper, effects) == []
    elsewhere = seen(room, RateStep(said("price", amount=999, **{"from": day(50), "to": day(60)})))
    assert front_desk.touched_holds(SYSTEM, elsewhere) == []


def test_the_calendar_puts_rooms_together_that_are_alike(room: Room) -> None:
    for number in range(5):
        beside(room, f"Same {number}", 80)
    rate_editing.add(SYSTEM, room.property_id, said("price", "Summer", amount=150, **{"from": day(10), "to": day(40)}))

    def rows(by_room: bool) -> list[tuple[HouseRoom, ...]]:
        found = house_rates.of_property(
            SYSTEM, room.property_id, lambda today: house_rates.RatesPage(today, by_room=by_room), RULES
        )
        return [row.rooms for row in found.rows]

    assert sorted(map(len, rows(by_room=False))) == [1, 5]
    assert [len(one) for one in rows(by_room=True)] == [1] * 6
    assert db.session.get_one(Property, room.property_id).rates_version == 1
