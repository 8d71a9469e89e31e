"""The email with a link to pay by: what it is for, how much, until when; the link leads to a page that takes it."""

from __future__ import annotations

from pathlib import Path

from booking.domain import messages, payments, reservations
from booking.domain.payments import Contact
from booking.domain.reservations import OrderItem, OrderRequest, bookings, front_desk, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.http.services import current_services
from tests.cast import SYSTEM, acting, beside, in_days, order, order_of
from tests.domain.reservations.test_guest_erasure import called
from tests.jobs.letters_sent import newest, path_in, recipient, sent, text
from tests.jobs.test_order_mails import plainly

CAROL = Contact("Carol Calls", "carol@example.com")


def test_a_caller_gets_it_and_its_link_is_for_the_order(room: Room, desk: BookingContext, mail_dir: Path) -> None:
    stay = called(desk, room, CAROL, start=30)
    reservations.request_payment(SYSTEM, stay.id)
    told = newest(mail_dir, f"{stay.reference}: pay for your stay (Room with a view, ")
    assert recipient(told) == "carol@example.com"
    for said in plainly(told):
        assert "here’s the link to pay €360 for your stay by card" in said
        assert "Your booking stands." in said
        assert "The link works until" in said
        assert "You need no account." in said
        assert "To pay now:? €360".replace(":?", "") in said.replace(":", "")
        assert "To pay at the property" not in said
    linked = reservations.look_at_payment_link(
        path_in(told, "pay").removeprefix("/pay/"), current_services().settings.secret_keys
    )
    assert (linked.stage, linked.first.reference) == ("to_pay", stay.reference)
    assert not [part for part in told.walk() if part.get_content_type() == "text/calendar"]


def test_of_a_hold_it_says_until_when(alice: User, room: Room, desk: BookingContext, mail_dir: Path) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    reservations.request_payment(SYSTEM, held.id)
    told = newest(mail_dir, f"{held.reference}: pay for your stay")
    for said in plainly(told):
        assert "The room is held for you until" in said
        assert "The link works until" not in said


def test_one_for_all_rooms_says_what_is_paid_and_due(room: Room, desk: BookingContext, mail_dir: Path) -> None:
    rooms = [OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Attic", 90))]
    wanted = OrderRequest(None, tuple(rooms), contact=CAROL)
    made = front_desk.book(SYSTEM, wanted, "later", None, desk).bookings
    payments.record_received(SYSTEM, made[0].order_id, order_of(made[0]).due / 2, by="desk", reference="r1")
    reservations.request_payment(SYSTEM, made[1].id)
    told = newest(mail_dir, f"{order_of(made[0]).reference}: pay for your 2 rooms (")
    for said in plainly(told):
        assert "Attic" in said
        assert "Total for all rooms €630 Paid €315 To pay now €315" in said.replace(":", "")


def test_what_is_paid_before_it_is_sent_is_not_asked_for(room: Room, desk: BookingContext, mail_dir: Path) -> None:
    stay = called(desk, room, CAROL, start=30)
    reservations.request_payment(SYSTEM, stay.id)
    payments.record_received(SYSTEM, stay.order_id, order_of(stay).due, by="desk", reference="r1")
    assert [str(one["Subject"]) for one in sent(mail_dir) if "pay for" in str(one["Subject"])] == []
    [(_, _, error)] = messages.given_up_deliveries()
    assert error == "undeliverable: there is nothing to pay by this link any more"


def test_sent_again_it_is_the_same_link(room: Room, desk: BookingContext, mail_dir: Path) -> None:
    stay = called(desk, room, CAROL, start=30)
    email = reservations.request_payment(SYSTEM, stay.id)
    first = newest(mail_dir, f"{stay.reference}: pay for")
    reservations.resend_email(SYSTEM, stay.id, email)
    again = newest(mail_dir, f"{stay.reference}: pay for")
    assert (text(again), again["Message-ID"] != first["Message-ID"]) == (text(first), True)
    bookings.cancel(SYSTEM, stay.id, desk)
