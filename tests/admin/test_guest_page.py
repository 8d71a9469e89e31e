"""Guests without an account at the desk: callers without an address, and contacts that are erased."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import later, order_of
from tests.domain.reservations.test_guest_erasure import called, paid

pytestmark = pytest.mark.slow


def test_a_caller_without_an_address_is_shown_everywhere(
    app: Flask, bob: User, room: Room, desk: BookingContext
) -> None:
    booking, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    clerk.go(at(booking))
    assert clerk.heading == "Dana Dials"
    assert "No email address is known" in clerk.text
    assert "mailto:" not in str(clerk.page)
    assert "None" not in clerk.text
    assert "Erase for good" not in clerk.text  # owners and managers may
    assert "Dana Dials" in clerk.go("/admin/bookings?q=7654321").text
    answer = clerk.client.get("/admin/bookings.csv")
    [row] = csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    assert (row["guest"], row["email"], row["phone"]) == ("Dana Dials", "", "'+32 3 765 43 21")


def test_the_contact_is_erased_and_no_page_breaks(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking = paid(called(desk, room, start=0))
    later(dt.timedelta(days=4))
    manager = at_work(app, bob, Role.MANAGER, room)
    manager.go(at(booking)).send(at(booking, "guest/erase"))
    assert (manager.status, manager.heading) == (200, "Contact erased")
    assert "The contact is erased." in manager.text
    assert "Guest’s contact erased" in manager.text
    assert order_of(booking).contact_name is None
    day = booking.check_in.isoformat()
    for page in ("/admin/bookings", f"/admin/?day={day}", f"/admin/calendar/?start={day}"):
        assert "Contact erased" in manager.go(page).text, page
    assert manager.client.get("/admin/bookings.csv").get_data(as_text=True).count(booking.reference) == 1


def test_why_it_cannot_be_erased_is_said(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking, manager = called(desk, room), at_work(app, bob, Role.MANAGER, room)
    manager.go(at(booking)).send(at(booking, "guest/erase"))
    assert (manager.status, manager.problems) == (
        409,
        ["This stay is not over. Cancel it first, or erase the contact after the guest has left."],
    )
