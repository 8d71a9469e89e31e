"""A guest's contact is corrected at the desk, and what did not reach them is sent again."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import VISA, acting, order, order_of
from tests.domain.reservations.test_desk_bookings import CALLER
from tests.domain.reservations.test_guest_erasure import called
from tests.domain.reservations.test_resending import all_sent
from tests.jobs.letters_sent import sent
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

PAGE = "guest/contact"
NEW = {"fullName": "Carol Calls", "email": "carol.calls@example.com", "phone": "+32 3 765 43 21"}


@pytest.fixture
def booking(room: Room, desk: BookingContext) -> Booking:
    """By phone: nothing has reached its guest."""
    made = called(desk, room, CALLER)
    all_sent("failed")
    return made


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


def value(visitor: Visitor, name: str) -> str:
    found = visitor.page.select_one(f"#main [name={name}]")
    assert found is not None
    return str(found.get("value", found.get_text()))


def test_from_the_booking_to_the_email_at_the_new_address(
    clerk: Visitor,
    booking: Booking,
    mail_dir: Path,
) -> None:
    link = clerk.go(at(booking)).page.select_one(f'a[href="{at(booking, PAGE)}"]')
    assert link is not None
    clerk.go(at(booking, PAGE))
    assert (value(clerk, "fullName"), value(clerk, "email")) == ("Carol Calls", "carol@example.com")
    clerk.send(at(booking, PAGE), NEW)
    assert (clerk.status, clerk.url) == (200, at(booking))
    assert "Emails about this order now go to carol.calls@example.com." in clerk.text
    [button] = clerk.page.select(".notice form")
    assert button.get_text().strip() == "Send again: Confirmation"
    clerk.send(str(button["action"]))
    assert "The email is on its way." in clerk.text
    [told] = sent(mail_dir)
    assert told["To"] == "carol.calls@example.com"
    assert "Guest’s contact changed" in clerk.text
    assert "Changed: Email, Phone" in clerk.text


def test_another_name_alone_sends_nobody_anything(clerk: Visitor, booking: Booking) -> None:
    clerk.go(at(booking, PAGE)).send(at(booking, PAGE), {"fullName": "Carol Called"})
    assert (clerk.heading, "The contact is saved." in clerk.text) == ("Carol Called", True)
    assert clerk.page.select(".notice form") == []


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(clerk: Visitor, booking: Booking) -> None:
    for told, typed in {
        "Email must be an email address.": {"email": "nowhere"},
        "Name is missing.": {"fullName": ""},
        "Enter a phone number or an email address.": {"email": "", "phone": ""},
    }.items():
        clerk.go(at(booking, PAGE)).send(at(booking, PAGE), {**NEW, **typed, "requests": "A cot"})
        assert (clerk.status, clerk.problems, value(clerk, "requests")) == (400, [told], "A cot")
    assert order_of(booking).contact_email == "carol@example.com"


def test_an_old_page_shows_what_was_typed_beside_what_is_known_now(clerk: Visitor, booking: Booking) -> None:
    clerk.go(at(booking, PAGE))
    old = {"version": value(clerk, "version"), "fullName": "Somebody Else"}
    clerk.send(at(booking, PAGE), NEW)
    clerk.go(at(booking, PAGE)).send(at(booking, PAGE), NEW | old)
    assert (clerk.status, len(clerk.problems)) == (409, 1)
    assert "This booking has changed in the meantime." in clerk.problems[0]
    known = clerk.page.select_one("section[aria-labelledby=now]")
    assert known is not None
    assert "carol.calls@example.com" in known.get_text()
    assert value(clerk, "fullName") == "Somebody Else"
    clerk.send(at(booking, PAGE))  # now that both were seen
    assert clerk.heading == "Somebody Else"


def test_an_account_is_its_guests_and_the_page_says_so(
    clerk: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    own = bookings.book(acting(alice), order(alice, room), VISA, desk)
    clerk.go(at(own, PAGE))
    assert "Its name and email are changed by its owner only" in clerk.text
    clerk.send(at(own, PAGE), NEW)
    assert clerk.heading == "Carol Calls"
    assert f"Booked by {alice.full_name}" in clerk.text
