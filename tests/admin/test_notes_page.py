"""Notes at the page of a booking, and their mark at today's arrivals."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.reservations import front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import NoteText
from booking.domain.tables import Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.admin.test_register_page import afternoon_of
from tests.domain.reservations.test_desk_bookings import staff
from tests.domain.reservations.test_guest_erasure import called

pytestmark = pytest.mark.slow


def test_written_changed_and_deleted_at_the_page(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    front_desk.add_note(staff(room), booking.id, NoteText(text="From a colleague"))
    clerk.go(at(booking)).send(at(booking, "notes"), {"text": "Rings at <b>ten</b>"})
    assert (clerk.status, clerk.url) == (200, at(booking))
    assert "The note is saved." in clerk.text
    assert "Rings at <b>ten</b>" in clerk.page.get_text()
    [edit] = [str(one["action"]) for one in clerk.page.select("form[id^=form-note]")]  # not the colleague's
    clerk.send(edit, {"text": "Rings at noon"})
    assert "Rings at noon" in clerk.text
    assert "ten" not in clerk.page.select_one("section[aria-labelledby=notes]").get_text()  # type: ignore[union-attr]
    token = clerk.page.select_one('input[name="csrf_token"]')
    assert token is not None
    clerk.post(f"{edit}/delete", csrf_token=str(token["value"]))
    assert "The note is deleted." in clerk.text
    assert clerk.page.select("form[id^=form-note]") == []


def test_an_empty_one_is_refused_at_its_form(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    clerk.go(at(booking)).send(at(booking, "notes"), {"text": ""})
    assert (clerk.status, clerk.problems) == (400, ["Note is missing."])


def test_arrivals_are_marked(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking = called(desk, room, start=1)
    for said in ("Rings at ten", "Paid for parking"):
        front_desk.add_note(staff(room), booking.id, NoteText(text=said))
    afternoon_of(booking)
    clerk = at_work(app, bob, Role.DESK, room)
    mark = clerk.go("/admin/").page.select_one("#arrivals a[href$='#notes']")
    assert mark is not None
    assert mark.get_text() == "2 notes"
