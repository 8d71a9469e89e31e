"""A guest writes to the house at the page of the booking, and by the link in an email."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import correspondence
from booking.domain.correspondence import MessageText
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, GuestMessage, Room, User
from booking.infra.ids import encode
from tests.cast import VISA, acting, count, order
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import called
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def at(booking: Booking) -> str:
    return f"/bookings/{encode('booking', booking.id)}"


def section(visitor: Visitor) -> str:
    found = visitor.page.select_one("section#messages")
    assert found is not None
    return " ".join(found.get_text(" ").split())


def test_written_and_answered_at_the_page(app: Flask, alice: User, booked: Booking, room: Room) -> None:
    guest = Visitor(app).signed_in(alice).go(at(booked))
    guest.send(f"{at(booked)}/messages", message="Is there a <b>cot</b>?")
    assert (guest.status, guest.url) == (200, f"{at(booked)}#messages")
    assert "Your message has been sent." in section(guest)
    assert "Is there a <b>cot</b>?" in section(guest)
    correspondence.answer_guest(staff(room), booked.id, MessageText(message="There is."))
    guest.go(at(booked))
    assert "There is." in section(guest)
    assert booked.property_name in section(guest)
    assert "Your message has been sent." not in section(guest)


def test_what_is_too_long_comes_back_as_it_was_typed(app: Flask, alice: User, booked: Booking) -> None:
    guest = Visitor(app).signed_in(alice).go(at(booked))
    guest.send(f"{at(booked)}/messages", message="x" * 4001)
    assert (guest.status, guest.problems) == (400, ["Message must have at most 4000 characters."])
    assert guest.page.select_one("#message").get_text() == "x" * 4001  # type: ignore[union-attr]
    assert count(GuestMessage) == 0


def test_nobody_writes_about_somebody_elses(app: Flask, bob: User, booked: Booking) -> None:
    other = Visitor(app).signed_in(bob).go("/account")
    other.post(f"{at(booked)}/messages", message="Hello", csrf_token=other.token())
    assert other.status == 404
    stranger = Visitor(app).go("/sign-in")
    stranger.post(f"{at(booked)}/messages", message="Hello", csrf_token=stranger.token())
    assert stranger.url.startswith("/sign-in")
    assert count(GuestMessage) == 0


def test_by_a_link_somebody_without_an_account_writes(app: Flask, room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, CALLER)
    secrets = app.extensions["services"].settings.secret_keys
    link = correspondence.written_conversation_link(caller.id, "carol@example.com", secrets)
    guest = Visitor(app).go(f"/messages/{link}")
    assert "Carol" not in guest.text
    guest.send(f"/messages/{link}", message="We come at ten.")
    assert "Your message has been sent." in section(guest)
    assert guest.headers["Cache-Control"] == "no-store"
    [waiting] = correspondence.messages_to_answer(staff(room), [room.property_id])
    assert (waiting.reference, waiting.text) == (caller.reference, "We come at ten.")
    wrong = Visitor(app).go(f"/messages/{link}x")
    assert (wrong.status, wrong.heading) == (404, "This link doesn’t work")
