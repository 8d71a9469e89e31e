"""What a row of either format means."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from booking.domain.catalogue.cancellation_policies import STRICT
from booking.domain.catalogue.importing import BadRow, Defaults, RoomDraft, checked, recognise, sheet
from booking.domain.catalogue.importing.drafts import NO_PRICE, STAY_TOO_LONG
from booking.domain.errors import Invalid
from booking.infra import ids
from tests.cases import each
from tests.refusals import refused
from tests.room_files import LISTING, OURS

ANTWERP = Defaults(location="antwerp", currency="EUR", time_zone="Europe/Brussels")


def listing(**changes: str) -> RoomDraft:
    row = {**LISTING, **changes}
    return recognise(list(row), ANTWERP).read(row, 2)


def our_row(defaults: Defaults = ANTWERP, **changes: str) -> RoomDraft:
    row = {**OURS, **changes}
    return recognise(list(row), defaults).read(row, 2)


def test_a_listing_is_a_room() -> None:
    room = listing()
    assert (room.source, room.source_id) == ("inside-airbnb", "1003112311814321620")
    assert (room.name, room.kind, room.capacity) == ("Studio near the park", "Entire rental unit", 2)
    assert (room.description, room.amenities) == ("Bright.\nQuiet.", ("wifi", "kitchen"))
    assert (room.price_per_night, room.min_nights, room.max_nights) == (Decimal("46.00"), 1, 365)
    assert (room.house.slug, room.house.name, room.house.location) == ("antwerp", "Antwerp", "antwerp")
    assert (room.held_back, room.published) == (None, None)


def test_the_country_that_was_asked_for_stands_in_where_a_row_of_ours_says_none() -> None:
    asked = Defaults("antwerp", "EUR", "Europe/Brussels", country="Belgium")
    assert our_row(asked).house.address["country"] == "Belgium"
    assert our_row(asked, address='{"country":"Elsewhere"}').house.address == {"country": "Elsewhere"}


def test_the_property_is_named_as_asked() -> None:
    room = recognise(list(LISTING), checked(Defaults("tel-aviv", "ils", "Asia/Jerusalem", "Sea houses"))).read(
        LISTING, 2
    )
    assert (room.house.name, room.house.currency) == ("Sea houses", "ILS")
    assert (
        recognise(list(LISTING), Defaults("tel-aviv", "ILS", "Asia/Jerusalem")).read(LISTING, 2).house.name
        == "Tel Aviv"
    )


@each(
    ("changes", "problem"),
    [
        ({"id": ""}, "id: is missing"),
        ({"id": "1.00311E+18"}, "id: .* rounded by a spreadsheet"),
        ({"id": "x" * 65}, "id: "),
        ({"name": " \u200b "}, "name: is empty"),
        ({"name": "x" * 256}, "name: has 256 characters"),
        ({"accommodates": "0"}, "accommodates: 0 is not between 1 and 100"),
        ({"accommodates": ""}, "accommodates: is missing"),
        ({"accommodates": "none"}, "accommodates: .none. is not a whole number"),
        ({"accommodates": "101"}, "accommodates: 101"),
        ({"price": "$0.00"}, "price: "),
        ({"minimum_nights": "5", "maximum_nights": "3"}, "minimum_nights: 5 nights is more than the longest stay, 3"),
        ({"minimum_nights": "0"}, "minimum_nights: 0"),
        ({"maximum_nights": "2147483648"}, "maximum_nights: "),
        ({"amenities": "Wifi, TV"}, "amenities: .* not a JSON list"),
        ({"amenities": "[1]"}, "amenities: is not a list of names"),
        ({"property_type": "x" * 121}, "property_type: has 121 characters"),
        ({"description": "x" * 50_001}, "description: has 50,001 characters"),
    ],
)
def test_a_bad_listing_names_its_field_and_reason(changes: dict[str, str], problem: str) -> None:
    with refused(BadRow, problem):
        listing(**changes)


@each(
    ("shortest", "longest", "stored"),
    [
        ("1", "2147483647", (1, 365)),
        ("1", "9999", (1, 365)),
        ("2", "30", (2, 30)),
        ("", "", (1, 365)),
        ("365", "400", (365, 365)),
    ],
)
def test_the_longest_stay_is_cut_to_a_year(shortest: str, longest: str, stored: tuple[int, int]) -> None:
    room = listing(minimum_nights=shortest, maximum_nights=longest)
    assert (room.min_nights, room.max_nights) == stored
    assert room.held_back is None


def test_a_shortest_stay_over_a_year_is_held_back() -> None:
    room = listing(minimum_nights="1000", maximum_nights="2147483647")
    assert (room.min_nights, room.max_nights) == (1000, 1000)
    assert room.held_back == STAY_TOO_LONG


def test_a_missing_price_is_held_back() -> None:
    assert listing(price="").held_back == NO_PRICE
    assert listing(description="NULL", property_type="NA").description == ""


def test_missing_columns_are_named() -> None:
    with refused(Invalid, r"Missing columns: accommodates, price\."):
        recognise([column for column in LISTING if column not in ("accommodates", "price")], ANTWERP)
    with refused(Invalid, "separated by commas"):
        recognise(["id;name;price"], ANTWERP)
    with refused(Invalid, "twice: name"):
        recognise([*LISTING, "name"], ANTWERP)


def test_options_that_the_file_leaves_open_are_named() -> None:
    with refused(Invalid, "currency and time zone") as caught:
        recognise(list(LISTING), Defaults(location="antwerp"))
    assert isinstance(caught.value, Invalid)
    assert set(caught.value.details) == {"currency", "time_zone"}


def test_a_short_row_of_ours_takes_the_rest_from_the_options() -> None:
    room = our_row()
    assert (room.source, room.source_id, room.house.location, room.house.currency) == ("csv", "a1", "antwerp", "EUR")
    assert (room.price_per_night, room.published, room.images, room.cancellation_policy) == (
        Decimal("80.00"),
        None,
        None,
        None,
    )


def test_a_row_of_ours_says_everything_itself() -> None:
    tiers = {"name": "own", "tiers": [{"daysBefore": 3, "percent": 20}]}
    room = our_row(
        Defaults(), location="kyoto", currency="JPY", time_zone="Asia/Tokyo", property_slug="house",
        property_name="House", cancellation_policy=json.dumps(tiers), published="false", check_in_time="16:00",
        images='[{"url": "https://a.example/a.jpg"}]', capacity="1000", source="partner", max_nights="900",
    )  # fmt: skip
    assert (room.house.slug, room.house.currency, room.house.check_in_time.hour) == ("house", "JPY", 16)
    assert (room.cancellation_policy, room.published, room.images) == (
        tiers,
        False,
        [{"url": "https://a.example/a.jpg"}],
    )
    assert (room.source, room.capacity, room.max_nights) == ("partner", 1000, 900)
    assert our_row(cancellation_policy="strict").cancellation_policy == STRICT


@each(
    ("changes", "problem"),
    [
        ({"location": "boston"}, "location: is boston here, and antwerp was asked for"),
        ({"source": "room"}, "source_id: a1 is no id of a room"),
        ({"property_slug": "Not A Slug"}, "property_slug: "),
        ({"published": "perhaps"}, "published: "),
        ({"images": "[1]"}, "images: "),
        ({"images": "[{}]"}, "images: null is no https URL"),
        ({"images": '[{"url": "javascript:alert(1)"}]'}, 'images: "javascript:alert'),
        ({"images": '[{"url": "http://a.example/a.jpg"}]'}, "images: "),
        ({"images": '[{"url": "https://a.example/a.jpg"}, {"url": "/a.jpg"}]'}, 'images: "/a.jpg" is no https URL'),
        ({"images": '[{"url": "https://user:secret@a.example/a.jpg"}]'}, "images: "),
        ({"images": '[{"url": "https://a.example/a b.jpg"}]'}, "images: "),
        ({"images": '[{"url": "https://a.example/é.jpg"}]'}, "images: .* percent-encoded"),
        ({"address": "[]"}, "address: "),
        ({"cancellation_policy": '{"name": "x"}'}, "cancellation_policy: "),
        (
            {"cancellation_policy": '{"name": "x", "tiers": [{"daysBefore": -1, "percent": 5}]}'},
            "cancellation_policy: ",
        ),
        (
            {"cancellation_policy": '{"name": "x", "tiers": [{"daysBefore": 1, "percent": true}]}'},
            "cancellation_policy: ",
        ),
        ({"property_name": "x" * 256}, "property_name: "),
    ],
)
def test_a_bad_row_of_ours_names_its_field_and_reason(changes: dict[str, str], problem: str) -> None:
    with refused(BadRow, problem):
        our_row(**changes)  # type: ignore[arg-type]


def test_a_room_of_ours_is_known_by_its_id() -> None:
    own = ids.new_id()
    room = our_row(source="room", source_id=ids.encode("room", own))
    assert (room.id, room.source, room.source_id) == (own, None, None)


@each("cell", ["=1+1", "+49", "-5", "@home", "\tx", "\rx", "'quoted", "'", "''=x", "＝1", "plain", ""])
def test_a_guarded_cell_is_no_formula_and_can_be_undone(cell: str) -> None:
    guarded = sheet.guarded(cell)
    assert not guarded.startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
    assert sheet.unguarded(guarded) == cell


@given(st.text())
def test_guarding_any_cell_can_be_undone(cell: Any) -> None:
    assert sheet.unguarded(sheet.guarded(cell)) == cell


def test_an_apostrophe_that_guards_nothing_stays() -> None:
    assert sheet.unguarded("'tis a room") == "'tis a room"
