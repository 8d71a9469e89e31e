"""An email that staff sends again reads as it did, under a Message-ID of its own."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from booking.domain import messages, reservations
from booking.domain.payments import Contact
from booking.domain.reservations import OrderItem, OrderRequest, bookings, front_desk
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.cast import SYSTEM, VISA, acting, beside, in_days, order
from tests.domain.reservations.changing import changed, longer
from tests.jobs.letters_sent import recipient, sent, text
from tests.jobs.test_change_mails import entry_of


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def resend(booking: Booking, kind: str = "booking.confirmed") -> None:
    emails = front_desk.get_booking(SYSTEM, booking.id).mail.emails
    reservations.resend_email(SYSTEM, booking.id, next(one.id for one in emails if one.type == kind))


def body(message: EmailMessage) -> tuple[str, str, str]:
    return str(message["Subject"]), text(message), text(message, "html")


def test_it_reads_as_the_first_one_did(booked: Booking, mail_dir: Path) -> None:
    [first] = sent(mail_dir)
    resend(booked)
    _, again = sent(mail_dir)
    assert body(again) == body(first)
    assert recipient(again) == recipient(first) == "alice@example.com"
    assert again["Message-ID"] != first["Message-ID"]
    assert (entry_of(again)["UID"], entry_of(again)["SEQUENCE"]) == (entry_of(first)["UID"], 0)


def test_one_about_a_change_and_one_about_a_cancellation(booked: Booking, desk: BookingContext, mail_dir: Path) -> None:
    changed(booked, desk, **longer())
    first = sent(mail_dir)[-1]
    resend(booked, "booking.changed")
    assert body(sent(mail_dir)[-1]) == body(first)
    bookings.cancel(SYSTEM, booked.id, desk)
    first = sent(mail_dir)[-1]
    resend(booked, "booking.cancelled")
    again = sent(mail_dir)[-1]
    assert body(again) == body(first)
    assert entry_of(again)["STATUS"] == "CANCELLED"


def test_one_for_rooms_that_were_booked_together(room: Room, desk: BookingContext, mail_dir: Path) -> None:
    rooms = [OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Attic", 90))]
    wanted = OrderRequest(None, tuple(rooms), contact=Contact("Carol", "carol@example.com"))
    made = front_desk.book(SYSTEM, wanted, "desk", None, desk).bookings
    [first] = sent(mail_dir)
    resend(made[1])
    again = sent(mail_dir)[-1]
    assert body(again) == body(first)
    assert sum(part.get_content_type() == "text/calendar" for part in again.walk()) == 2


def test_what_is_over_before_it_is_sent_is_given_up_and_says_why(
    booked: Booking, desk: BookingContext, mail_dir: Path
) -> None:
    sent(mail_dir)
    resend(booked)
    bookings.cancel(SYSTEM, booked.id, desk)
    subjects = [str(one["Subject"]) for one in sent(mail_dir)]
    assert ["confirmed" in one for one in subjects] == [True, False]
    [(_, _, error)] = messages.given_up_deliveries()
    assert error == "undeliverable: The booking has been cancelled since. Send the email about that instead."
