"""What belongs to a guest, asked for through the API by everybody: each role here, the same roles at another property,
an owner of all, another guest and a stranger. Endpoints are listed in test_authorisation.py: a missing one fails there.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.api.endpoint import OPERATIONS
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.api.program import Program, program_of
from tests.api.test_authorisation import OWNED, OWNED_ORDERS, WANTED
from tests.cast import SYSTEM, VISA, a_room, acting, order, person

pytestmark = pytest.mark.slow

# Who works with guests at the property, and the guest; for all others it is not there.
ALLOWED = {"owner here", "manager here", "desk here", "owner of all", "the guest"}
BODIES: dict[str, dict[str, Any]] = WANTED | {"pay_for_hold": {"paymentMethodId": VISA, "shownTotal": 360}}


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@pytest.fixture
def everybody(app: Flask, alice: User, bob: User, room: Room) -> dict[str, Program]:
    places = {"here": room.property_id, "elsewhere": a_room().property_id}
    roles = {f"{role.value} {where}": (role, place) for where, place in places.items() for role in Role}
    programs = {"the guest": program_of(app, alice), "another guest": program_of(app, bob), "a stranger": Program(app)}
    for name, (role, place) in {**roles, "owner of all": (Role.OWNER, None)}.items():
        somebody = person(name.replace(" ", "-"))
        staff.give_role(SYSTEM, somebody.id, role, place)
        programs[name] = program_of(app, somebody)
    return programs


def test_everybody_finds_what_is_theirs_to_see_and_nothing_else(booked: Booking, everybody: dict[str, Program]) -> None:
    asked = [one for one in OPERATIONS if one.name in OWNED | OWNED_ORDERS]
    assert len(asked) == len(OWNED | OWNED_ORDERS)
    wrong = []
    for operation in sorted(asked, key=lambda one: one.name == "cancel_booking"):  # what ends it comes last
        path = operation.path.replace("<booking_id>", encode("booking", booked.id))
        path = path.replace("<order_id>", encode("order", booked.order_id))
        body = {"json": BODIES[operation.name]} if operation.name in BODIES else {}
        for name, program in everybody.items():
            status = program.ask(operation.method, path, **body).status_code
            if (status not in (401, 403, 404)) is not (name in ALLOWED) or status >= 500:
                wrong.append(f"{operation.name}: {name} gets {status}")
    assert wrong == []
