"""GET /places, GET /amenities, and places as people write them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from booking.domain.tables import Room
from tests.api.program import Program, dates, refused
from tests.api.test_limits import limited as limited  # noqa: PLC0414 a fixture
from tests.api.test_limits import statuses
from tests.cases import each
from tests.cast import a_room


@pytest.fixture
def houses(app: object) -> list[Room]:
    sao_paulo = {"location": "sao-paulo", "address": {"city": "São Paulo", "country": "Brazil"}, "currency": "BRL"}
    return [
        a_room(amenities=["wifi", "tv"]),
        a_room(amenities=["wifi"]),
        a_room(location="tel-aviv", address={"city": "Tel Aviv", "country": "Israel"}, currency="ILS", amenities=[]),
        a_room(**sao_paulo, amenities=["sea view"]),
        a_room(location="nowhere", published=False, amenities=["ghost"]),
    ]


def test_places_are_listed_by_name_for_everybody(houses: list[Room], anonymous: Program) -> None:
    answer = anonymous.get("/places")
    assert answer.json == {
        "items": [
            {"location": "antwerp", "name": "Antwerp", "country": "", "rooms": 2},
            {"location": "sao-paulo", "name": "São Paulo", "country": "Brazil", "rooms": 1},
            {"location": "tel-aviv", "name": "Tel Aviv", "country": "Israel", "rooms": 1},
        ]
    }
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


def test_amenities_are_listed_the_most_frequent_first(houses: list[Room], anonymous: Program) -> None:
    answer = anonymous.get("/amenities")
    assert answer.json == {
        "items": [{"name": "wifi", "rooms": 2}, {"name": "sea view", "rooms": 1}, {"name": "tv", "rooms": 1}]
    }
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_with_no_rooms_the_lists_are_empty(client: FlaskClient, anonymous: Program) -> None:
    assert anonymous.get("/places").json == anonymous.get("/amenities").json == {"items": []}


def test_places_and_amenities_count_as_public(limited) -> None:  # type: ignore[no-untyped-def]  # a fixture of functions
    nobody = Program(limited())
    assert statuses(lambda: nobody.get("/places"), 5) == {200: 5}
    refused(nobody.get("/amenities"), 429, "RATE_LIMIT_EXCEEDED")


@each(
    ("written", "total"),
    [
        *(("antwerp", 2), ("Antwerp", 2), ("ANTWERP", 2), (" antwerp ", 2), ("Antwerp, Belgium", 2)),
        *(("Tel Aviv", 1), ("tel aviv", 1), ("TEL-AVIV", 1), ("tel_aviv", 1), ("Tel Aviv (Israel)", 1)),
        *(("São Paulo", 1), ("Sao Paulo", 1), ("SA\u0303O PAULO", 1)),
    ],
)
def test_a_place_is_found_however_it_is_written(api: Program, houses: list[Room], written: str, total: int) -> None:
    answer = api.get("/rooms", **dates(), location=written)
    assert (answer.status_code, answer.json.get("total")) == (200, total)


@each("written", ["Lisboa", "Antwerpen!", "תל אביב", "Nowhere"])
def test_a_place_that_is_none_is_told_with_those_there_are(api: Program, houses: list[Room], written: str) -> None:
    details = refused(api.get("/rooms", **dates(), location=written), 400, "VALIDATION_ERROR")
    assert details == {"location": "is not a destination we know; choose one of antwerp, sao-paulo, tel-aviv"}


def test_a_slug_without_rooms_is_an_empty_page(api: Program, houses: list[Room]) -> None:
    assert api.get("/rooms", **dates(), location="atlantis").json["total"] == 0


def test_on_the_page_the_place_becomes_its_own_address(client: FlaskClient, houses: list[Room]) -> None:
    answer = client.get("/rooms", query_string={**dates(), "location": "Tel Aviv"})
    assert answer.status_code == 303
    assert "location=tel-aviv" in answer.headers["Location"]
    wrong = client.get("/rooms", query_string={**dates(), "location": "Lisboa"})
    assert wrong.status_code == 400
