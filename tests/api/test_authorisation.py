"""Every endpoint, made from its declaration: nobody gets in without a token, nobody sees what is somebody else's."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.api.endpoint import OPERATIONS
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.api.program import Program, an_order, refused
from tests.cases import each

PROTECTED = [operation for operation in OPERATIONS if not operation.public]
# Endpoints that show something which belongs to one user; one that is new has to be sorted in here or below.
OWNED = {
    "show_booking",
    "cancel_booking",
    "change_booking",
    "quote_change",
    "list_messages",
    "write_message",
    "list_invoices",
}
# Bodies.
WANTED: dict[str, dict[str, object]] = {
    "change_booking": {"guests": 1, "shownDifference": 0},
    "quote_change": {"guests": 1},
    "write_message": {"message": "Is there a cot?"},
}
OWNED_ORDERS = {"show_order", "pay_for_hold", "release_hold"}
ANYBODYS = {"logout", "me", "search_rooms", "show_room", "show_availability", "create_booking", "list_bookings"}
ANYBODYS |= {"show_calendar", "hold_rooms", "create_order", "list_orders", "quote_stay"}


def path_of(operation: Any, room: Room, booking_id: Any = "booking_01h2xcejqtf2nbrexx3vqjhp41") -> Any:
    path = operation.path.replace("<room_id>", encode("room", room.id)).replace("<booking_id>", booking_id)
    return path.replace("<order_id>", booking_id.replace("booking_", "order_"))


def test_every_protected_endpoint_is_sorted_into_this_matrix() -> None:
    assert {operation.name for operation in PROTECTED} == OWNED | OWNED_ORDERS | ANYBODYS


@each("operation", PROTECTED, ids=lambda operation: operation.name)
def test_without_a_token_there_is_nothing_but_401(
    application: Flask, standing: tuple[Program, Room], operation: Any
) -> None:
    _, room = standing
    for token in (None, "nonsense"):
        answer = Program(application, token).ask(operation.method, path_of(operation, room))
        refused(answer, 401, "UNAUTHORIZED")
    for malformed in ("?page=0", "?checkIn=x"):
        refused(Program(application).ask(operation.method, path_of(operation, room) + malformed), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("operation", PROTECTED, ids=lambda operation: operation.name)
def test_an_ended_session_opens_nothing(app: Flask, api: Program, room: Room, operation: Any) -> None:
    assert api.post("/auth/logout").status_code == 204
    refused(api.ask(operation.method, path_of(operation, room)), 401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "operation", [operation for operation in PROTECTED if operation.name in OWNED], ids=lambda operation: operation.name
)
def test_what_is_somebody_elses_does_not_exist(api: Program, bobs: Program, room: Room, operation: Any) -> None:
    booked = api.post("/bookings", an_order(room)).json["id"]
    body = {"json": WANTED[operation.name]} if operation.name in WANTED else {}
    refused(bobs.ask(operation.method, path_of(operation, room, booked), **body), 404, "NOT_FOUND")
    assert api.get(f"/bookings/{booked}").json["status"] == "CONFIRMED"
    assert bobs.get("/bookings").json["total"] == 0
