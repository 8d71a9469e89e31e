"""Identical units are one card with how many are left; a whole is found while all that it contains is free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from booking.domain import catalogue, inventory, pricing, search
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.search import Found, Gone, RoomSearch, finder, statements
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from tests.cast import SYSTEM, VISA, a_room, acting, beside, blocked, in_days, order

pytestmark = pytest.mark.slow


@pytest.fixture
def doubles(room: Room) -> list[Room]:
    names = catalogue.numbered_units("Double", 101, 3)
    return list(catalogue.make_units(SYSTEM, room.id, names, title="Double").units)


def find(desk: BookingContext, stay: Stay | None = None, **asked: Any) -> Found:
    stay = stay or in_days(30)
    wanted = {"location": "antwerp", "checkIn": stay.check_in, "checkOut": stay.check_out} | asked
    return search.find_rooms(RoomSearch.model_validate(wanted), desk.rules, 0)


def cards(found: Found) -> list[tuple[str, int | None]]:
    return [(room.name, room.units_left) for room in found.rooms]


def with_rule(room: Room, desk: BookingContext, kind: str, **terms: Any) -> None:
    rule = {"kind": kind, "name": "A rule", "terms": terms}
    pricing.add_rate(SYSTEM, room.property_id, pricing.RateInput.model_validate(rule))
    pricing.rebuild_rates(room.property_id, desk.rules)


def test_units_are_one_card_that_says_how_many_are_left(doubles: list[Room], alice: User, desk: BookingContext) -> None:
    beside(doubles[0], "Suite", 300)
    assert cards(find(desk)) == [("Double", 3), ("Suite", None)]
    assert find(desk).total == find(desk, pageSize=1).total == find(desk, location=None).total == 2
    blocked(doubles[0], in_days(30, 1))  # the one that is listed
    found = find(desk)
    assert (cards(found), found.rooms[0].id) == ([("Double", 2), ("Suite", None)], find(desk).rooms[0].id)
    assert find(desk, pageSize=1).total == 2
    for _ in range(2):
        bookings.book(acting(alice), order(alice, doubles[0]), VISA, desk)
    assert cards(find(desk)) == [("Suite", None)]
    assert [find(desk, pageSize=1).total, find(desk, pageSize=1, page=2).total] == [1, 1]
    assert cards(find(desk, in_days(40))) == [("Double", 3), ("Suite", None)]


@pytest.mark.parametrize("sort", ["price", "-price", "name", "capacity", None])
def test_pages_of_cards_do_not_overlap(doubles: list[Room], desk: BookingContext, sort: str | None) -> None:
    for number in range(3):
        beside(doubles[0], f"Suite {number}", 100 + 50 * number)
    pages = [find(desk, pageSize=1, page=page, sort=sort, currency="EUR") for page in range(1, 6)]
    assert sorted(room.name for page in pages for room in page.rooms) == ["Double", "Suite 0", "Suite 1", "Suite 2"]
    assert [page.total for page in pages] == [4] * 5


@pytest.mark.parametrize("sort", ["price", None])
def test_units_with_rules_are_counted_by_what_they_let_be(
    doubles: list[Room], desk: BookingContext, sort: str | None
) -> None:
    beside(doubles[0], "Suite", 300)
    with_rule(doubles[0], desk, "adjust", percent="50")
    blocked(doubles[0], in_days(30, 1))
    asked: dict[str, Any] = {"sort": sort, "currency": "EUR"}
    assert cards(find(desk, **asked)) == [("Double", 2), ("Suite", None)]
    first = find(desk, pageSize=1, **asked)
    assert (first.total, first.rooms[0].total) == (2, doubles[0].price_per_night * in_days(30).nights * 3 / 2)
    assert find(desk, pageSize=1, page=3, **asked).total == 2


def test_units_with_rules_are_found_for_a_family(doubles: list[Room], desk: BookingContext) -> None:
    rule = {"kind": "adjust", "name": "More", "terms": {"percent": "50"}}
    pricing.add_rate(SYSTEM, doubles[0].property_id, pricing.RateInput.model_validate(rule))
    pricing.rebuild_rates(doubles[0].property_id, desk.rules)
    family: dict[str, Any] = {"capacity": 2, "childrenAges": [4]}
    assert [cards(find(desk, location=place, **family)) for place in ("antwerp", None)] == [[("Double", 3)]] * 2


@pytest.fixture
def three_are_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (statements, finder):
        monkeypatch.setattr(module, "MOST_COUNTED", 3)
    statements.of.cache_clear()
    yield
    statements.of.cache_clear()  # some were built that count no further than three


@pytest.mark.usefixtures("three_are_counted")
@pytest.mark.parametrize("place", ["antwerp", None])
def test_of_more_cards_than_are_counted_the_total_says_so(
    doubles: list[Room], desk: BookingContext, place: str | None
) -> None:
    for number in range(2):
        beside(doubles[0], f"Suite {number}", 300)
    few: dict[str, Any] = {"location": place, "pageSize": 1}
    assert find(desk, **few).total == 3
    rest = [beside(doubles[0], f"Attic {number}", 500) for number in range(2)]
    assert [find(desk, page=page, **few).total for page in (1, 5, 6)] == [4] * 3  # one more than are counted
    assert [len(find(desk, page=page, **few).rooms) for page in (5, 6)] == [1, 0]
    for room in rest:
        blocked(room, in_days(30))
    assert find(desk, **few).total == 3


@pytest.mark.usefixtures("three_are_counted")
def test_without_units_the_total_says_so_too(room: Room, desk: BookingContext) -> None:
    for number in range(3):
        beside(room, f"Suite {number}", 300)
    assert [find(desk, location=place, pageSize=1).total for place in ("antwerp", None)] == [4, 4]


@pytest.mark.parametrize("sort", ["price", None])
def test_units_cost_for_children_what_rules_by_age_say(
    doubles: list[Room], desk: BookingContext, sort: str | None
) -> None:
    with_rule(doubles[0], desk, "guests", included=1, extra=20, children=[{"age": 11, "amount": 8}])
    asked: dict[str, Any] = {"capacity": 2, "sort": sort, "currency": "EUR"}
    as_adults, with_child = find(desk, **asked), find(desk, childrenAges=[4], **asked)
    nights = in_days(30).nights
    own = doubles[0].price_per_night * nights
    assert [found.rooms[0].total - own for found in (as_adults, with_child)] == [20 * nights, 8 * nights]


def test_a_search_is_right_whatever_there_was_in_the_place_the_last_time(
    doubles: list[Room], desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(doubles[0], "Suite", 300)
    with_rule(doubles[0], desk, "adjust", percent="50")
    expected, empty = find(desk), find(desk, page=2)
    assert (cards(expected), empty.rooms, empty.total) == ([("Double", 3), ("Suite", None)], [], 2)
    for was in (finder.Among(rated, units) for rated in (False, True) for units in (False, True)):
        for page, found in ((1, expected), (2, empty)):
            monkeypatch.setitem(finder._last_among, "antwerp", was)
            assert find(desk, page=page) == found
            assert finder._last_among["antwerp"] == finder.Among(has_rated=True, has_units=True)


def test_units_are_found_by_the_name_that_guests_see(doubles: list[Room], desk: BookingContext) -> None:
    assert cards(find(desk, q="double")) == [("Double", 3)]
    assert find(desk, q="double", pageSize=1).total == 1
    assert cards(find(desk, q="102")) == []
    assert [filtered.total for filtered in (find(desk, capacity=5), find(desk, maxPrice=100, currency="EUR"))] == [0, 0]


def test_a_whole_is_found_while_none_of_its_beds_is_taken(room: Room, alice: User, desk: BookingContext) -> None:
    beds = [beside(room, f"Bed {number}", 40) for number in (1, 2)]
    inventory.link_rooms(SYSTEM, room.id, [bed.id for bed in beds])
    assert [name for name, _ in cards(find(desk))] == ["Bed 1", "Bed 2", room.name]
    bookings.book(acting(alice), order(alice, beds[0]), VISA, desk)
    assert [name for name, _ in cards(find(desk))] == ["Bed 2"]
    assert [find(desk, pageSize=1).total, find(desk, location=None, pageSize=1).total] == [1, 1]
    assert not inventory_is_free(room, desk)


def test_a_unit_that_contains_a_bed_that_is_taken_is_not_left(doubles: list[Room], desk: BookingContext) -> None:
    bed = beside(doubles[0], "Bed", 40)
    inventory.link_rooms(SYSTEM, doubles[2].id, [bed.id])
    assert cards(find(desk)) == [("Bed", None), ("Double", 3)]
    blocked(bed, in_days(30))
    assert cards(find(desk)) == [("Double", 2)]
    for unit in doubles[:2]:
        blocked(unit, in_days(30))
    assert (cards(find(desk)), find(desk, pageSize=1).total) == ([], 0)


def inventory_is_free(room: Room, desk: BookingContext) -> bool:
    return bool(search.still_free(room.id, in_days(30), 2, desk.rules))


def test_alternatives_are_cards_too(doubles: list[Room], desk: BookingContext) -> None:
    suites = [beside(doubles[0], f"Suite {number}", 300) for number in (1, 2)]
    catalogue.make_units(SYSTEM, suites[0].id, ["Junior 1", "Junior 2"], title="Junior")
    blocked(suites[0], in_days(30))
    for unit in doubles:
        blocked(unit, in_days(30))
    gone = Gone(doubles[0].id, in_days(30), 2, in_house=True)
    offered = search.alternatives_to(gone, desk.rules, 0)
    assert [one.name for one in offered if one.kind == "room"] == ["Junior", "Suite 2"]
    assert {one.name for one in offered if one.kind == "dates"} == {"Double"}
    wanted_too = Gone(doubles[0].id, in_days(30), 2, in_house=True, beside=((suites[0].id, in_days(30)),))
    assert [one.name for one in search.alternatives_to(wanted_too, desk.rules, 0) if one.kind == "room"] == ["Suite 2"]


def test_another_house_has_units_of_the_same_name(doubles: list[Room], desk: BookingContext) -> None:
    other = a_room(name="Double")
    catalogue.make_units(SYSTEM, other.id, ["Double 1", "Double 2"], title="Double")
    assert cards(find(desk)) == [("Double", 3), ("Double", 2)]
