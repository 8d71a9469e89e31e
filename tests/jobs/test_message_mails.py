"""The email by which a guest is answered: as it was written, with a way to write back."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from booking.domain import correspondence, messages
from booking.domain.correspondence import MessageText
from booking.domain.messages import outbox
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import VISA, acting, order
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import called
from tests.jobs.letters_sent import newest, path_in, recipient, sent, text
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
SAID = "There is a cot.\n\nSee <b>you</b> soon!"


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def answer(room: Room, booking: Booking) -> None:
    correspondence.answer_guest(staff(room), booking.id, MessageText(message=SAID))


def test_a_guest_reads_the_words_and_where_to_write_back(booked: Booking, room: Room, mail_dir: Path) -> None:
    answer(room, booked)
    mail = newest(mail_dir, f"{booked.reference}: a message about your stay")
    assert recipient(mail) == "alice@example.com"
    for line in ("  There is a cot.", "  See <b>you</b> soon!"):
        assert line in text(mail).splitlines()
    assert "See &lt;b&gt;you&lt;/b&gt; soon!" in text(mail, "html")
    assert path_in(mail, "bookings") == f"/bookings/{encode('booking', booked.id)}#messages"


def test_who_has_no_account_gets_a_link_that_opens_the_conversation(
    app: Flask, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    caller = called(desk, room, CALLER)
    answer(room, caller)
    mail = newest(mail_dir, f"{caller.reference}: a message about your stay")
    assert recipient(mail) == "carol@example.com"
    visitor = Visitor(app).go(path_in(mail, "messages"))
    assert (visitor.status, visitor.heading) == (200, "Messages about your stay")
    assert "See <b>you</b> soon!" in visitor.page.get_text()


def test_what_was_erased_meanwhile_is_not_sent(booked: Booking, room: Room, mail_dir: Path) -> None:
    sent(mail_dir)
    answer(room, booked)
    transaction(messages.forget_conversations)([booked.id])
    assert len(sent(mail_dir)) == 1
    assert outbox.status()["mail_failed"] == 0


def test_a_reply_goes_to_the_house_where_it_has_an_address(room: Room, booked: Booking, mail_dir: Path) -> None:
    assert [mail["Reply-To"] for mail in sent(mail_dir)] == [None]
    _reached_at(room, "desk@hotel.example")
    answer(room, booked)
    mail = newest(mail_dir, f"{booked.reference}: a message about your stay")
    assert str(mail["Reply-To"]) == f"{booked.property_name} <desk@hotel.example>"
    assert str(mail["From"]) != str(mail["Reply-To"])


@transaction
def _reached_at(room: Room, email: str) -> None:
    db.session.get_one(Property, room.property_id).contact_email = email
