"""The emails at the page of a booking: one is sent again, where it can be, and why not where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from booking.domain import reservations
from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.people import undeliverable
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import guest_erasure
from booking.domain.tables import Booking, Event, Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import _posted, at
from tests.cast import SYSTEM, VISA, a_room, acting, count, order, person
from tests.domain.reservations.changing import changed, longer
from tests.domain.reservations.test_guest_erasure import called, manager
from tests.jobs.letters_sent import path_in, sent
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext, mail_dir: Path) -> Booking:
    made = bookings.book(acting(alice), order(alice, room), VISA, desk)
    assert len(sent(mail_dir)) == 1
    return made


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


def said(visitor: Visitor) -> str:
    section = visitor.page.select_one("section[aria-labelledby=emails]")
    assert section is not None
    return " ".join(section.get_text(" ").split())


def buttons(visitor: Visitor) -> list[str]:
    return [str(one["action"]) for one in visitor.page.select("section[aria-labelledby=emails] form")]


def test_an_email_is_sent_again_by_one_press(clerk: Visitor, booked: Booking, mail_dir: Path) -> None:
    [again] = buttons(clerk.go(at(booked)))
    clerk.send(again)
    assert (clerk.status, clerk.url) == (200, at(booked))
    assert "The email is on its way." in clerk.text
    assert "Confirmation, sent again Waiting to be sent" in said(clerk)
    assert buttons(clerk) == []  # until it is sent
    assert "Email sent again" in clerk.page.select(".desk-events")[-1].get_text()
    assert len(sent(mail_dir)) == 2
    assert buttons(clerk.go(at(booked))) == [again]
    clerk.send(again)  # within the minute: nothing more is sent
    assert (clerk.status, len(sent(mail_dir))) == (200, 2)


def test_a_script_gets_where_to_go(clerk: Visitor, booked: Booking) -> None:
    [again] = buttons(clerk.go(at(booked)))
    headers = {**HTMX, "Origin": "http://localhost", "Referer": "http://localhost/"}
    answer = clerk.client.post(again, data={"csrf_token": clerk.token()}, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, at(booked))


def test_what_is_no_longer_so_says_why_at_the_email(clerk: Visitor, booked: Booking, desk: BookingContext) -> None:
    [again] = buttons(clerk.go(at(booked)))
    token = clerk.token()
    changed(booked, desk, **longer())
    clerk.post(again, csrf_token=token)
    assert (clerk.status, clerk.problems) == (
        409,
        ["The stay has been changed since. Send the email about the last change instead."],
    )
    assert "Send the email about the last change instead." in said(clerk.go(at(booked)))
    assert count(Event, type="email.resent") == 0


def test_without_an_address_it_is_not_offered_and_the_page_says_why(
    clerk: Visitor, booked: Booking, room: Room, desk: BookingContext
) -> None:
    undeliverable.note("alice@example.com", "550 5.1.1")
    assert "Emails to alice@example.com come back, so none can be sent again." in said(clerk.go(at(booked)))
    assert buttons(clerk) == []
    caller = called(desk, room, Contact("Dana", None, "+32 3 765 43 21"), start=60)
    assert "No email address is known, so no email can be sent." in said(clerk.go(at(caller)))
    assert buttons(clerk) == []


def test_nobody_else_sends_it(app: Flask, clerk: Visitor, booked: Booking, alice: User) -> None:
    [again] = buttons(clerk.go(at(booked)))
    carol = person("carol")
    for visitor in (
        Visitor(app).signed_in(alice),
        at_work(app, person("dave"), Role.DESK, a_room()),
        at_work(app, carol, Role.HOUSEKEEPING, None),
    ):
        assert _posted(visitor, again).status == 404
    assert count(Event, type="email.resent") == 0


@pytest.mark.parametrize("email_id", ["nonsense", "email_01h455vb4pex5vsknk084sn02q"])
def test_what_is_no_email_of_it_is_not_found(clerk: Visitor, booked: Booking, email_id: str) -> None:
    clerk.go(at(booked)).post(f"{at(booked)}/emails/{email_id}/resend", csrf_token=clerk.token())
    assert clerk.status == 404


def test_whoever_has_no_address_is_to_be_told_by_phone_and_nothing_was_sent(
    clerk: Visitor,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    caller = called(desk, room, Contact("Dana", None, "+32 3 765 43 21"), start=60)
    assert "Confirmation Not sent: no email address" in said(clerk.go(at(caller)))
    assert "No email: tell the guest by phone." in clerk.go(at(caller, "cancel")).text
    clerk.send(at(caller, "cancel"))
    assert "The booking is cancelled. No email: tell the guest by phone." in clerk.text
    assert sent(mail_dir) == []
    assert "Cancellation Not sent: no email address" in said(clerk.go(at(caller)))
    assert "Sent" not in said(clerk)


def test_what_was_sent_before_a_contact_was_erased_stays_sent_and_what_came_after_was_not(
    clerk: Visitor,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    caller = called(desk, room, Contact("Carol", "carol@example.com"), start=60)
    assert len(sent(mail_dir)) == 1
    reservations.cancel(SYSTEM, caller.id, desk)
    guest_erasure.erase_guest(manager(room), caller.id)
    for _ in range(2):  # before it is worked off, and after
        told = said(clerk.go(at(caller)))
        assert "Cancellation Not sent: no email address" in told
        assert "Confirmation Sent" in told
        assert len(sent(mail_dir)) == 1


# --- a link to pay by


def test_a_link_to_pay_by_is_sent_while_something_is_due(
    clerk: Visitor,
    room: Room,
    desk: BookingContext,
    mail_dir: Path,
) -> None:
    caller = called(desk, room, Contact("Carol", "carol@example.com"), start=60)
    ask = f"{at(caller)}/emails/payment-link"
    clerk.go(at(caller)).send(ask)
    assert (clerk.status, clerk.url) == (200, at(caller))
    assert "The guest gets an email with a link to pay by." in clerk.text
    assert "Payment link Waiting to be sent" in said(clerk)
    assert "Payment link sent" in clerk.page.select(".desk-events")[-1].get_text()
    [told] = [one for one in sent(mail_dir) if "pay for" in str(one["Subject"])]
    guest = Visitor(clerk.client.application)
    guest.go(path_in(told, "pay")).send(path_in(told, "pay"), paymentMethodId=VISA)
    assert "Send payment link" not in clerk.go(at(caller)).text
    assert "The payment link" in clerk.page.select(".desk-events")[-1].get_text()  # has paid
    clerk.post(ask, csrf_token=clerk.token())
    assert (clerk.status, clerk.problems) == (409, ["Nothing is due for this order."])


def test_nobody_without_an_address_is_offered_one(clerk: Visitor, room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, Contact("Dana", None, "+32 3 765 43 21"), start=60)
    assert "Send payment link" not in clerk.go(at(caller)).text
