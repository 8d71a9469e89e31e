"""Emails about an order go to whoever stays, where its buyer has named somebody else."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask

from booking.domain import messages
from booking.domain.payments import Contact
from booking.domain.reservations import OrderItem, OrderRequest, bookings, front_desk
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Room, User
from tests.cast import SYSTEM, VISA, acting, in_days, order
from tests.jobs.letters_sent import path_in, recipient, sent, text
from tests.web.visitor import Visitor

DANA = Contact("Visit evil.example", "dana@example.com")


def booked(alice: User, room: Room, desk: BookingContext, contact: Contact = DANA) -> Booking:
    wanted = replace(order(alice, room), contact=contact)
    return bookings.book(acting(alice), wanted, VISA, desk)


def both_forms(message: EmailMessage) -> str:
    return text(message, "plain") + text(message, "html")


def test_the_confirmation_goes_to_the_contact_without_a_link_that_needs_the_account(
    app: Flask, alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    stay = booked(alice, room, desk)
    [told] = sent(mail_dir)
    assert recipient(told) == "dana@example.com"
    said = both_forms(told)
    assert stay.reference in said
    assert "because of a booking that was made for you" in said
    assert "with your account" not in said
    assert "View or cancel your booking" not in said
    page = Visitor(app).go(path_in(told, "messages"))  # where whoever stays writes to the house
    assert (page.status, stay.reference in page.text) == (200, True)
    # Nobody has shown that the address is theirs: what a stranger calls them could be an advertisement.
    assert "evil.example" not in said


def test_so_does_the_cancellation(alice: User, room: Room, desk: BookingContext, mail_dir: Path) -> None:
    stay = booked(alice, room, desk)
    bookings.cancel(acting(alice), stay.id, desk)
    assert [recipient(one) for one in sent(mail_dir)] == ["dana@example.com", "dana@example.com"]


def test_a_contact_that_is_the_account_itself_gets_its_usual_email(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    booked(alice, room, desk, Contact("Alice", "ALICE@example.com"))
    [told] = sent(mail_dir)
    assert recipient(told).lower() == "alice@example.com"
    assert "View or cancel your booking" in text(told, "plain")
    assert "with your account" in both_forms(told)


def test_pages_say_where_the_confirmation_goes(alice: User, room: Room, desk: BookingContext) -> None:
    summary = find_summary(booked(alice, room, desk).id)
    assert summary
    assert (summary.email, summary.is_contacts) == ("dana@example.com", True)


@pytest.mark.usefixtures("mail_dir")
def test_after_the_account_is_deleted_nobody_is_told_at_the_contacts_address(
    alice: User, room: Room, desk: BookingContext
) -> None:
    stay = booked(alice, room, desk)
    bookings.cancel(acting(alice), stay.id, desk)
    account_deletion.remove(SYSTEM, alice.id)
    assert find_summary(stay.id) is None
    kept = find_summary(stay.id, "alice@example.com")
    assert kept
    assert (kept.email, kept.is_contacts, kept.account_is_deleted) == ("alice@example.com", False, True)


def test_a_caller_without_an_address_gets_no_email_and_no_delivery_fails(
    room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    wanted = OrderRequest(None, (OrderItem(room.id, in_days(30), 2),), contact=Contact("Dana", None, "+32 3 765 43 21"))
    [stay] = front_desk.book(SYSTEM, wanted, "desk", None, desk).bookings
    bookings.cancel(SYSTEM, stay.id, desk)
    assert sent(mail_dir) == []
    assert messages.given_up_deliveries() == []
    assert {one.state for one in front_desk.get_booking(SYSTEM, stay.id).mail.emails} == {messages.NO_ADDRESS}
