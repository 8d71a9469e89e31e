"""POST /bookings/{id}/changes and its quote: what they answer and refuse, and what a key makes of a second call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask

from booking.domain import people
from booking.domain.actors import Role
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import clock
from booking.infra.ids import encode, new_id
from tests.api.program import Program, an_order, fields, program_of, refused
from tests.cast import DECLINED, SYSTEM, VISA, a_room, beside, count, in_days, later, nights_of
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

QUOTED = {
    "difference",
    "roomId",
    "movesOn",
    "checkIn",
    "checkOut",
    "guests",
    "childrenAges",
    "totalPrice",
    "currency",
    "lines",
    "kept",
    "refunds",
    "version",
}


@pytest.fixture
def booked(api: Program, room: Room) -> dict[str, Any]:
    """Three nights in a month, 360."""
    answer: Any = api.post("/bookings", an_order(room))
    return dict(answer.json)


def until(nights: int) -> dict[str, Any]:
    return {"checkOut": in_days(30, nights).check_out.isoformat()}


def path_of(booked: dict[str, Any]) -> str:
    return f"/bookings/{booked['id']}/changes"


def test_a_quote_says_what_the_contract_lists_and_changes_nothing(
    api: Program, room: Room, booked: dict[str, Any]
) -> None:
    longer = api.post(f"{path_of(booked)}/quote", until(5)).json
    assert longer.keys() == QUOTED
    assert (longer["difference"], longer["totalPrice"], len(longer["lines"]), longer["kept"]) == (240, 600, 5, 0)
    shorter = api.post(f"{path_of(booked)}/quote", until(1)).json
    assert (shorter["difference"], shorter["totalPrice"]) == (-240, 120)
    assert api.post(f"{path_of(booked)}/quote", {}).json["difference"] == 0
    assert api.get(f"/bookings/{booked['id']}").json == booked
    assert len(nights_of(room)) == 3


def test_a_change_answers_the_booking_as_it_is_now(api: Program, booked: dict[str, Any]) -> None:
    quote = api.post(f"{path_of(booked)}/quote", until(5)).json
    asked = until(5) | {"shownDifference": quote["difference"], "paymentMethodId": VISA}
    answer = api.post(path_of(booked), asked, If_Match=f'"{quote["version"]}"')
    assert answer.status_code == 200
    assert (answer.json["checkOut"], answer.json["totalPrice"]) == (until(5)["checkOut"], 600)
    for same in ("id", "reference", "orderId", "status", "createdAt"):
        assert answer.json[same] == booked[same]
    shown = api.get(f"/bookings/{booked['id']}")
    assert (shown.json, shown.headers["ETag"]) == (answer.json, answer.headers["ETag"])
    back = api.post(path_of(booked), until(2) | {"shownDifference": -360})
    assert (back.status_code, back.json["totalPrice"], back.json["status"]) == (200, 240, "CONFIRMED")


def test_staff_moves_a_guest_of_the_house_for_the_nights_that_are_left(
    app: Flask, api: Program, bob: User, room: Room
) -> None:
    booked: Any = api.post("/bookings", an_order(room, in_days(2))).json  # sessions of staff last a week
    other = beside(room, "Garden room", 120)
    people.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    later(dt.datetime.combine(in_days(3).check_in, dt.time(12), tzinfo=dt.UTC) - clock.now())  # a night is over
    staff, wish = program_of(app, bob), {"roomId": encode("room", other.id)}
    quote = staff.post(f"{path_of(booked)}/quote", wish).json
    assert (quote["difference"], quote["movesOn"]) == (0, in_days(3).check_in.isoformat())
    now = staff.post(path_of(booked), wish | {"shownDifference": 0}).json
    assert (now["roomId"], now["checkIn"]) == (wish["roomId"], booked["checkIn"])
    first = {"checkIn": booked["checkIn"], "checkOut": quote["movesOn"]}
    assert now["earlierRooms"] == [booked["room"] | first]
    assert (len(nights_of(room)), len(nights_of(other))) == (1, 2)


def test_what_is_missing_or_wrong_is_named(api: Program, room: Room, booked: dict[str, Any]) -> None:
    for body, field in (
        (until(5), "shownDifference"),
        (until(5) | {"shownDifference": "240"}, "shownDifference"),
        (until(5) | {"shownDifference": 240}, "paymentMethodId"),
        (until(5) | {"shownDifference": 240, "paymentMethodId": "4242"}, "paymentMethodId"),
        ({"checkOut": "2026-02-30", "shownDifference": 0}, "checkOut"),
        ({"guests": 5, "shownDifference": 0}, "guests"),
        ({"guests": "2", "shownDifference": 0}, "guests"),
        ({"checkIn": in_days(40).check_in.isoformat(), "shownDifference": 0}, "checkIn"),
        ({"roomId": encode("room", a_room().id), "shownDifference": 0}, "roomId"),
        ({"roomId": "room_x", "shownDifference": 0}, "roomId"),
    ):
        assert fields(api.post(path_of(booked), body)) == {field}, body
    refused(
        api.post(path_of(booked), {"roomId": encode("room", new_id()), "shownDifference": 0}), 404, "ROOM_NOT_FOUND"
    )
    assert api.get(f"/bookings/{booked['id']}").json == booked


def test_a_refusal_keeps_the_old_stay(app: Flask, api: Program, bob: User, room: Room, booked: dict[str, Any]) -> None:
    pay = {"shownDifference": 240, "paymentMethodId": VISA}
    refused(api.post(path_of(booked), until(5) | pay | {"paymentMethodId": DECLINED}), 402, "PAYMENT_FAILED")
    refused(api.post(path_of(booked), until(5) | pay | {"shownDifference": 100}), 409, "PRICE_CHANGED")
    refused(api.post(path_of(booked), until(5) | pay, If_Match='"99"'), 409, "BOOKING_MODIFIED")
    program_of(app, bob).post("/bookings", an_order(room, in_days(34)))
    refused(api.post(path_of(booked), until(5) | pay), 409, "ROOM_NOT_AVAILABLE")
    refused(api.post(f"{path_of(booked)}/quote", until(5)), 409, "ROOM_NOT_AVAILABLE")
    assert api.get(f"/bookings/{booked['id']}").json == booked
    api.post(f"/bookings/{booked['id']}/cancel")
    refused(api.post(path_of(booked), until(1) | {"shownDifference": -240}), 409, "BOOKING_NOT_CHANGEABLE")


def test_a_stranger_finds_no_booking(app: Flask, bob: User, booked: dict[str, Any]) -> None:
    stranger = program_of(app, bob)
    refused(stranger.post(f"{path_of(booked)}/quote", until(2)), 404, "NOT_FOUND")
    refused(stranger.post(path_of(booked), until(2) | {"shownDifference": -120}), 404, "NOT_FOUND")


def test_one_key_is_one_change(api: Program, room: Room, booked: dict[str, Any]) -> None:
    asked = until(5) | {"shownDifference": 240, "paymentMethodId": VISA}
    first = api.post(path_of(booked), asked, Idempotency_Key="change-1")
    again = api.post(path_of(booked), asked, Idempotency_Key="change-1")
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    refused(api.post(path_of(booked), asked | {"guests": 3}, Idempotency_Key="change-1"), 422, "IDEMPOTENCY_KEY_REUSED")
    assert count(Payment, purpose="change") == 1
    declined = asked | until(6) | {"shownDifference": 120, "paymentMethodId": DECLINED}
    for replayed in (None, "true"):
        answer = api.post(path_of(booked), declined, Idempotency_Key="change-2")
        assert answer.headers.get("Idempotency-Replayed") == replayed
        refused(answer, 402, "PAYMENT_FAILED")
    same = api.post(path_of(booked), until(5) | {"shownDifference": 0}, Idempotency_Key="change-3")
    assert same.json == api.post(path_of(booked), until(5) | {"shownDifference": 0}, Idempotency_Key="change-3").json
    assert count(Booking) == 1


@pytest.fixture
def hosted(app: Flask, stripe_desk: BookingContext) -> Iterator[None]:
    services = app.extensions["services"]
    app.extensions["services"] = replace(services, booking_context=stripe_desk)
    yield
    app.extensions["services"] = services


def test_what_is_paid_at_the_providers_page_is_said_with_its_address(
    api: Program, hosted: None, booked: dict[str, Any], stand_in: StandIn
) -> None:
    asked = until(5) | {"shownDifference": 240}
    version = api.post(f"{path_of(booked)}/quote", until(5)).json["version"]
    asks = partial(api.post, path_of(booked), asked, If_Match=f'"{version}"', Idempotency_Key="page-1")
    first, again = asks(), asks()
    [session] = stand_in.account.sessions.values()
    for answer in (first, again):
        refused(answer, 402, "PAYMENT_ACTION_REQUIRED")
        assert answer.json["details"] == {"url": session["url"]}
        assert "Idempotency-Replayed" not in answer.headers
    here = f"http://localhost:8000/bookings/{booked['id']}"
    assert (session["success_url"], session["cancel_url"]) == (f"{here}/change/paid", here)
    assert api.get(f"/bookings/{booked['id']}").json == booked
    stand_in.account.guest_pays(session["id"])
    done, replayed = asks(), asks()
    assert (done.status_code, done.json["totalPrice"], done.json["checkOut"]) == (200, 600, until(5)["checkOut"])
    assert (replayed.data, replayed.headers["Idempotency-Replayed"]) == (done.data, "true")


def test_a_page_that_cannot_be_opened_is_said_and_the_old_stay_kept(
    api: Program, hosted: None, booked: dict[str, Any], stand_in: StandIn
) -> None:
    stand_in.order(BEFORE, times=9)
    answer = api.post(path_of(booked), until(5) | {"shownDifference": 240})
    refused(answer, 503, "UNAVAILABLE")
    assert api.get(f"/bookings/{booked['id']}").json == booked
