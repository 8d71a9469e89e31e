"""One key at once, be the room free or gone: whoever asks, and in whatever order, gets one answer."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from booking.domain.reservations import bookings, idempotency
from booking.domain.tables import Room
from tests.api.program import Program, an_order, refused
from tests.api.test_idempotency import order, replayed
from tests.cast import all_at_once


def test_a_crowd_with_one_key_for_a_room_that_is_taken_gets_one_answer(
    app: Flask, api: Program, bobs: Program, room: Room
) -> None:
    assert bobs.post("/bookings", an_order(room)).status_code == 201
    answers = all_at_once(app, [lambda: order(api, room)] * 8)
    told = {(answer.status_code, answer.json.get("error")) for answer in answers}
    assert told <= {(409, "ROOM_NOT_AVAILABLE"), (409, "IDEMPOTENCY_CONFLICT")}
    refused(order(api, room), 409, "ROOM_NOT_AVAILABLE")
    assert replayed(order(api, room))


def test_a_refusal_does_not_stand_beside_another_answer_to_the_same_key(
    app: Flask, api: Program, bobs: Program, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a hold that was refused and its answer, the same key comes again and books."""
    taken = bobs.post("/bookings", an_order(room)).json["id"]
    keep, booked = idempotency.keep_refusal, []

    def late(*refusal: Any) -> bool:
        monkeypatch.setattr(idempotency, "keep_refusal", keep)
        bobs.post(f"/bookings/{taken}/cancel")
        booked.append(order(api, room))
        return keep(*refusal)

    monkeypatch.setattr(idempotency, "keep_refusal", late)
    refused(order(api, room), 409, "IDEMPOTENCY_CONFLICT")
    assert booked[0].status_code == 201
    assert order(api, room).data == booked[0].data


def test_while_the_first_makes_its_hold_its_own_key_is_told_from_others(
    app: Flask, api: Program, bobs: Program, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is written with the hold, so the room's lock alone knows whose it is until then."""
    holding, go_on, begin = threading.Event(), threading.Event(), bookings._begin

    def slowly(*wanted: Any, **more: Any) -> Any:
        holding.set()
        assert go_on.wait(20)
        return begin(*wanted, **more)

    monkeypatch.setattr(bookings, "_begin", slowly)
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(order(api, room)))
    first.start()
    assert holding.wait(20)
    asked = [order(api, room), order(api, room, key="another"), order(bobs, room), order(bobs, room, key="another")]
    go_on.set()
    first.join()
    told = [answer.json["error"] for answer in asked]
    assert told == ["IDEMPOTENCY_CONFLICT", "ROOM_LOCKED", "ROOM_LOCKED", "ROOM_LOCKED"]
    assert int(asked[0].headers["Retry-After"]) >= 1
    assert answers[0].status_code == 201
    assert order(api, room).data == answers[0].data
