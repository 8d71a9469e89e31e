"""Every endpoint of the API, asked by everybody: each role here, the same roles at another property, an owner of all,
the guest, another one and a stranger. Those that want a token are sorted in test_authorisation.py, the others here: one
that is in no list fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from booking.api.endpoint import OPERATIONS, Operation
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.api.program import Program, an_order, dates, program_of
from tests.api.test_authorisation import ANYBODYS, OWNED, OWNED_ORDERS, WANTED, path_of
from tests.cast import PASSWORD, SYSTEM, VISA, a_room, acting, in_days, order, person

pytestmark = pytest.mark.slow

# Who works with guests at the property, and the guest; for all others it is not there.
ALLOWED = {"owner here", "manager here", "desk here", "owner of all", "the guest"}
BODIES: dict[str, dict[str, Any]] = WANTED | {"pay_for_hold": {"paymentMethodId": VISA, "shownTotal": 360}}

# Want no token, and answer the same to everybody.
PUBLIC = {"register", "login", "refresh", "health", "readiness", "list_places", "list_amenities"}
MINE = {"list_bookings", "list_orders"}
DOCUMENTS = {"openapi", "documentation"}
NAMED = {"email": "alice@example.com", "password": PASSWORD}
SENT = {"register": NAMED | {"fullName": "Alice"}, "login": NAMED, "refresh": {"refreshToken": "made up"}}


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


def test_every_endpoint_is_in_one_of_the_lists(app: Flask) -> None:
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")}
    listed = [*OWNED, *OWNED_ORDERS, *ANYBODYS, *PUBLIC, *DOCUMENTS]
    assert sorted(rules) == sorted(f"api.{name}" for name in listed)
    assert {operation.name for operation in OPERATIONS if operation.public} == PUBLIC


def test_what_wants_no_token_answers_everybody_alike(everybody: dict[str, Program]) -> None:
    for operation in (one for one in OPERATIONS if one.public):
        body = {"json": SENT[operation.name]} if operation.name in SENT else {}
        statuses = {one.ask(operation.method, operation.path, **body).status_code for one in everybody.values()}
        assert statuses == {{"register": 409, "refresh": 401}.get(operation.name, 200)}, operation.name


def test_what_is_anybodys_wants_a_token_and_shows_each_their_own(
    booked: Booking, room: Room, everybody: dict[str, Program]
) -> None:
    wrong = []
    asked = sorted((one for one in OPERATIONS if one.name in ANYBODYS), key=_when)
    stays = (in_days(60 + 5 * number) for number in itertools.count())
    for operation, (name, program) in itertools.product(asked, everybody.items()):
        request = _request(operation.name, room, stays)
        answer = program.ask(operation.method, path_of(operation, room), **request)
        if answer.status_code != (401 if name == "a stranger" else operation.status):
            wrong.append(f"{operation.name}: {name} gets {answer.status_code}")
        elif operation.name in MINE and answer.status_code == 200:
            assert answer.json["total"] == (name == "the guest"), f"{operation.name}: {name} sees other people's"
    assert wrong == []


def _when(operation: Operation) -> int:
    """What lists before what makes more, and what ends the sign-in after all."""
    return 2 if operation.name == "logout" else operation.method == "POST"


def _request(name: str, room: Room, stays: Iterator[Stay]) -> dict[str, Any]:
    if name in ("search_rooms", "show_availability"):
        return {"query_string": dates()}
    if name in ("create_booking", "quote_stay"):
        return {"json": an_order(room, next(stays))}
    if name in ("hold_rooms", "create_order"):
        item = an_order(room, next(stays))
        method = {"paymentMethodId": item.pop("paymentMethodId")}
        return {"json": {"items": [item]} | (method if name == "create_order" else {})}
    return {}
