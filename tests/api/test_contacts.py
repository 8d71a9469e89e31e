"""Who stays, where that is not whose account it is: taken with an order, kept as given, and gone with the account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from booking.domain.people import own_account
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.inputs import OrderPurchase, RoomsToHold
from booking.domain.reservations.personal_data import account_deletion, gathering
from booking.domain.tables import Booking, IdempotencyKey, Order, Room, User
from booking.infra.db import db, transaction
from tests.api.program import Program, an_order, fields, refused
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, beside, count, in_days, order

DANA = {
    "fullName": "Dana Levi",
    "email": "dana@example.com",
    "phone": "+32 3 123 45 67",
    "arrivalTime": "18:30",
    "requests": "A quiet room, please.\nWe bring a cot.",
}


def wish(room: Room, start: int = 30, **more: Any) -> dict[str, Any]:
    item = an_order(room, in_days(start))
    item.pop("paymentMethodId")
    return {"items": [item], **more}


@each("path", ["/holds", "/orders"])
def test_an_order_keeps_its_contact(api: Program, room: Room, path: str) -> None:
    start = 30 if path == "/holds" else 40
    more = {"paymentMethodId": VISA} if path == "/orders" else {}
    answer = api.post(path, wish(room, start, contact=DANA, **more))
    assert (answer.status_code, answer.json["contact"]) == (201, DANA)
    assert api.get(f"/orders/{answer.json['id']}").json["contact"] == DANA


def test_name_and_address_are_enough(api: Program, room: Room) -> None:
    given = {"fullName": "  Dana Levi ", "email": "Dana@EXAMPLE.com", "phone": None}
    nothing = dict.fromkeys(("phone", "arrivalTime", "requests"))
    kept = api.post("/holds", wish(room, contact=given)).json["contact"]
    assert kept == {"fullName": "Dana Levi", "email": "Dana@example.com", **nothing}
    assert api.post("/holds", wish(room, 60)).json["contact"] is None
    assert api.post("/holds", wish(room, 70, contact=None)).json["contact"] is None


@each(
    "wrong, field",
    [
        ({"fullName": None}, "fullName"),
        ({"fullName": " "}, "fullName"),
        ({"fullName": "x" * 256}, "fullName"),
        ({"fullName": "win at evil.example/now"}, "fullName"),
        ({"email": "nobody"}, "email"),
        ({"email": 7}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": "1" * 33}, "phone"),
        ({"phone": ""}, "phone"),
        ({"arrivalTime": "25:00"}, "arrivalTime"),
        ({"arrivalTime": "6 pm"}, "arrivalTime"),
        ({"arrivalTime": 18}, "arrivalTime"),
        ({"requests": "x" * 1001}, "requests"),
        ({"requests": "a\x00b"}, "requests"),
        ({"requests": "  \n "}, "requests"),
    ],
)
def test_what_is_wrong_is_named(api: Program, room: Room, wrong: dict[str, Any], field: str) -> None:
    assert fields(api.post("/holds", wish(room, contact=DANA | wrong))) == {f"contact.{field}"}
    assert count(Order) == 0


def test_all_that_is_wrong_is_named_at_once(api: Program, room: Room) -> None:
    assert fields(api.post("/holds", wish(room, contact={}))) == {"contact.fullName", "contact.email"}
    assert fields(api.post("/holds", wish(room, contact="Dana"))) == {"contact"}
    details = refused(
        api.post("/holds", wish(room, contact=DANA | {"phone": "x", "arrivalTime": "7"})), 400, "VALIDATION_ERROR"
    )
    assert details == {
        "contact.phone": "must be a phone number such as +32 3 123 45 67",
        "contact.arrivalTime": "must be a time such as 18:30",
    }


def test_another_contact_under_a_key_is_another_request(api: Program, room: Room) -> None:
    first = api.post("/holds", wish(room, contact=DANA), Idempotency_Key="k")
    assert api.post("/holds", wish(room, contact=DANA), Idempotency_Key="k").data == first.data
    other = api.post("/holds", wish(room, contact=DANA | {"phone": "+32 9 000 00 00"}), Idempotency_Key="k")
    refused(other, 422, "IDEMPOTENCY_KEY_REUSED")
    refused(api.post("/holds", wish(room), Idempotency_Key="k"), 422, "IDEMPOTENCY_KEY_REUSED")


def test_a_request_without_one_is_the_same_as_before_there_were_any(room: Room) -> None:
    assert set(RoomsToHold.model_validate(wish(room)).as_sent()) == {"items"}
    bought = OrderPurchase.model_validate(wish(room, paymentMethodId=VISA))
    assert set(bought.as_sent()) == {"items", "payment_method_id"}


def test_it_stays_as_it_was_given_whatever_becomes_of_the_account(api: Program, alice: User, room: Room) -> None:
    held = api.post("/holds", wish(room, contact=DANA)).json
    own_account.rename(acting(alice), "Somebody Else")
    assert api.get(f"/orders/{held['id']}").json["contact"] == DANA


def test_a_stranger_sees_none_of_it(api: Program, bobs: Program, room: Room) -> None:
    held = api.post("/holds", wish(room, contact=DANA)).json
    answer = bobs.get(f"/orders/{held['id']}")
    assert (answer.status_code, "Dana" in answer.text) == (404, False)


def test_whoever_asks_what_is_kept_about_them_is_told(
    api: Program, alice: User, room: Room, desk: BookingContext
) -> None:
    api.post("/orders", wish(room, contact=DANA, paymentMethodId=VISA))
    bookings.book(acting(alice), order(alice, beside(room, "Suite", 80)), VISA, desk)
    assert [one["contact"] for one in gathering._gathered(acting(alice), ["a secret"])["orders"]] == [None, DANA]


def test_it_goes_with_the_account(api: Program, alice: User, room: Room) -> None:
    held = api.post("/holds", wish(room, contact=DANA), Idempotency_Key="k").json
    assert api.ask("DELETE", f"/holds/{held['id']}").status_code == 204
    account_deletion.remove(SYSTEM, alice.id)
    assert _everything_kept() == [(None, None, None, None, None)]
    assert count(IdempotencyKey) == 0
    assert count(Booking) == 1


@transaction
def _everything_kept() -> list[tuple[Any, ...]]:
    columns = (
        Order.contact_name,
        Order.contact_email,
        Order.contact_phone,
        Order.contact_arrival_time,
        Order.contact_requests,
    )
    return [tuple(row) for row in db.session.query(*columns)]


@pytest.mark.parametrize(
    "half", [{"contact_name": "Dana"}, {"contact_phone": "1"}, {"contact_arrival_time": dt.time(18)}]
)
def test_postgres_keeps_no_half_of_one(api: Program, room: Room, half: dict[str, Any]) -> None:
    api.post("/holds", wish(room))
    with pytest.raises(Exception, match="ck_orders_contact_complete"):
        _set(half)


@transaction
def _set(columns: dict[str, Any]) -> None:
    db.session.execute(update(Order).values(columns))
