"""Query strings: everything is text there, and what is wrong is named."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker

from booking.api.docs import document
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.api.program import Program, dates, fields
from tests.cases import each
from tests.cast import in_days


def day(offset: Any) -> Any:
    return in_days(offset).check_in.isoformat()


@each(
    ("query", "wrong"),
    lambda: [
        ({"checkIn": None}, {"checkIn"}),
        ({"checkIn": None, "checkOut": None}, {"checkIn", "checkOut"}),
        ({"checkIn": "2026-02-30"}, {"checkIn"}),
        ({"checkIn": "2027-02-29"}, {"checkIn"}),
        ({"checkIn": "2026-13-01", "checkOut": "x"}, {"checkIn", "checkOut"}),
        ({"checkIn": "2026-12-01T00:00:00Z"}, {"checkIn"}),
        ({"checkIn": "20261201"}, {"checkIn"}),
        ({"checkIn": "01/12/2026"}, {"checkIn"}),
        ({"checkIn": "٢٠٢٦-١٢-٠١"}, {"checkIn"}),
        ({"checkIn": "1764547200"}, {"checkIn"}),
        ({"checkIn": ""}, {"checkIn"}),
        ({"checkIn": "0000-01-01"}, {"checkIn"}),
        ({"checkIn": [day(30), day(31)]}, {"checkIn"}),
        ({"checkIn": day(33), "checkOut": day(33)}, {"checkIn"}),
        ({"checkIn": day(34), "checkOut": day(33)}, {"checkIn"}),
        ({"checkIn": day(-3)}, {"checkIn"}),
        ({"checkIn": "0001-01-01", "checkOut": "0001-01-02"}, {"checkIn"}),
        ({"checkIn": day(545), "checkOut": day(546)}, {"checkIn"}),
        ({"checkIn": "9999-12-30", "checkOut": "9999-12-31"}, {"checkIn"}),
        ({"checkIn": day(30), "checkOut": day(396)}, {"checkOut"}),
        ({"checkIn": day(545), "checkOut": "9999-12-31"}, {"checkIn", "checkOut"}),
        ({"capacity": 0}, {"capacity"}),
        ({"capacity": -1}, {"capacity"}),
        ({"capacity": "two"}, {"capacity"}),
        ({"capacity": "1.5"}, {"capacity"}),
        ({"capacity": "9" * 5000}, {"capacity"}),
        ({"page": 0}, {"page"}),
        ({"page": 1_000_001}, {"page"}),
        ({"page": [1, 2]}, {"page"}),
        ({"pageSize": 0}, {"pageSize"}),
        ({"pageSize": 101}, {"pageSize"}),
        ({"minPrice": -1}, {"minPrice"}),
        ({"minPrice": "NaN"}, {"minPrice"}),
        ({"minPrice": "Infinity"}, {"minPrice"}),
        ({"minPrice": "1e30"}, {"minPrice"}),
        ({"minPrice": "0.0001"}, {"minPrice"}),
        ({"minPrice": 5, "maxPrice": 4}, {"maxPrice"}),
        ({"currency": "euro"}, {"currency"}),
        ({"sort": "random()"}, {"sort"}),
        ({"location": "Tel Aviv'--"}, {"location"}),
        ({"location": "a\x00b"}, {"location"}),
        ({"q": "a\x00b"}, {"q"}),
        ({"q": "\x1b[31m"}, {"q"}),
        ({"q": "x" * 101}, {"q"}),
        ({"amenities": "a\x00b"}, {"amenities"}),
        ({"amenities": "x" * 121}, {"amenities"}),
        ({"amenities": ",".join("abcdefghijklmnopqrstuvwxyz")}, {"amenities"}),
        ({"capacity": 0, "page": 0, "pageSize": 101, "checkIn": "x"}, {"capacity", "page", "pageSize", "checkIn"}),
    ],
)
def test_a_search_names_what_is_wrong(standing: tuple[Program, Room], query: Any, wrong: Any) -> None:
    api, _ = standing
    asked = {name: value for name, value in (dates(in_days(30)) | query).items() if value is not None}
    assert fields(api.get("/rooms", **asked)) == wrong


def test_the_latest_arrival_and_the_longest_stay_are_allowed(standing: tuple[Program, Room]) -> None:
    api, _ = standing
    earliest_today = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=12 + 4)).date()  # a day begins at four
    arrival = earliest_today + dt.timedelta(days=540)
    for nights in (1, 365):
        answer = api.get("/rooms", checkIn=arrival.isoformat(), checkOut=(arrival + dt.timedelta(nights)).isoformat())
        assert answer.status_code == 200


def test_numbers_are_text_in_a_query_and_unknown_names_are_ignored(standing: tuple[Program, Room]) -> None:
    api, _ = standing
    answer = api.get("/rooms", **dates(), capacity="2", page="1", pageSize="100", utm_source="x", check_in="x")
    assert (answer.status_code, answer.json["total"]) == (200, 1)


@each("name", ["location", "capacity", "checkIn", "minPrice", "sort", "q"])
def test_what_comes_twice_is_to_be_given_once(standing: tuple[Program, Room], name: str) -> None:
    api, _ = standing
    answer = api.get("/rooms", **dates() | {name: ["2", "3"]})
    assert answer.json["details"][name] == "must be given once"


@each("raw", ["checkIn=%FF%FE&checkOut=2026-12-01", "%00=%00", "q=%ED%A0%80", "&&&==", "checkIn"])
def test_a_broken_query_string_is_400(standing: tuple[Program, Room], raw: str) -> None:
    api, _ = standing
    assert api.ask("GET", "/rooms", query_string=raw).status_code == 400


@each(
    ("query", "wrong"),
    [
        ({"page": 0}, {"page"}),
        ({"pageSize": 101}, {"pageSize"}),
        ({"status": "LOST"}, {"status"}),
        ({"status": "confirmed"}, {"status"}),
        ({"status": "x\x00"}, {"status"}),
    ],
)
def test_a_list_of_bookings_names_what_is_wrong(standing: tuple[Program, Room], query: Any, wrong: Any) -> None:
    api, _ = standing
    assert fields(api.get("/bookings", **query)) == wrong


def test_an_empty_parameter_is_refused_unless_it_is_a_text_that_may_be_empty(
    application: Flask, standing: tuple[Program, Room]
) -> None:
    api, room = standing
    answered: dict[str, bool] = {}
    for path, methods in document(application.config["VERSION"])["paths"].items():
        for parameter in methods.get("get", {"parameters": []})["parameters"]:
            if parameter["in"] == "query":
                name, schema = parameter["name"], parameter["schema"]
                asked = path.replace("{roomId}", encode("room", room.id))
                answer = api.get(asked, **(dates() if path == "/rooms" else {}) | {name: ""})
                answered[f"{path} {name}"] = answer.status_code == 200
                sent = [""] if schema["type"] == "array" else ""
                allowed = Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(sent)
                assert (answer.status_code, answer.json.get("details", {}).keys() & {name}) == (
                    (200, set()) if allowed else (400, {name})
                ), name
    assert {name for name, empty in answered.items() if empty} == {"/rooms q", "/rooms amenities"}
