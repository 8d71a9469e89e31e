"""Promotion codes over the API: on a booking and on orders, refused by name, the same key the same price."""

from __future__ import annotations

from typing import Any

from booking.domain.tables import Booking, Room
from booking.infra.ids import encode
from tests.api.program import Program, dates
from tests.cast import VISA, beside, count, in_days
from tests.promotions import promotion, uses


def wanted(room: Room, **more: Any) -> dict[str, Any]:
    return {"roomId": encode("room", room.id), "guests": 2, **dates(in_days(30)), **more}


def test_a_booking_with_a_code_costs_less_and_says_by_which(api: Program, room: Room) -> None:
    spring = promotion()
    body = wanted(room, paymentMethodId=VISA, code="spring")
    made = api.post("/bookings", body, Idempotency_Key="once").json
    assert made["totalPrice"] == 324
    line = made["lines"][-1]
    assert (line["kind"], line["amount"], line["label"]) == ("discount", -36, "Spring sale")
    assert line["reasons"][0]["text"] == "Spring sale: 10% off"
    assert api.post("/bookings", body, Idempotency_Key="once").json == made
    assert uses(spring) == 1


def test_a_code_that_is_not_to_be_had_is_refused_by_name(api: Program, room: Room) -> None:
    refused = api.post("/bookings", wanted(room, paymentMethodId=VISA, code="WINTER"))
    why = {"code": "we don’t know this code; check how it is spelt"}
    assert (refused.status_code, refused.json["details"]) == (400, why)
    assert count(Booking, status="CONFIRMED") == 0


def test_an_order_has_a_code_for_each_of_its_rooms(api: Program, room: Room) -> None:
    spring = promotion(mostUses=3)
    items = [wanted(room), wanted(beside(room, "Suite", 200))]
    held = api.post("/holds", {"items": items, "code": "SPRING"})
    assert (held.status_code, held.json["total"], uses(spring)) == (201, 864, 2)
    items = [one | dates(in_days(40)) for one in items]
    refused = api.post("/orders", {"items": items, "paymentMethodId": VISA, "code": "SPRING"})
    assert (refused.status_code, list(refused.json["details"])) == (400, ["code"])
    assert uses(spring) == 2
