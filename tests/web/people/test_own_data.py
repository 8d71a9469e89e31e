"""What is kept about a person: to read, to download, and written down when something happens to the account."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.people import (
    account_closing,
    security_log,
    sessions,
    staff,
    users,
)
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Room, User
from tests.cast import (
    SYSTEM,
    VISA,
    acting,
    in_days,
    later,
    order,
)
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

HOUR = dt.timedelta(hours=1)
ALICE = "alice@example.com"


@pytest.fixture
def guest(app: Flask, alice: User, mail_dir: Path) -> Visitor:
    return Visitor(app).sign_in("alice")


def booked(alice: User, room: Room, desk: BookingContext, start: int = 30) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(start)), VISA, desk)


def test_ones_data_is_shown_and_downloaded_without_secrets(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booking = booked(alice, room, desk)
    program = sessions.start_api(alice.id, "curl/8")
    assert guest.go("/account/data").status == 200
    assert booking.reference in guest.text
    assert guest.headers["Cache-Control"] == "no-store"
    file = guest.client.get("/account/data.json")
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    data = json.loads(file.text)
    assert data["account"]["email"] == ALICE
    assert [(one["reference"], one["totalPrice"]) for one in data["bookings"]] == [(booking.reference, 360.0)]
    assert [(one["reference"], one["paid"]) for one in data["orders"]] == [(booking.reference, 360.0)]
    assert [(one["kind"], one["state"]) for one in data["payments"]] == [("charge", "succeeded")]
    assert {one["kind"] for one in data["sessions"]} == {"web", "api"}
    user = users.find(ALICE)
    assert user is not None
    for secret in (str(user.password_hash), "argon2", program.refresh_token.partition(".")[2], "hash"):
        assert secret not in file.text + guest.response.text  # type: ignore[union-attr]  # it is there


def test_ones_data_is_told_in_words(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    booking = booked(alice, room, desk)
    guest.go("/account/data")
    for words in (room.name, "Confirmed", "Payment of €360", "Done", "Signed in"):
        assert words in guest.text
    for raw in ("succeeded", "CONFIRMED", "sign_in", booking.check_in.isoformat()):
        assert raw not in guest.text


def test_whoever_one_has_booked_for_is_shown_and_downloaded(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booked(alice, room, desk)
    assert "Booked for others" not in guest.go("/account/data").text
    given = Contact("Dana Levi", "dana@example.com", "+32 3 123 45 67", dt.time(18, 30), "A quiet room, please.")
    item = OrderItem(room.id, in_days(40), 2)
    held = bookings.hold_all(acting(alice), OrderRequest(alice.id, (item,), contact=given), desk)
    guest.go("/account/data")
    told = (held[0].reference, "dana@example.com", "+32 3 123 45 67", "arriving at 18:30", "A quiet room, please.")
    for words in ("Booked for others", "Dana Levi", *told):
        assert words in guest.text
    guest.response = guest.client.get("/account/data.json")
    contact = json.loads(guest.response.text)["orders"][0]["contact"]
    assert (contact["fullName"], contact["arrivalTime"]) == ("Dana Levi", "18:30")


def test_what_happens_to_an_account_is_written_down(guest: Visitor, alice: User, bob: User) -> None:
    guest.client.get("/account/data.json")
    account_closing.disable(SYSTEM, alice.id)
    account_closing.enable(SYSTEM, alice.id)
    account_deletion.remove(SYSTEM, bob.id)
    kinds = [entry.kind for entry in security_log.recent(acting(alice))]
    assert kinds[:3] == ["account_enabled", "account_disabled", "data_downloaded"]
    left = security_log.recent(acting(bob))
    assert left[0].kind == "account_deleted"
    assert {(entry.address, entry.client) for entry in left} == {("", "")}


def test_what_our_team_has_changed_is_told(app: Flask, guest: Visitor, alice: User, bob: User) -> None:
    for user in (alice, bob):
        staff.give_role(SYSTEM, user.id, Role.DESK)
        account_closing.disable(SYSTEM, user.id)
        account_closing.enable(SYSTEM, user.id)
    again = Visitor(app).sign_in("alice")
    changes = json.loads(again.client.get("/account/data.json").text)["auditLog"]
    assert [(change["action"], change["after"].get("role")) for change in changes] == [
        ("account.enabled", None),
        ("account.disabled", None),
        ("role.changed", "desk"),
    ]
    page = again.go("/account/data").text
    for words in ("Changes by our team", "Role changed", "desk", "Account disabled", "Account enabled"):
        assert words in page


def test_nobody_elses_data_is_in_it(guest: Visitor, bob: User, room: Room, desk: BookingContext) -> None:
    booking = booked(bob, room, desk)
    assert booking.reference not in guest.client.get("/account/data.json").text
    assert "Nothing is kept." in guest.go("/account/data").text


@pytest.mark.parametrize("path", ["/account/data", "/account/data.json"])
def test_data_needs_a_recent_sign_in(guest: Visitor, app: Flask, path: str) -> None:
    assert Visitor(app).go(path).heading == "Sign in"
    later(HOUR)
    assert guest.go(path).status == 401
