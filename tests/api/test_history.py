"""GET /bookings, GET /bookings/{id}, cancelling: mine and nobody else's."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.reservations import bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.api.program import Program, an_order, program_of, refused
from tests.api.test_bookings import BOOKING
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    REFUND_DECLINED,
    REFUND_SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    in_days,
    later,
    order,
)


@pytest.fixture
def booked(api: Program, room: Room) -> dict[str, Any]:
    """Alice's confirmed booking, as it was answered."""
    answer = api.post("/bookings", an_order(room))
    assert answer.status_code == 201
    return dict(answer.json or {})


def path(booking: Any, tail: Any = "") -> Any:
    return f"/bookings/{booking['id']}{tail}"


# --- the list


def test_the_list_is_mine_and_newest_first(api: Program, bobs: Program, room: Room) -> None:
    mine = [api.post("/bookings", an_order(room, in_days(30 + 5 * n))).json for n in range(3)]
    bobs.post("/bookings", an_order(room, in_days(60)))
    answer = api.get("/bookings").json
    assert answer.keys() == {"items", "page", "pageSize", "total"}
    assert answer["items"] == mine[::-1]
    assert (answer["page"], answer["pageSize"], answer["total"]) == (1, 20, 3)
    assert bobs.get("/bookings").json["total"] == 1


def test_pages_of_the_list_do_not_overlap_and_add_up(api: Program, room: Room) -> None:
    for n in range(5):
        api.post("/bookings", an_order(room, in_days(30 + 5 * n)))
    pages = [api.get("/bookings", page=page, pageSize=2).json for page in range(1, 5)]
    assert [len(page["items"]) for page in pages] == [2, 2, 1, 0]
    assert {page["total"] for page in pages} == {5}
    assert len({item["id"] for page in pages for item in page["items"]}) == 5


def test_an_empty_list_is_a_list(api: Program) -> None:
    assert api.get("/bookings", page=7).json == {"items": [], "page": 7, "pageSize": 20, "total": 0}


def test_the_filter_means_the_shown_status(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    early = program_of(app, alice)
    early.post(path(early.post("/bookings", an_order(room, in_days(30))).json, "/cancel"))
    early.post("/bookings", an_order(room, in_days(40)))
    holds.reserve(acting(alice), order(alice, room, in_days(50)), desk)

    def filtered(program: Any) -> Any:
        statuses = ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")
        lists = {status: program.get("/bookings", status=status).json for status in statuses}
        assert all(item["status"] == status for status, found in lists.items() for item in found["items"])
        return [lists[status]["total"] for status in statuses]

    assert filtered(early) == [1, 1, 1, 0]
    later(dt.timedelta(minutes=16))
    assert filtered(early) == [0, 1, 1, 1]  # no sweeper has come by
    bookings.expire_holds(SYSTEM)
    assert filtered(early) == [0, 1, 1, 1]


# --- one


def test_one_booking_is_what_was_answered_and_carries_its_version(api: Program, booked: dict[str, Any]) -> None:
    answer = api.get(path(booked))
    assert (answer.status_code, answer.json) == (200, booked)
    assert answer.headers["ETag"].strip('"').isdigit()


def test_a_booking_paid_in_time_shows_until_when_it_is_held(
    api: Program, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    shown = api.get(f"/bookings/{encode('booking', held.id)}").json
    assert shown["status"] == "PENDING"
    assert dt.datetime.fromisoformat(shown["heldUntil"]) - dt.datetime.now(dt.UTC) <= dt.timedelta(minutes=15)
    later(dt.timedelta(minutes=15))
    assert api.get(f"/bookings/{encode('booking', held.id)}").json["status"] == "EXPIRED"


def test_a_stranger_cannot_tell_a_booking_from_none(api: Program, bobs: Program, booked: dict[str, Any]) -> None:
    nothing = f"/bookings/{encode('booking', new_id())}"
    for tail, ask in (("", bobs.get), ("/cancel", bobs.post)):
        foreign, missing = ask(path(booked, tail)), ask(nothing + tail)
        refused(foreign, 404, "NOT_FOUND")
        assert foreign.data == missing.data
    assert api.get(path(booked)).json["status"] == "CONFIRMED"


# --- cancelling


def test_cancelling_answers_the_booking_and_what_comes_back(api: Program, booked: dict[str, Any]) -> None:
    answer = api.post(path(booked, "/cancel"))
    assert (answer.status_code, answer.json.keys()) == (200, BOOKING)
    assert (answer.json["status"], answer.json["refundAmount"]) == ("CANCELLED", 360)
    shown = api.get(path(booked))
    assert shown.json == answer.json
    assert shown.headers["ETag"] == answer.headers["ETag"]


def test_what_became_of_a_refund_is_told_and_never_held_back_by_an_etag(
    api: Program, room: Room, desk: BookingContext
) -> None:
    cards = {VISA: "RETURNED", REFUND_DECLINED: "OWED", REFUND_SLOW: "UNDER_WAY"}
    for day, (card, status) in enumerate(cards.items()):
        booked = api.post("/bookings", an_order(room, in_days(30 + 5 * day), paymentMethodId=card)).json
        answer = api.post(path(booked, "/cancel"))
        assert answer.json["refundStatus"] == status, card
        known = {"If-None-Match": answer.headers["ETag"]}
        assert api.ask("GET", path(booked), headers=known).json["refundStatus"] == status
    listed = api.get("/bookings").json["items"]
    assert [item["refundStatus"] for item in listed] == list(cards.values())[::-1]
    assert recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR) == 1
    assert api.ask("GET", path(booked), headers=known).json["refundStatus"] == "RETURNED"


def test_cancelling_twice_is_409(api: Program, booked: dict[str, Any]) -> None:
    api.post(path(booked, "/cancel"))
    refused(api.post(path(booked, "/cancel")), 409, "BOOKING_NOT_CANCELLABLE")


def test_cancelling_at_once_happens_once(app: Flask, api: Program, booked: dict[str, Any]) -> None:
    answers = all_at_once(app, [lambda: api.post(path(booked, "/cancel"))] * 6)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}


def test_a_stay_that_has_begun_cannot_be_cancelled(app: Flask, alice: User, room: Room) -> None:
    booked = program_of(app, alice).post("/bookings", an_order(room, in_days(2))).json
    later(dt.timedelta(days=3))
    refused(program_of(app, alice).post(path(booked, "/cancel")), 409, "BOOKING_NOT_CANCELLABLE")


def test_an_unpaid_hold_is_cancelled_without_a_refund(
    api: Program, alice: User, room: Room, desk: BookingContext
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    answer = api.post(f"/bookings/{encode('booking', held.id)}/cancel")
    assert (answer.json["status"], answer.json["refundAmount"]) == ("CANCELLED", None)


@pytest.mark.parametrize("form", ["{}", "*", ""])
def test_the_present_version_may_be_cancelled(api: Program, booked: dict[str, Any], form: str) -> None:
    etag = api.get(path(booked)).headers["ETag"]
    answer = api.post(path(booked, "/cancel"), If_Match=form.format(etag))
    assert (answer.status_code, answer.json["status"]) == (200, "CANCELLED")


@each("etag", ['"1"', 'W/"1"', '"999"', "garbage", '"-1"', '"' + "9" * 40 + '"', '"1", "x"', "٣"])
def test_another_version_is_409_and_nothing_happens(api: Program, booked: dict[str, Any], etag: str) -> None:
    answer = api.post(path(booked, "/cancel"), If_Match=etag.encode().decode("latin-1"))
    refused(answer, 409, "BOOKING_MODIFIED")
    assert answer.json["message"] == "Booking was modified by another process"
    assert api.get(path(booked)).json["status"] == "CONFIRMED"


def test_a_weak_tag_is_no_version_to_act_upon(api: Program, booked: dict[str, Any]) -> None:
    etag = api.get(path(booked)).headers["ETag"]
    refused(api.post(path(booked, "/cancel"), If_Match=f"W/{etag}"), 409, "BOOKING_MODIFIED")
    assert api.get(path(booked)).json["status"] == "CONFIRMED"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_booking_that_is_known_already_is_not_sent_again(api: Program, booked: dict[str, Any], form: str) -> None:
    etag = api.get(path(booked)).headers["ETag"]
    known = {"If-None-Match": form.format(etag)}
    answer = api.ask("GET", path(booked), headers=known)
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert answer.headers["Cache-Control"] == "no-store"
    if form != "*":
        api.post(path(booked, "/cancel"))
        assert api.ask("GET", path(booked), headers=known).json["status"] == "CANCELLED"


@each("tag", ['"999"', "garbage", "", '"', "W/", ","])
def test_any_other_tag_gets_the_booking(api: Program, booked: dict[str, Any], tag: str) -> None:
    answer = api.ask("GET", path(booked), headers={"If-None-Match": tag})
    assert (answer.status_code, answer.json["id"]) == (200, booked["id"])


def test_a_hold_is_sent_whatever_is_known_since_it_runs_out_without_a_new_version(
    api: Program, alice: User, room: Room, desk: BookingContext
) -> None:
    held = {"id": encode("booking", holds.reserve(acting(alice), order(alice, room), desk).id)}
    known = {"If-None-Match": api.get(path(held)).headers["ETag"]}
    assert api.ask("GET", path(held), headers=known).json["status"] == "PENDING"
    later(desk.hold_for + dt.timedelta(seconds=1))
    assert api.ask("GET", path(held), headers=known).json["status"] == "EXPIRED"


@pytest.mark.parametrize("change", ["UPDATE rooms SET name = 'Elsewhere'", "UPDATE properties SET name = 'Elsewhere'"])
def test_the_tag_covers_all_that_is_shown_when_a_room_or_property_is_renamed(
    api: Program, booked: dict[str, Any], change: str
) -> None:
    known = {"If-None-Match": api.get(path(booked)).headers["ETag"]}
    execute(change)
    assert api.ask("GET", path(booked), headers=known).status_code == 304
    assert api.get(path(booked)).json == booked, "what was sold keeps its names, so nothing new is held back"


@transaction
def execute(statement: str) -> None:
    db.session.execute(text(statement))


def test_somebody_elses_booking_is_not_found_whatever_is_known(bobs: Program, booked: dict[str, Any]) -> None:
    refused(bobs.ask("GET", path(booked), headers={"If-None-Match": "*"}), 404, "NOT_FOUND")


def test_a_cancelled_night_can_be_booked_by_the_next(
    api: Program, bobs: Program, room: Room, booked: dict[str, Any]
) -> None:
    api.post(path(booked, "/cancel"))
    assert bobs.post("/bookings", an_order(room, paymentMethodId=VISA)).status_code == 201


def test_the_bookings_of_a_free_policy_say_until_when(api: Program) -> None:
    room = a_room(time_zone="Asia/Tokyo")
    stay = in_days(30)
    booked = api.post("/bookings", an_order(room, stay)).json
    day_before = (stay.check_in - dt.timedelta(days=1)).isoformat()
    all_of_it = {"percent": 100, "amount": booked["totalPrice"]}
    assert booked["refunds"] == [{"until": f"{day_before}T06:00:00.000Z", **all_of_it}]
