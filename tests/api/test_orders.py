"""Orders of several rooms by API: held and paid for in two steps or booked in one; mine and nobody else's."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.inventory import availability
from booking.domain.maintenance import retention
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import balances, bookings, guarantees, orders, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, IdempotencyKey, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import decode, encode, new_id
from tests.api.program import INSTANT, Program, an_order, fields, refused
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    count,
    in_days,
    later,
    nights_of,
)


@pytest.fixture
def rooms(room: Room) -> list[Room]:
    """Three of one property, at 120, 80 and 50 EUR a night."""
    return [room, *(beside(room, name, price) for name, price in (("Suite", 80), ("Attic", 50)))]


def several(rooms: list[Room], start: int = 30, **more: Any) -> dict[str, Any]:
    items = [an_order(room, in_days(start)) for room in rooms]
    for item in items:
        item.pop("paymentMethodId")
    return {"items": items, **more}


def paying(method: str | None = VISA, total: float = 750) -> dict[str, Any]:
    return {"shownTotal": total} | ({"paymentMethodId": method} if method else {})


def test_rooms_are_held_and_then_paid_for_in_one_order(api: Program, rooms: list[Room]) -> None:
    answer = api.post("/holds", several(rooms))
    order = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/orders/{order['id']}"
    assert {one["orderId"] for one in order["bookings"]} == {order["id"]}
    assert [one["reference"] for one in order["bookings"]] == [order["reference"] + tail for tail in ("", "-2", "-3")]
    assert [one["roomId"] for one in order["bookings"]] == [encode("room", room.id) for room in rooms]
    assert {one["status"] for one in order["bookings"]} == {"PENDING"}
    money = {"total": 750, "paid": 0, "refunded": 0, "due": 750, "currency": "EUR"}
    assert {name: order[name] for name in money} == money
    assert order["heldUntil"] == order["bookings"][0]["heldUntil"]
    paid = api.post(f"/holds/{order['id']}/pay", paying())
    assert (paid.status_code, paid.json["paid"], paid.json["due"], paid.json["heldUntil"]) == (201, 750, 0, None)
    assert {one["status"] for one in paid.json["bookings"]} == {"CONFIRMED"}
    assert api.get(f"/orders/{order['id']}").json == paid.json
    assert api.post(f"/holds/{order['id']}/pay", paying()).json == paid.json  # asked once more


def test_of_an_order_that_is_paid_in_steps_the_deposits_are_charged(
    api: Program, alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    plan = DepositPlan(balance_days=10, percent=Decimal(40))
    items = tuple(OrderItem(room.id, in_days(30), 2) for room in rooms)
    held = bookings.hold_all(acting(alice), OrderRequest(alice.id, items, deposit=plan), desk)
    shown = encode("order", held[0].order_id)
    paid = api.post(f"/holds/{shown}/pay", paying())
    money = {"total": 750, "paid": 300, "refunded": 0, "due": 450}
    assert (paid.status_code, {name: paid.json[name] for name in money}) == (201, money)
    assert {one["status"] for one in paid.json["bookings"]} == {"CONFIRMED"}
    api.post(f"/bookings/{paid.json['bookings'][2]['id']}/cancel")
    money = {"total": 600, "paid": 300, "refunded": 0, "due": 300}
    assert {name: api.get(f"/orders/{shown}").json[name] for name in money} == money


def test_an_order_says_what_its_guest_need_not_pay(
    api: Program, alice: User, rooms: list[Room], desk: BookingContext
) -> None:
    plan = DepositPlan(balance_days=10, percent=Decimal(40))
    items = tuple(OrderItem(room.id, in_days(30), 2) for room in rooms)
    held = bookings.hold_all(acting(alice), OrderRequest(alice.id, items, deposit=plan), desk)
    shown = encode("order", held[0].order_id)
    paid = api.post(f"/holds/{shown}/pay", paying()).json
    assert (paid["waived"], paid["due"]) == (0, 450)
    payments.waive_debt(SYSTEM, held[0].order_id, "the lift was out of order", Decimal(50))
    left = api.get(f"/orders/{shown}").json
    assert {name: left[name] for name in ("total", "paid", "refunded", "waived", "due")} == {
        "total": 750,
        "paid": 300,
        "refunded": 0,
        "waived": 50,
        "due": 400,
    }
    assert api.get("/orders").json["items"] == [left]


def test_an_order_is_booked_in_one_call(api: Program, rooms: list[Room]) -> None:
    answer = api.post("/orders", several(rooms, paymentMethodId=VISA))
    assert (answer.status_code, answer.json["paid"], answer.json["due"]) == (201, 750, 0)
    assert api.get(f"/orders/{answer.json['id']}").headers["ETag"] == answer.headers["ETag"]
    assert api.get("/bookings").json["total"] == 3


def test_one_room_is_an_order_too(api: Program, room: Room) -> None:
    held = api.post("/holds", several([room])).json
    assert api.post(f"/holds/{held['id']}/pay", paying(total=360)).json["bookings"][0]["status"] == "CONFIRMED"


def test_a_room_that_is_taken_is_named_and_nothing_is_held(api: Program, bobs: Program, rooms: list[Room]) -> None:
    bobs.post("/bookings", an_order(rooms[1]))
    for path, body in (("/holds", several(rooms)), ("/orders", several(rooms, paymentMethodId=VISA))):
        details = refused(api.post(path, body), 409, "ROOM_NOT_AVAILABLE")
        assert details == {"items[1]": "this room is no longer available for these dates"}
    assert (nights_of(rooms[0]), nights_of(rooms[2])) == ({}, {})


def test_what_cannot_be_asked_for_is_refused_by_name(api: Program, rooms: list[Room]) -> None:
    good = several(rooms)["items"]

    def wrong(*items: Any) -> set[str]:
        return fields(api.post("/holds", {"items": list(items)}))

    assert wrong() == {"items"}
    assert fields(api.post("/holds", {})) == {"items"}
    assert fields(api.post("/holds", {"items": "x"})) == {"items"}
    assert wrong("x") == {"items"}
    assert wrong(*good * 4) == {"items"}
    assert wrong(good[0], good[1] | {"guests": "2", "checkIn": "soon"}) == {"items[1].guests", "items[1].checkIn"}
    assert wrong(good[0], good[1] | {"checkOut": good[1]["checkIn"]}) == {"items[1].checkIn"}
    assert wrong(good[0], good[1] | {"guests": 9}) == {"items[1].guests"}
    assert wrong(good[0] | {"roomId": "room_x"}, good[1]) == {"items[0].roomId"}
    assert wrong(good[0], good[0]) == {"items[1].roomId"}
    assert wrong(good[0], several([a_room()])["items"][0]) == {"items"}
    unknown = good[1] | {"roomId": encode("room", new_id())}
    assert refused(api.post("/holds", {"items": [good[0], unknown]}), 404, "ROOM_NOT_FOUND") == {
        "items[1]": "this room does not exist"
    }
    assert fields(api.post("/orders", several(rooms))) == {"paymentMethodId"}
    assert count(Booking) == 0


def test_a_declined_card_keeps_the_hold_and_frees_what_was_asked_for_in_one_call(
    api: Program, rooms: list[Room]
) -> None:
    held = api.post("/holds", several(rooms)).json
    pay = f"/holds/{held['id']}/pay"
    refused(api.post(pay, paying(DECLINED)), 402, "PAYMENT_FAILED")
    assert api.get(f"/orders/{held['id']}").json["heldUntil"] == held["heldUntil"]
    assert fields(api.post(pay, paying(None))) == {"paymentMethodId"}
    assert fields(api.post(pay, {"shownTotal": "750", "paymentMethodId": VISA})) == {"shownTotal"}
    refused(api.post(pay, paying(total=749.5)), 409, "PRICE_CHANGED")
    assert api.post(pay, paying()).status_code == 201
    details = refused(api.post("/orders", several(rooms, 60, paymentMethodId=DECLINED)), 402, "PAYMENT_FAILED")
    assert {one["status"] for one in api.get(f"/orders/{details['orderId']}").json["bookings"]} == {"CANCELLED"}
    assert api.get("/orders").json["total"] == 1


def test_a_hold_is_given_back_as_a_whole_and_once(api: Program, bobs: Program, rooms: list[Room]) -> None:
    held = api.post("/holds", several(rooms)).json
    path = f"/holds/{held['id']}"
    refused(bobs.ask("DELETE", path), 404, "NOT_FOUND")
    assert api.ask("DELETE", path).status_code == 204
    assert all(nights_of(room) == {} for room in rooms)
    refused(api.ask("DELETE", path), 404, "NOT_FOUND")
    refused(api.post(f"{path}/pay", paying()), 409, "HOLD_OVER")
    booked = api.post("/orders", several(rooms, paymentMethodId=VISA)).json
    refused(api.ask("DELETE", f"/holds/{booked['id']}"), 409, "BOOKING_MODIFIED")
    late = api.post("/holds", several(rooms, 60)).json
    later(dt.timedelta(minutes=16))
    refused(api.ask("DELETE", f"/holds/{late['id']}"), 404, "NOT_FOUND")
    refused(api.post(f"/holds/{late['id']}/pay", paying()), 409, "HOLD_OVER")
    bookings.expire_holds(SYSTEM)
    refused(api.post(f"/holds/{late['id']}/pay", paying()), 409, "HOLD_OVER")


def test_one_room_of_an_order_is_cancelled_alone(api: Program, rooms: list[Room]) -> None:
    order = api.post("/orders", several(rooms, paymentMethodId=VISA)).json
    cancelled = api.post(f"/bookings/{order['bookings'][1]['id']}/cancel").json
    assert (cancelled["refundAmount"], cancelled["refundStatus"]) == (240, "RETURNED")
    after = api.get(f"/orders/{order['id']}").json
    assert (after["total"], after["paid"], after["refunded"], after["due"]) == (510, 750, 240, 0)
    assert [one["status"] for one in after["bookings"]] == ["CONFIRMED", "CANCELLED", "CONFIRMED"]


@each("path", ["/holds", "/orders", "/holds/{}/pay"])
def test_the_same_key_gets_the_first_answer_again_byte_for_byte(api: Program, rooms: list[Room], path: str) -> None:
    start = {"/holds": 30, "/orders": 40}.get(path, 50)
    body = several(rooms, start) if path == "/holds" else several(rooms, start, paymentMethodId=VISA)
    if path.endswith("pay"):
        path, body = path.format(api.post("/holds", several(rooms, start)).json["id"]), paying()
    first = api.post(path, body, Idempotency_Key="k-1")
    again = api.post(path, body, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    other = body | ({"shownTotal": 1} if "shownTotal" in body else {"items": body["items"][:1]})
    refused(api.post(path, other, Idempotency_Key="k-1"), 422, "IDEMPOTENCY_KEY_REUSED")
    for booking in first.json["bookings"]:
        api.post(f"/bookings/{booking['id']}/cancel")
    assert api.post(path, body, Idempotency_Key="k-1").data == first.data


def test_a_final_refusal_is_repeated_and_another_is_not(api: Program, bobs: Program, rooms: list[Room]) -> None:
    held = bobs.post("/holds", several(rooms[1:])).json
    refused(api.post("/holds", several(rooms), Idempotency_Key="k"), 409, "ROOM_NOT_AVAILABLE")
    bobs.ask("DELETE", f"/holds/{held['id']}")
    again = api.post("/holds", several(rooms), Idempotency_Key="k")
    refused(again, 409, "ROOM_NOT_AVAILABLE")
    assert again.headers["Idempotency-Replayed"] == "true"
    pay = f"/holds/{api.post('/holds', several(rooms)).json['id']}/pay"
    refused(api.post(pay, paying(total=1), Idempotency_Key="pay"), 409, "PRICE_CHANGED")
    assert api.post(pay, paying(), Idempotency_Key="pay").status_code == 201  # nothing was kept, so it may be mended


def test_a_crowd_with_one_key_holds_once(app: Flask, api: Program, rooms: list[Room]) -> None:
    answers = all_at_once(app, [lambda: api.post("/holds", several(rooms), Idempotency_Key="k")] * 6)
    held = {answer.data for answer in answers if answer.status_code == 201}
    assert len(held) <= 1
    assert api.post("/holds", several(rooms), Idempotency_Key="k").status_code in (201, 409)
    assert count(Booking) in (0, 3)


def test_a_call_that_died_is_finished_by_the_next_with_its_key(
    app: Flask, api: Program, rooms: list[Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(orders, "_answered", die)
        with pytest.raises(SystemExit):
            api.post("/holds", several(rooms), Idempotency_Key="k")
    refused(api.post("/holds", several(rooms), Idempotency_Key="k"), 409, "IDEMPOTENCY_CONFLICT")
    later(dt.timedelta(seconds=31))
    held = api.post("/holds", several(rooms), Idempotency_Key="k")
    assert (held.status_code, count(Booking), count(IdempotencyKey)) == (201, 3, 1)
    with monkeypatch.context() as patched:
        patched.setattr(orders, "_answered", die)
        with pytest.raises(SystemExit):
            api.post(f"/holds/{held.json['id']}/pay", paying(), Idempotency_Key="p")
    later(dt.timedelta(seconds=31))
    paid = api.post(f"/holds/{held.json['id']}/pay", paying(), Idempotency_Key="p")
    assert (paid.status_code, paid.json["paid"]) == (201, 750)


def test_a_bank_that_does_not_answer_is_settled_and_the_same_key_hears_of_it(
    api: Program, rooms: list[Room], desk: BookingContext
) -> None:
    body = several(rooms, paymentMethodId=SLOW)
    refused(api.post("/orders", body, Idempotency_Key="k"), 503, "PAYMENT_UNKNOWN")
    held = api.post("/holds", several(rooms, 60)).json
    pay = f"/holds/{held['id']}/pay"
    refused(api.post(pay, paying(SLOW), Idempotency_Key="p"), 503, "PAYMENT_UNKNOWN")
    refused(api.post(pay, paying(SLOW), Idempotency_Key="p"), 409, "PAYMENT_IN_PROGRESS")
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert api.post("/orders", body, Idempotency_Key="k").json["paid"] in (0, 750)
    assert api.get(f"/orders/{held['id']}").json["bookings"][0]["status"] in ("PENDING", "CONFIRMED")


def test_orders_are_listed_newest_first_and_only_to_their_guest(api: Program, bobs: Program, rooms: list[Room]) -> None:
    made = [api.post("/orders", several(rooms[:2], 30 + 5 * n, paymentMethodId=VISA)).json for n in range(3)]
    single = api.post("/bookings", an_order(rooms[0], in_days(60))).json
    bobs.post("/holds", several(rooms, 90))
    shown = api.get("/orders", pageSize=3).json
    assert [one["id"] for one in shown["items"]] == [single["orderId"], made[2]["id"], made[1]["id"]]
    assert (shown["total"], shown["page"], shown["pageSize"]) == (4, 1, 3)
    assert api.get("/orders", pageSize=3, page=2).json["items"] == [made[0]]
    assert api.get("/orders", page=9).json == {"items": [], "page": 9, "pageSize": 20, "total": 4}
    assert bobs.get("/orders").json["total"] == 1
    for path in (f"/orders/{made[0]['id']}", "/orders/nonsense", f"/orders/{encode('order', new_id())}"):
        refused(bobs.get(path), 404, "NOT_FOUND")
    refused(bobs.post(f"/holds/{made[0]['id']}/pay", paying()), 404, "NOT_FOUND")


def test_an_order_is_listed_although_its_first_booking_ran_out_and_is_pruned(
    api: Program, alice: User, rooms: list[Room]
) -> None:
    held = api.post("/holds", several(rooms[:2], 90)).json
    first, _ = held["bookings"]
    _runs_out(first["reference"])
    assert api.post(f"/holds/{held['id']}/pay", paying(total=240)).status_code == 201
    later(dt.timedelta(days=31))
    assert retention.prune(SYSTEM, dt.timedelta(days=90))["expired_bookings"] == 1
    listed = orders.mine(acting(alice), page=1, page_size=20)  # no sign-in lasts that long
    assert (listed.total, [one.order.reference for one in listed.orders]) == (1, [held["reference"]])
    assert [one.reference for one in listed.orders[0].bookings] == [held["reference"] + "-2"]


def test_what_such_an_order_owes_is_seen(api: Program, alice: User, rooms: list[Room]) -> None:
    held = api.post("/holds", several(rooms[:2], 90)).json
    _runs_out(held["bookings"][0]["reference"])
    order_id = decode("order", held["id"])
    assert order_id
    guarantees.guarantee(SYSTEM, order_id, "desk")
    later(dt.timedelta(days=31))
    retention.prune(SYSTEM, dt.timedelta(days=90))
    assert [one.reference for one in balances.due(SYSTEM)] == [held["reference"]]
    assert [one.reference for one in account_deletion.money_moves(SYSTEM, alice.id)] == [held["reference"]]


@transaction
def _runs_out(reference: str) -> None:
    """One of several holds by itself, unpaid."""
    booking = db.session.query(Booking).filter_by(reference=reference).one()
    availability.release(SYSTEM, booking.id)
    booking.expire()


def test_an_order_that_a_program_knows_is_not_sent_again(api: Program, rooms: list[Room]) -> None:
    first = api.post("/orders", several(rooms, paymentMethodId=VISA))
    path, known = f"/orders/{first.json['id']}", first.headers["ETag"]
    assert api.ask("GET", path, headers={"If-None-Match": known}).status_code == 304
    api.post(f"/bookings/{first.json['bookings'][0]['id']}/cancel")
    after = api.ask("GET", path, headers={"If-None-Match": known})
    assert (after.status_code, after.headers["ETag"] != known) == (200, True)
    held = api.post("/holds", several(rooms, 60))
    again = api.ask("GET", f"/orders/{held.json['id']}", headers={"If-None-Match": held.headers["ETag"]})
    assert (again.status_code, again.json) == (200, held.json)


def test_an_order_has_the_form_of_its_bookings(api: Program, rooms: list[Room]) -> None:
    order = api.post("/holds", several(rooms)).json
    assert order["bookings"] == [api.get(f"/bookings/{one['id']}").json for one in order["bookings"]]
    assert re.fullmatch(INSTANT, order["createdAt"])


def test_an_order_counts_as_one_of_three_holds(api: Program, rooms: list[Room]) -> None:
    for start in (30, 40, 50):
        assert api.post("/holds", several(rooms, start)).status_code == 201
    refused(api.post("/holds", several(rooms, 60)), 409, "TOO_MANY_HOLDS")
    assert api.post("/orders", several(rooms, 60, paymentMethodId=VISA)).status_code == 201
