"""Promotion codes over the API: on a booking and on orders, refused by name, the same key the same price."""

from __future__ import annotations

from typing import Any

from booking import create_app
from booking.config import Settings
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.api.program import Program, dates, program_of
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


def test_a_quote_with_a_code_says_what_it_would_cost_and_uses_nothing(api: Program, room: Room) -> None:
    spring = promotion()
    quoted = api.post("/quotes", wanted(room, code="spring")).json
    assert (quoted["total"], quoted["lines"][-1]["label"]) == (324, "Spring sale")
    assert quoted["refunds"][0]["amount"] == 324
    assert api.post("/quotes", wanted(room)).json["total"] == 360
    assert uses(spring) == 0


def test_a_quote_names_the_code_that_is_not_to_be_had(api: Program, room: Room) -> None:
    promotion(code="LONG", minNights=9)
    promotion(code="ONCE", mostUses=1)
    api.post("/bookings", wanted(room, paymentMethodId=VISA, code="ONCE"))
    for code in ("WINTER", "LONG", "ONCE"):
        refused = api.post("/quotes", wanted(beside(room, "Suite", 200), code=code))
        assert (refused.status_code, list(refused.json["details"])) == (400, ["code"])


def test_codes_are_tried_so_often_and_what_costs_no_guess_goes_on(
    environ: dict[str, str], empty: None, room: Room, alice: User
) -> None:
    strict = create_app(Settings.from_env(environ | {"RATELIMIT_ENABLED": "true", "LIMIT_CODES": "2 per hour"}))
    program = program_of(strict, alice)
    for path in ("/quotes", "/holds"):
        body = wanted(room, code="GUESS")
        assert program.post(path, {"items": [body], "code": "GUESS"} if path == "/holds" else body).status_code == 400
    refused = program.post("/quotes", wanted(room, code="GUESS"))
    assert (refused.status_code, refused.json["error"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert program.post("/quotes", wanted(room)).status_code == 200
