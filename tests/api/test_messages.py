"""Messages about a booking, for programs: the guest’s and the staff’s."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from tests.api.program import INSTANT, Program, an_order, program_of, refused
from tests.cast import SYSTEM

pytestmark = pytest.mark.slow


def test_a_guest_and_a_clerk_write_to_each_other(app: Flask, api: Program, bob: User, room: Room) -> None:
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    path, clerk = f"/bookings/{api.post('/bookings', an_order(room)).json['id']}/messages", program_of(app, bob)
    asked = api.post(path, {"message": "Is there a cot?"})
    assert asked.status_code == 201
    assert api.post(path, {"message": "Is there a cot?"}).json == asked.json  # within a minute it is the same one
    answered = clerk.post(path, {"message": "There is."})
    assert api.get(path).json == clerk.get(path).json == {"items": [asked.json, answered.json]}
    assert [(one["author"], one["message"]) for one in (asked.json, answered.json)] == [
        ("guest", "Is there a cot?"),
        ("house", "There is."),
    ]
    assert re.fullmatch(INSTANT, asked.json["createdAt"])


def test_what_is_wrong_is_refused(api: Program, room: Room) -> None:
    path = f"/bookings/{api.post('/bookings', an_order(room)).json['id']}/messages"
    for body in ({}, {"message": ""}, {"message": 5}, {"message": "x" * 4001}):
        refused(api.post(path, body), 400, "VALIDATION_ERROR")
    assert api.get(path).json == {"items": []}
