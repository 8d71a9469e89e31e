"""What staff has typed is not lost when its sign-in has ended meanwhile, and nobody sends it but by a press."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.people import sessions
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, BookingNote, Room, User
from booking.infra.ids import decode, encode
from booking.pages.signed_in import SESSION
from tests.admin.staff import working
from tests.cases import each
from tests.cast import PASSWORD, VISA, acting, count, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
TEXT = "Rings at ten, <b>door code</b> 12"


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return working(app, bob, Role.DESK, room)


def page_of(booking: Booking) -> str:
    return f"/admin/bookings/{encode('booking', booking.id)}"


def sign_out_beside(tab: Visitor) -> None:
    other = Visitor(tab.client.application)
    other.client = tab.client
    other.go("/admin/").send("/sign-out")


def ended_elsewhere(tab: Visitor) -> None:
    """The cookie stays, and with it the token of the form."""
    with tab.client.session_transaction() as cookie:
        session_id = decode("session", cookie[SESSION])
    assert session_id
    sessions.end(session_id)


@pytest.mark.parametrize("leave", [sign_out_beside, ended_elsewhere], ids=lambda leave: leave.__name__)
def test_a_note_comes_back_after_signing_in_and_is_sent_by_a_press(
    clerk: Visitor, booked: Booking, leave: Callable[[Visitor], None]
) -> None:
    notes = f"{page_of(booked)}/notes"
    clerk.go(page_of(booked))
    leave(clerk)
    clerk.send(notes, text=TEXT)
    assert (clerk.status, clerk.heading) == (401, "Sign in")
    assert TEXT in clerk.text
    clerk.send("/sign-in", email="bob@example.com", password=PASSWORD)
    assert clerk.heading == "You’re signed in again", clerk.text
    assert TEXT in clerk.text
    assert count(BookingNote) == 0
    clerk.send(notes)
    assert "The note is saved." in clerk.text
    assert TEXT in clerk.go(page_of(booked)).text


def test_all_of_a_form_goes_along_but_what_is_secret(clerk: Visitor, booked: Booking) -> None:
    contact = f"{page_of(booked)}/guest/contact"
    clerk.go(contact)
    sign_out_beside(clerk)
    clerk.send(contact, fullName="Zoë", email="zoe@hotel.example", phone="+32 3 123 45 67", confirmPassword="secret 1")
    assert "zoe@hotel.example" in clerk.text
    assert "secret 1" not in str(clerk.page)
    clerk.send("/sign-in", email="bob@example.com", password=PASSWORD)
    clerk.send(contact)
    assert "Emails about this order now go to zoe@hotel.example" in clerk.text, clerk.text


def test_where_nothing_was_typed_the_sign_in_leads_back(clerk: Visitor, booked: Booking) -> None:
    clerk.go("/admin/")
    sign_out_beside(clerk)
    clerk.post(f"{page_of(booked)}/messages/settle")
    assert (clerk.status, clerk.heading) == (400, "This form is out of date")
    assert "unsentTo" not in str(clerk.page)


@each("fields", ["no json", '{"a": 1}', "[[1]]", '["text"]', "null", '[["version", "1"]]'])
def test_what_no_page_of_ours_has_written_is_nothing(app: Flask, bob: User, booked: Booking, fields: str) -> None:
    tab = Visitor(app).go("/sign-in")
    unsent = {"unsentTo": f"{page_of(booked)}/notes", "unsentFields": fields}
    tab.send("/sign-in", unsent, email="bob@example.com", password=PASSWORD)
    assert (tab.status, "hasn’t been sent" in tab.text) == (200, False)
