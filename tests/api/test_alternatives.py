"""409 ROOM_NOT_AVAILABLE by API says what could be had instead."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from booking.domain import search
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Availability, Room, User
from booking.infra.db import Unavailable, db, transaction
from booking.infra.ids import encode
from tests.api.program import Program, an_order
from tests.cast import (
    VISA,
    a_room,
    acting,
    all_at_once,
    beside,
    blocked,
    in_days,
    interrupted,
    order,
)


@pytest.fixture
def gone(room: Room) -> Room:
    """At 120 EUR; somebody has its nights, and it has a suite at 80 EUR beside it."""
    blocked(room, in_days(30))
    beside(room, "Suite", 80)
    return room


def instead(answer: Any) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.json["error"]) == (409, "ROOM_NOT_AVAILABLE"), answer.text
    found: list[dict[str, Any]] = answer.json["alternatives"]
    return found


def several(*rooms: Room) -> dict[str, Any]:
    items = [an_order(room) for room in rooms]
    for item in items:
        item.pop("paymentMethodId")
    return {"items": items}


def asked(room: Room) -> dict[str, tuple[str, dict[str, Any]]]:
    return {
        "bookings": ("/bookings", an_order(room)),
        "holds": ("/holds", several(room)),
        "orders": ("/orders", several(room) | {"paymentMethodId": VISA}),
    }


@pytest.mark.parametrize("what", ["bookings", "holds", "orders"])
def test_whatever_is_asked_for_the_refusal_names_what_can_be_had(api: Program, gone: Room, what: str) -> None:
    path, body = asked(gone)[what]
    found = instead(api.post(path, body))
    stay = in_days(30)
    assert found[0] == {
        "kind": "room",
        "roomId": found[0]["roomId"],
        "name": "Suite",
        "checkIn": stay.check_in.isoformat(),
        "checkOut": stay.check_out.isoformat(),
        "totalPrice": 240,
        "currency": "EUR",
    }
    assert [one["kind"] for one in found[1:]] == ["dates", "dates"]
    assert {one["roomId"] for one in found[1:]} == {encode("room", gone.id)}
    for one in found:
        body = an_order(gone, guests=2) | {name: one[name] for name in ("roomId", "checkIn", "checkOut")}
        booked = api.post("/bookings", body)
        assert (booked.status_code, booked.json["totalPrice"]) == (201, one["totalPrice"])


def test_of_several_rooms_the_one_that_is_gone_is_named_with_others_of_its_house(api: Program, gone: Room) -> None:
    attic, spare = beside(gone, "Attic", 50), beside(gone, "Spare", 60)
    a_room(name="Another house")
    answer = api.post("/holds", several(attic, gone))
    found = instead(answer)
    assert set(answer.json["details"]) == {"items[1]"}
    assert [one["name"] for one in found if one["kind"] == "room"] == [spare.name, "Suite"]
    assert api.post("/holds", several(attic, spare)).status_code == 201


def test_nothing_can_be_had_instead(api: Program, room: Room) -> None:
    blocked(room, Stay(in_days(20).check_in, in_days(40).check_in))
    assert instead(api.post("/bookings", an_order(room))) == []


def test_a_replay_says_the_same_although_that_is_sold_by_now(api: Program, bobs: Program, gone: Room) -> None:
    first = api.post("/bookings", an_order(gone), Idempotency_Key="k")
    suite = instead(first)[0]
    assert bobs.post("/bookings", an_order(gone) | {"roomId": suite["roomId"]}).status_code == 201
    again = api.post("/bookings", an_order(gone), Idempotency_Key="k")
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")
    fresh = instead(api.post("/bookings", an_order(gone), Idempotency_Key="another"))
    assert suite["roomId"] not in {one["roomId"] for one in fresh}


def test_other_refusals_offer_nothing(api: Program, gone: Room) -> None:
    assert "alternatives" not in api.post("/bookings", an_order(gone, guests=9)).json
    assert "alternatives" not in api.post("/holds", {"items": []}).json


def test_a_room_that_is_gone_stays_so_where_nobody_can_say_what_else_there_is(
    api: Program, gone: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise Unavailable("Postgres went away")

    monkeypatch.setattr(search, "alternatives_to", silent)
    assert instead(api.post("/bookings", an_order(gone))) == []


def test_a_change_that_cannot_be_made_offers_others_of_the_house(
    api: Program, alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    suite = beside(room, "Suite", 80)
    a_room(name="Another house")
    stay = in_days(30)
    blocked(room, Stay(stay.check_out, stay.check_out + dt.timedelta(days=1)))
    path = f"/bookings/{encode('booking', booked.id)}/changes"
    later_by_one = {"checkIn": _day(stay, 1), "checkOut": _day(stay, 4)}
    quote = api.post(f"{path}/quote", later_by_one)
    found = instead(quote)
    assert [(one["kind"], one["name"]) for one in found] == [
        ("room", suite.name),
        ("dates", room.name),
        ("dates", room.name),
    ]
    assert (found[0]["checkIn"], found[0]["checkOut"]) == (later_by_one["checkIn"], later_by_one["checkOut"])
    assert found[1]["checkIn"] == _day(stay, -1)  # two of these nights are the guest's already
    wanted = later_by_one | {"shownDifference": 0}
    assert instead(api.post(path, wanted, Idempotency_Key="k")) == found
    assert api.post(path, {"roomId": found[0]["roomId"]} | wanted | {"shownDifference": -120}).status_code == 200


def _day(stay: Stay, days: int) -> str:
    return (stay.check_in + dt.timedelta(days=days)).isoformat()


def test_nights_that_are_lost_while_they_are_paid_for_offer_others(
    api: Program, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody of ours frees pinned nights; it takes an operator's hand in the table, and somebody who is quick."""
    beside(room, "Suite", 80)
    held = api.post("/holds", several(room)).json

    def somebody_is_quicker(_: Any) -> None:
        _freed_by_hand(room)
        blocked(room, in_days(30))

    services = api.app.extensions["services"]
    quick = replace(services, booking_context=interrupted(desk, somebody_is_quicker))
    monkeypatch.setitem(api.app.extensions, "services", quick)
    answer = api.post(f"/holds/{held['id']}/pay", {"shownTotal": 360, "paymentMethodId": VISA})
    assert instead(answer)[0]["name"] == "Suite"


@transaction
def _freed_by_hand(room: Room) -> None:
    db.session.query(Availability).filter_by(room_id=room.id).delete()


def test_everybody_of_a_crowd_who_is_told_that_it_is_gone_is_offered_the_same(api: Program, gone: Room) -> None:
    answers = all_at_once(api.app, [lambda: api.post("/bookings", an_order(gone)).json] * 6)
    told = [one["alternatives"] for one in answers if one["error"] == "ROOM_NOT_AVAILABLE"]
    assert told
    assert all(one == told[0] and one[0]["name"] == "Suite" for one in told)
    assert {one["error"] for one in answers} <= {"ROOM_NOT_AVAILABLE", "ROOM_LOCKED"}
