"""Prices and restrictions by day: what a sheet says is what a day costs and asks for, and the rest stays as it is."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from booking.domain import inventory, pricing
from booking.domain.actors import Actor
from booking.domain.catalogue import PropertyNotFound
from booking.domain.pricing import DaySheet, NoDaySheet, RatesModified, RulesDone
from booking.domain.pricing.day_import import DayRow
from booking.domain.pricing.day_sheets import RATES
from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Room, User
from booking.infra.db import reading
from booking.infra.ids import encode
from tests.cast import SYSTEM, acting, beside, in_days, order
from tests.domain.pricing.test_rate_effects import said

pytestmark = pytest.mark.slow

NAMES = {kind: kind for kind in RATES.values()}
RULES = StayRules()
COLUMNS = ["room", "date", "price", "min_nights", "max_nights", "closed_to_arrival", "closed_to_departure", "closed"]


def day(number: int) -> dt.date:
    return in_days(number).check_in


def cells(room: Room, number: int, **given: Any) -> dict[str, str]:
    made = {"room": encode("room", room.id), "date": day(number).isoformat()} | {k: str(v) for k, v in given.items()}
    return {column: made.get(column, "") for column in COLUMNS}


def read(room: Room, rows: Sequence[dict[str, str]]) -> DaySheet:
    lines = [DayRow(place + 2, row) for place, row in enumerate(rows)]
    return pricing.read_days(SYSTEM, room.property_id, COLUMNS, lines, RULES)


def put(room: Room, *rows: dict[str, str]) -> RulesDone:
    sheet = read(room, rows)
    assert not sheet.wrong, sheet.wrong
    done = pricing.put_days(SYSTEM, room.property_id, sheet, NAMES)
    pricing.close_days(SYSTEM, sheet, RULES, "a sheet")
    return done


def shown(room: Room, first: int, days: int) -> list[tuple[Any, ...]]:
    found = pricing.nights_of_room(room.id, day(first), day(first + days), RULES, 2).nights
    return [(night.price, night.min_nights, night.max_nights, night.closed_to_arrival) for night in found]


def free(room: Room, first: int, days: int) -> list[bool]:
    taken = reading(inventory.taken_nights)(room.id, Stay(day(first), day(first + days)))
    return [day(first + number) not in taken for number in range(days)]


def test_days_that_say_the_same_become_one_rule_and_twice_is_once(room: Room) -> None:
    rows = [cells(room, number, price=150, min_nights=2 if number < 25 else 3) for number in range(20, 30)]
    assert put(room, *rows) == RulesDone(added=3)
    assert put(room, *rows) == RulesDone()
    assert shown(room, 19, 3) == [(120, 1, 30, False), (150, 2, 30, False), (150, 2, 30, False)]
    assert shown(room, 29, 2) == [(150, 3, 30, False), (120, 1, 30, False)]


def test_a_later_sheet_changes_the_days_that_it_names_and_no_others(room: Room) -> None:
    put(room, *(cells(room, number, price=150) for number in range(20, 30)))
    assert put(room, cells(room, 24, price=90)) == RulesDone(added=2, changed=1)
    assert [price for price, *_ in shown(room, 22, 5)] == [150, 150, 90, 150, 150]
    assert put(room, cells(room, 24, price="-"), cells(room, 25)) == RulesDone(ended=1)
    assert [price for price, *_ in shown(room, 22, 5)] == [150, 150, 120, 150, 150]


def test_what_the_other_rules_say_anyway_needs_no_rule(room: Room) -> None:
    pricing.add_rate(SYSTEM, room.property_id, said("price", "Summer", amount=200))
    assert put(room, cells(room, 20, price=200, min_nights=1, closed_to_arrival="no")) == RulesDone()
    assert put(room, cells(room, 20, price=180, closed_to_arrival="yes")) == RulesDone(added=2)
    assert put(room, cells(room, 20, price=200, closed_to_arrival="no")) == RulesDone(ended=2)


def test_a_sheet_counts_whatever_other_rules_say(room: Room) -> None:
    strong = said("price", "Fair", amount=300, priority=950, weekdays=list(range(1, 8)), roomId=room.id)
    pricing.add_rate(SYSTEM, room.property_id, strong)
    put(room, cells(room, 20, price=180))
    assert [price for price, *_ in shown(room, 19, 3)] == [300, 180, 300]


def test_limits_beyond_a_year_are_kept_as_they_are_said(room: Room) -> None:
    put(room, cells(room, 20, min_nights=1000, max_nights=1125), cells(room, 21, max_nights=2_147_483_647))
    assert [(least, most) for _, least, most, _ in shown(room, 20, 2)] == [(1000, 1125), (1, 2_147_483_647)]


def test_every_wrong_row_is_named_by_its_line_and_column(room: Room) -> None:
    twin = beside(room, "Twin", 100)
    beside(room, "Twin", 100)
    sheet = read(
        room,
        [
            cells(room, 20, price=100),
            cells(room, 20, price=100),
            cells(room, 21, price="lots", min_nights=0, closed="maybe"),
            cells(room, 9999),
            cells(room, 22, price="1.005") | {"room": twin.name},
            cells(room, 23) | {"date": "01/07/2027", "room": "nowhere"},
        ],
    )
    found = {one.line: {name: notice.code for name, notice in one.problems.items()} for one in sheet.wrong}
    assert found == {
        3: {"date": "day_twice"},
        4: {"price": "no_number", "min_nights": "too_small", "closed": "no_yes_or_no"},
        5: {"date": "day_out_of_reach"},
        6: {"room": "rooms_of_name", "price": "decimals_of_currency"},
        7: {"room": "no_room_called", "date": "no_date"},
    }
    assert (sheet.rows, sheet.wrong_rows) == (6, 5)


@pytest.mark.parametrize("header", [["room", "price"], ["room", "date"], ["room", "date", "prize"], ["date"] * 2])
def test_other_columns_are_refused(room: Room, header: list[str]) -> None:
    with pytest.raises(NoDaySheet):
        pricing.read_days(SYSTEM, room.property_id, header, [], RULES)


def test_a_stranger_reads_and_writes_nothing(room: Room, alice: User) -> None:
    sheet = read(room, [cells(room, 20, price=150)])
    for act in (
        lambda who: pricing.read_days(who, room.property_id, COLUMNS, [], RULES),
        lambda who: pricing.put_days(who, room.property_id, sheet, NAMES),
        lambda who: pricing.preview_days(who, room.property_id, sheet, NAMES, RULES),
        lambda who: pricing.rehearse_days(who, room.property_id, sheet),
        lambda who: pricing.days_of_property(who, room.property_id, None, None, RULES),
    ):
        with pytest.raises(PropertyNotFound):
            act(Actor.guest(alice.id))


def test_rates_that_have_changed_since_they_were_looked_at_are_not_written_over(room: Room) -> None:
    sheet = read(room, [cells(room, 20, price=150)])
    seen = pricing.preview_days(SYSTEM, room.property_id, sheet, NAMES, RULES).version
    pricing.add_rate(SYSTEM, room.property_id, said("adjust", "Fair", percent=10))
    with pytest.raises(RatesModified):
        pricing.put_days(SYSTEM, room.property_id, sheet, NAMES, seen=seen)


def test_what_is_shown_before_is_what_is_so_after(room: Room) -> None:
    rows = [cells(room, number, price=100 + number, max_nights=number) for number in range(20, 26)]
    before = pricing.preview_days(SYSTEM, room.property_id, read(room, rows), NAMES, RULES)
    put(room, *rows)
    after = {one.date: one.after for one in before.rooms[0].days}
    assert [(after[day(n)].price, after[day(n)].most) for n in range(20, 26)] == [
        (price, most) for price, _, most, _ in shown(room, 20, 6)
    ]


def test_closed_nights_go_off_sale_and_come_back_but_none_that_is_sold_or_closed_by_somebody(
    room: Room, alice: User, desk: BookingContext
) -> None:
    holds.reserve(acting(alice), order(alice, room, in_days(22, 2)), desk)
    inventory.block(SYSTEM, room.id, in_days(26, 1), rules=RULES, reason="painting")
    sheet = read(room, [cells(room, number, closed="yes") for number in range(20, 28)])
    told = pricing.close_days(SYSTEM, sheet, RULES, "a sheet", rehearse=True).closings
    assert (told.closed, told.taken) == (5, 3)
    assert free(room, 20, 2) == [True, True]
    assert pricing.close_days(SYSTEM, sheet, RULES, "a sheet").closings == told
    assert pricing.close_days(SYSTEM, sheet, RULES, "a sheet").closings.closed == 0
    assert not any(free(room, 20, 8))
    put(room, cells(room, 30, closed="yes"), cells(room, 20))
    assert not any(free(room, 20, 8))
    put(room, cells(room, 30, closed="no"))
    back = read(room, [cells(room, number, closed="no") for number in range(20, 28)])
    told = pricing.close_days(SYSTEM, back, RULES, "a sheet").closings
    assert (told.opened, told.still_closed) == (5, 3)
    assert free(room, 20, 8) == [True, True, False, False, True, True, False, True]


def test_what_was_exported_changes_nothing_and_is_the_way_back(room: Room) -> None:
    other = beside(room, "=Other", 80)
    pricing.add_rate(SYSTEM, room.property_id, said("adjust", "Weekend", percent=20))
    put(room, *(cells(room, number, price=150, closed="yes") for number in range(20, 23)))

    def out() -> list[dict[str, str]]:
        rows = pricing.days_of_property(SYSTEM, room.property_id, day(19), day(24), RULES)
        return [dict(zip(pricing.DAY_COLUMNS, row, strict=True)) for row in rows]

    before = out()
    assert len(before) == 12
    assert {row["name"] for row in before} == {room.name, "'=Other"}
    assert put(room, *before) == RulesDone()
    put(room, cells(room, 21, price=10, closed="no"), cells(other, 21, min_nights=9))
    assert out() != before
    put(room, *before)
    assert out() == before


def test_a_file_of_random_days_is_what_the_calendar_gives(room: Room) -> None:
    """The short form of `make real-rates`, on days that were made up, in three portions that say some of them anew."""
    rooms, chance = [room, *(beside(room, f"Room {number}", 90 + number) for number in range(4))], random.Random(14)
    wanted: dict[tuple[Any, int], tuple[Any, ...]] = {}
    for _ in range(3):
        rows = []
        for one in rooms:
            for number in sorted(chance.sample(range(1, 120), 60)):
                price, least = Decimal(chance.choice([80, 90, 120])), chance.choice([1, 1, 2, 1000])
                most, arrival = chance.choice([30, 365, 1125]), chance.random() < 0.2
                wanted[one.id, number] = price, least, most, arrival
                said_of = {"price": price, "min_nights": least, "max_nights": most}
                rows.append(cells(one, number, **said_of, closed_to_arrival="yes" if arrival else "no"))
        put(room, *rows)
    for one in rooms:
        found = shown(one, 1, 119)
        assert {number: found[number - 1] for room_id, number in wanted if room_id == one.id} == {
            number: said_then for (room_id, number), said_then in wanted.items() if room_id == one.id
        }
