"""The document as a generator of clients and a person read it: everything is typed, named, explained, by example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from booking.api.docs import document
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.api.program import Program, an_order
from tests.cast import REFUND_DECLINED, a_room

OPEN = {"Refusal.details", "RoomPage.hints"}  # by field


@pytest.fixture
def told(application: Flask) -> dict[str, Any]:
    return document(application.config["VERSION"])


def operations(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def fields(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in told["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            yield f"{name}.{field}", described


def enums(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "enum" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from enums(one)


def test_every_parameter_is_explained_by_an_example_that_fits(told: dict[str, Any]) -> None:
    for name, operation in operations(told):
        for parameter in operation["parameters"]:
            where = f"{name} {parameter['name']}"
            assert len(parameter["description"]) > 10, where
            Draft202012Validator(parameter["schema"]).validate(parameter["example"])


def test_every_field_is_explained_and_every_body_has_an_example_that_fits(told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    for name, field in fields(told):
        assert len(field["description"]) > 7, name
        for example in field.get("examples", []):
            Draft202012Validator({**field, "components": told["components"]}).validate(example)
    for schema in schemas.values():
        assert schema["description"]
    for _, operation in operations(told):
        for body in operation.get("requestBody", {}).get("content", {}).values():
            Draft202012Validator({**body["schema"], "components": told["components"]}).validate(body["example"])


def test_every_field_is_typed(told: dict[str, Any]) -> None:
    open_ones = {
        name
        for name, field in fields(told)
        if any(one.get("type") == "object" and "$ref" not in one for one in (field, *field.get("anyOf", [])))
        or (field.get("type") == "array" and not {"$ref", "type"} & field["items"].keys())
    }
    assert open_ones == OPEN


def test_every_choice_has_a_name_that_a_generator_can_use(told: dict[str, Any]) -> None:
    found = list(enums(told))
    assert found
    for one in found:
        assert "" not in one["enum"]
        assert len(one["x-enum-varnames"]) == len(set(one["x-enum-varnames"])) == len(one["enum"])
        assert all(name.isidentifier() for name in one["x-enum-varnames"])
    (sort,) = [one for one in found if "-price" in one["enum"]]
    assert sort["x-enum-varnames"] == ["PRICE", "PRICE_DESCENDING", "NAME", "CAPACITY"]


def test_the_document_holds_no_words_of_the_code(told: dict[str, Any]) -> None:
    text = str(told)
    for word in ("dataclass", "noqa", "pydantic", "TypeID", "model_"):
        assert word not in text


def test_what_is_due_back_is_not_called_returned(told: dict[str, Any], api: Program, room: Room) -> None:
    booked = api.post("/bookings", an_order(room, paymentMethodId=REFUND_DECLINED)).json
    assert api.post(f"/bookings/{booked['id']}/cancel").json["refundAmount"] == 360  # although the bank declined it
    described = [field["description"] for name, field in fields(told) if name.endswith(".refundAmount")]
    operation = told["paths"]["/bookings/{bookingId}/cancel"]["post"]
    for text in (*described, f"{operation['summary']} {operation.get('description', '')}"):
        assert "refund due" in text
        assert "came back" not in text
        assert "comes back" not in text


def test_what_any_endpoint_may_answer_stands_once(told: dict[str, Any]) -> None:
    for name, operation in operations(told):
        assert not {"414", "431", "500"} & operation["responses"].keys(), name
        assert operation["responses"]["default"]["content"]
    assert "414" in told["info"]["description"]


def test_a_room_has_typed_address_images_and_policy_whatever_was_imported(api: Program) -> None:
    room = a_room(
        address={"city": "Antwerp", "latitude": "north", "longitude": 4.4, "secret": "x", "street": None},
        images=[
            {"url": "https://images.example/1.jpg", "alt": "A bed"},
            {"url": "https://images.example/2.jpg", "caption": "A door", "width": 3},
            {"url": "javascript:alert(1)"},
            {"url": ["https://images.example/3.jpg"]},
            {"alt": "nothing"},
        ],
    )
    shown = api.get(f"/rooms/{encode('room', room.id)}").json
    nothing = {"street": None, "district": None, "country": None, "latitude": None}
    assert shown["property"]["address"] == {"city": "Antwerp", "longitude": 4.4, **nothing}
    assert shown["images"] == [
        {"url": "https://images.example/1.jpg", "alt": "A bed"},
        {"url": "https://images.example/2.jpg", "caption": "A door", "width": 3},
    ]
    assert shown["cancellationPolicy"] == {"name": "flexible", "tiers": [{"daysBefore": 1, "percent": 100}]}


def test_the_page_shows_the_sites_own_address(standing: tuple[Program, Room], anonymous: Program) -> None:
    page = anonymous.ask("GET", "/docs", headers={"Host": "elsewhere.example"}).text
    assert "API=http://localhost:8000/api/v1" in page
    assert "elsewhere" not in page
