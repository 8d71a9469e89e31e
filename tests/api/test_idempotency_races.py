"""One key at once, for a room that is gone: whoever asks, and in whatever order, gets one answer."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.domain.reservations import idempotency
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
    assert told <= {(409, "ROOM_NOT_AVAILABLE"), (409, "IDEMPOTENCY_CONFLICT"), (409, "ROOM_LOCKED")}
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
