"""POST /bookings without a key: what it answers, what it refuses, and who wins."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain.tables import Booking, Order, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import decode, encode, new_id
from tests.api.program import INSTANT, Program, an_order, dates, fields, program_of, refused
from tests.cases import each
from tests.cast import DECLINED, VISA, a_room, all_at_once, count, in_days, nights_of, person

BOOKING = {
    "id",
    "orderId",
    "reference",
    "roomId",
    "room",
    "earlierRooms",
    "property",
    "userId",
    "checkIn",
    "checkOut",
    "guests",
    "childrenAges",
    "totalPrice",
    "currency",
    "status",
    "lines",
    "ratePlan",
    "refunds",
    "refundAmount",
    "refundStatus",
    "heldUntil",
    "createdAt",
}
TEXTS = {"roomId", "paymentMethodId", "checkIn", "checkOut"}  # of an order


@transaction
def saved_orders() -> list[Order]:
    return db.session.query(Order).all()


def test_a_booking_says_what_the_contract_lists(api: Program, alice: User, room: Room) -> None:
    answer = api.post("/bookings", an_order(room))
    assert answer.status_code == 201
    assert answer.json.keys() == BOOKING
    asked = an_order(room)
    for same in ("roomId", "checkIn", "checkOut", "guests"):
        assert answer.json[same] == asked[same]
    assert answer.json["userId"] == encode("user", alice.id)
    assert answer.json["id"].startswith("booking_")
    bought = decode("order", answer.json["orderId"])
    assert [one.channel for one in saved_orders() if one.id == bought] == ["api"]
    assert (answer.json["status"], answer.json["totalPrice"], answer.json["currency"]) == ("CONFIRMED", 360, "EUR")
    assert re.fullmatch(INSTANT, answer.json["createdAt"])
    assert answer.json["heldUntil"] is answer.json["refundAmount"] is answer.json["refundStatus"] is None
    assert "Idempotency-Replayed" not in answer.headers


def test_a_booking_says_where_it_is_and_which_version(api: Program, room: Room) -> None:
    for prefix in ("/api/v1", "/api"):
        answer = api.post(f"{prefix}/bookings", an_order(room, in_days(30 if prefix == "/api" else 40)))
        assert answer.headers["Location"] == f"/api/v1/bookings/{answer.json['id']}"
        shown = api.get(answer.headers["Location"])
        assert (shown.json, shown.headers["ETag"]) == (answer.json, answer.headers["ETag"])
    cancelled = api.post(f"/bookings/{shown.json['id']}/cancel", If_Match=answer.headers["ETag"])
    assert cancelled.status_code == 200


def test_a_replay_says_so_too_and_knows_the_present_version(api: Program, room: Room) -> None:
    first = api.post("/bookings", an_order(room), Idempotency_Key="k-1")
    again = api.post("/bookings", an_order(room), Idempotency_Key="k-1")
    assert again.data == first.data
    for header in ("Location", "ETag"):
        assert again.headers[header] == first.headers[header]
    api.post(f"/bookings/{first.json['id']}/cancel")
    late = api.post("/bookings", an_order(room), Idempotency_Key="k-1")
    assert (late.status_code, late.data) == (201, first.data)
    assert late.headers["ETag"] == api.get(f"/bookings/{first.json['id']}").headers["ETag"] != first.headers["ETag"]


def test_a_booking_names_room_and_property_wherever_it_is_shown(api: Program, room: Room) -> None:
    names = {
        "room": {"id": encode("room", room.id), "name": room.name, "unit": None},
        "property": {"name": "House in Antwerp"},
    }
    booked = api.post("/bookings", an_order(room)).json
    shown = [booked, api.get(f"/bookings/{booked['id']}").json, api.get("/bookings").json["items"][0]]
    shown.append(api.post(f"/bookings/{booked['id']}/cancel").json)
    for booking in shown:
        assert booking["room"] == names["room"]
        assert booking["property"]["name"]
        assert booking["property"] == booked["property"]


@pytest.mark.parametrize(
    ("currency", "price", "total"), [("JPY", "12000", b"36000"), ("KWD", "33.335", b"100.005"), ("EUR", "9.5", b"28.5")]
)
def test_the_price_has_its_currencys_own_decimals(api: Program, currency: str, price: str, total: bytes) -> None:
    there = a_room(location=currency.lower(), currency=currency, price_per_night=Decimal(price))
    answer = api.post("/bookings", an_order(there))
    assert b'"totalPrice":' + total + b"," in answer.data


def test_back_to_back_is_fine_and_a_shared_night_is_not(api: Program, bobs: Program, room: Room) -> None:
    assert api.post("/bookings", an_order(room, in_days(30))).status_code == 201
    assert bobs.post("/bookings", an_order(room, in_days(33, 2))).status_code == 201
    assert bobs.post("/bookings", an_order(room, in_days(28, 2))).status_code == 201
    answer = bobs.post("/bookings", an_order(room, in_days(32, 2)))
    refused(answer, 409, "ROOM_NOT_AVAILABLE")
    assert answer.json["message"] == "The selected room is no longer available for the requested dates."


@pytest.mark.parametrize("method", [DECLINED, "pm_card_error"])
def test_a_declined_card_is_402_and_leaves_the_room_free(api: Program, bobs: Program, room: Room, method: Any) -> None:
    details = refused(api.post("/bookings", an_order(room, paymentMethodId=method)), 402, "PAYMENT_FAILED")
    attempt = api.get(f"/bookings/{details['bookingId']}").json
    assert (attempt["status"], attempt["roomId"]) == ("CANCELLED", encode("room", room.id))
    for asked in ({}, {"status": "CANCELLED"}):
        assert api.get("/bookings", **asked).json["total"] == 0  # nobody cancelled anything
    assert nights_of(room) == {}
    assert bobs.post("/bookings", an_order(room)).status_code == 201


def test_any_other_payment_method_succeeds(api: Program, room: Room) -> None:
    assert api.post("/bookings", an_order(room, paymentMethodId="pm_anything_else1")).status_code == 201


@each(
    ("changes", "wrong"),
    lambda: [
        ({"guests": "2"}, {"guests"}),
        ({"guests": True}, {"guests"}),
        ({"guests": 2.0}, {"guests"}),
        ({"guests": None}, {"guests"}),
        ({"guests": 0}, {"guests"}),
        ({"guests": -1}, {"guests"}),
        ({"guests": 10**30}, {"guests"}),
        ({"guests": 5}, {"guests"}),
        ({"guests": [2]}, {"guests"}),
        ({"checkIn": 20261201}, {"checkIn"}),
        ({"checkIn": None}, {"checkIn"}),
        ({"checkIn": "2026-02-30"}, {"checkIn"}),
        ({"checkIn": "2026-12-01T15:00:00Z"}, {"checkIn"}),
        ({"checkIn": "2026-12-01T15:00:00.000Z", "checkOut": "2026-12-02 "}, {"checkIn", "checkOut"}),
        (dates(in_days(-5)), {"checkIn"}),
        (dates(in_days(600)), {"checkIn"}),
        (dates(in_days(30, 1)), {"checkOut"}),
        (dates(in_days(30, 11)), {"checkOut"}),
        (dates(in_days(30, 400)), {"checkOut"}),
        ({"checkIn": "2027-01-02", "checkOut": "2027-01-02"}, {"checkIn"}),
        ({"checkIn": "2027-01-03", "checkOut": "2027-01-02"}, {"checkIn"}),
        (dates(in_days(600, 20)) | {"guests": 9}, {"checkIn", "checkOut", "guests"}),
        ({"paymentMethodId": "card"}, {"paymentMethodId"}),
        ({"paymentMethodId": "pm_"}, {"paymentMethodId"}),
        ({"paymentMethodId": "pm_a b"}, {"paymentMethodId"}),
        ({"paymentMethodId": "pm_a\n"}, {"paymentMethodId"}),
        ({"paymentMethodId": "pm_" + "x" * 101}, {"paymentMethodId"}),
        ({"paymentMethodId": "pm_\x00"}, {"paymentMethodId"}),
        ({"paymentMethodId": 1}, {"paymentMethodId"}),
        ({"roomId": 1}, {"roomId"}),
        ({"roomId": None}, {"roomId"}),
        ({"roomId": "x" * 65}, {"roomId"}),
        ({"roomId": "\ud800"}, {"roomId"}),
        ({"roomId": ""}, {"roomId"}),
        ({"roomId": "room_x"}, {"roomId"}),
        ({"roomId": "../.."}, {"roomId"}),
        ({"roomId": "a b"}, {"roomId"}),
        ({"roomId": encode("booking", new_id())}, {"roomId"}),
        (dict.fromkeys(TEXTS, ""), TEXTS),
        ({"guests": 0, "checkIn": "x", "roomId": []}, {"guests", "checkIn", "roomId"}),
    ],
)
def test_an_order_names_what_is_wrong(standing: tuple[Program, Room], changes: Any, wrong: Any) -> None:
    api, room = standing
    assert fields(api.post("/bookings", an_order(room, **changes))) == wrong


def test_the_seeds_sentence_for_dates_in_the_wrong_order(standing: tuple[Program, Room]) -> None:
    api, room = standing
    wrong = api.post("/bookings", an_order(room, checkIn="2027-01-03", checkOut="2027-01-02"))
    assert wrong.json["details"] == {"checkIn": "checkIn must be before checkOut"}


def test_a_room_that_does_not_exist_is_404(standing: tuple[Program, Room]) -> None:
    api, room = standing
    refused(api.post("/bookings", an_order(room, roomId=encode("room", new_id()))), 404, "ROOM_NOT_FOUND")


def test_a_key_is_still_good_after_a_request_that_named_no_room(api: Program, room: Room) -> None:
    wrong = api.post("/bookings", an_order(room, roomId=""), Idempotency_Key="mended-later")
    assert refused(wrong, 400, "VALIDATION_ERROR") == {"roomId": "must be the id of a room"}
    assert api.post("/bookings", an_order(room), Idempotency_Key="mended-later").status_code == 201


def test_an_unpublished_room_cannot_be_booked(api: Program) -> None:
    refused(api.post("/bookings", an_order(a_room(published=False))), 404, "ROOM_NOT_FOUND")


def test_extra_fields_change_nothing(api: Program, room: Room) -> None:
    extras = {"totalPrice": 1, "status": "CANCELLED", "userId": encode("user", new_id()), "id": "x"}
    answer = api.post("/bookings", an_order(room, None, **extras))
    assert (answer.json["totalPrice"], answer.json["status"]) == (360, "CONFIRMED")
    assert answer.json["userId"] != extras["userId"]


def test_twenty_at_once_for_one_room_one_wins_and_the_others_are_told(app: Flask, room: Room) -> None:
    guests = [program_of(app, person(f"guest-{number}")) for number in range(4)]
    answers = all_at_once(app, [partial(guests[n % 4].post, "/bookings", an_order(room)) for n in range(20)])
    told = Counter((answer.status_code, answer.json.get("error")) for answer in answers)
    assert told.pop((201, None)) == 1
    assert set(told) <= {(409, "ROOM_NOT_AVAILABLE"), (409, "ROOM_LOCKED")}
    assert count(Booking, status="CONFIRMED") == 1
    for answer in answers:
        if answer.status_code == 409 and answer.json["error"] == "ROOM_LOCKED":
            assert int(answer.headers["Retry-After"]) >= 1
            assert answer.json["message"] == "Room is currently being booked"


def test_a_locked_room_is_409_at_once_and_another_stay_goes_on(app: Flask, api: Program, room: Room) -> None:
    from booking.infra import redis

    stay = in_days(30)
    note = f"{stay.check_in.isoformat()} {stay.check_out.isoformat()}"
    with redis.lock(f"lock:room:{encode('room', room.id)}", note, ttl_ms=5000, busy=lambda _: True):
        answer = api.post("/bookings", an_order(room, stay))
        refused(answer, 409, "ROOM_LOCKED")
        assert int(answer.headers["Retry-After"]) >= 1
        assert api.post("/bookings", an_order(room, in_days(33))).status_code == 201
    assert api.post("/bookings", an_order(room, stay)).status_code == 201


def test_booking_works_without_redis(api: Program, room: Room, without_redis: Callable[[], None]) -> None:
    without_redis()
    assert api.post("/bookings", an_order(room)).status_code == 201


def test_nobody_books_without_a_token(app: Flask, room: Room) -> None:
    refused(Program(app).post("/bookings", an_order(room, paymentMethodId=VISA)), 401, "UNAUTHORIZED")
    assert count(Booking) == 0
