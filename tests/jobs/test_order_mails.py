"""Rooms that were booked together are confirmed by one email; each is cancelled by an email of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

from booking.domain import payments
from booking.domain.reservations import bookings, guarantees
from booking.domain.reservations.booking_summary import ChangedFrom
from booking.domain.reservations.booking_summary import notice as find_summary
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Room, User
from booking.jobs.mails import CHANGE, compose
from tests.cast import SYSTEM, VISA, a_room, acting, beside, in_days, order_of
from tests.jobs.letters_sent import received, recipient, sent, text
from tests.jobs.stories import SETTINGS, letter


def wanted(alice: User, room: Room) -> OrderRequest:
    rooms = [room, beside(room, "Suite", 80), beside(room, "Attic", 50)]
    return OrderRequest(alice.id, tuple(OrderItem(one.id, in_days(30), 2) for one in rooms))


def booked(alice: User, room: Room, desk: BookingContext) -> Lines:
    return bookings.book_all(acting(alice), wanted(alice, room), VISA, desk)


def test_one_email_confirms_all_rooms(alice: User, desk: BookingContext, mail_dir: Path) -> None:
    order = booked(alice, a_room(contact_phone="+32 3 123 45 67"), desk)
    [told] = sent(mail_dir)
    assert recipient(told) == "alice@example.com"
    assert str(told["Subject"]).startswith(f"{order[0].reference}: your 3 rooms are booked (")
    for form in ("plain", "html"):
        said = " ".join(re.sub(r"<[^>]+>", " ", text(told, form)).split())
        for booking, price in zip(order, ("€360", "€240", "€150"), strict=True):
            for fact in (booking.reference, booking.room_name, price):
                assert fact in said, (form, fact)
        assert "€750" in said, form
        assert "Phone +32 3 123 45 67" in said, form
        assert "non-refundable" not in said
        assert text(told, form).count("/bookings/booking_") == 4
    assert [entry.get_filename() for entry in told.iter_attachments()] == ["stay.ics", "stay-2.ics", "stay-3.ics"]


def test_a_room_that_is_cancelled_later_has_an_email_of_its_own(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    order = booked(alice, room, desk)
    bookings.cancel(acting(alice), order[1].id, desk)
    subjects = [str(message["Subject"]) for message in sent(mail_dir)]
    assert len(subjects) == 2
    assert subjects[1].startswith(f"{order[1].reference}: your booking has been cancelled (Suite, ")
    for said in plainly(sent(mail_dir)[1]):
        assert "€240 goes back to the card you paid with." in said
        assert "€750" not in said


def plainly(message: EmailMessage) -> list[str]:
    """Both forms of an email, in one line each."""
    return [" ".join(re.sub(r"<[^>]+>", " ", text(message, form)).split()) for form in ("plain", "html")]


def test_the_email_about_a_cancelled_room_says_what_comes_back_of_it_and_what_the_order_still_owes(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    held = bookings.hold_all(acting(alice), wanted(alice, room), desk)
    guarantees.guarantee(SYSTEM, held[0].order_id, "transfer")
    payments.record_received(SYSTEM, held[0].order_id, Decimal(500), by="transfer", reference="r1")
    for booking, facts in (
        (held[1], ["There’s nothing to pay for this room any more, and nothing to refund.", "€10 is still to pay."]),
        (held[0], ["€350 goes back the way you paid. Banks may take a few days"]),
    ):
        bookings.cancel(acting(alice), booking.id, desk)
        for said in plainly(sent(mail_dir)[-1]):
            assert all(re.sub(r" +", " ", fact) in said for fact in facts), said
            assert "stays due" not in said
            assert "you paid is" not in said


def test_the_email_about_a_changed_room_says_what_is_paid_and_due_for_the_whole_order(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    held = bookings.hold_all(acting(alice), wanted(alice, room), desk)
    guarantees.guarantee(SYSTEM, held[0].order_id, "transfer")
    payments.record_received(SYSTEM, held[0].order_id, Decimal(500), by="transfer", reference="r1")
    told = find_summary(held[1].id)
    assert told
    was = ChangedFrom("Suite", held[1].check_in, held[1].check_out, 1, Decimal(0), Decimal(0))
    for said in plainly(received(compose(replace(told, changed_from=was), letter(CHANGE), SETTINGS))):
        assert re.search(r"Total for this room:? €240", said), said
        assert re.search(r"Total for all rooms:? €750 Paid:? €500 To pay by bank transfer:? €250", said), said


def test_what_staff_guarantees_says_what_is_due_for_all_rooms_once(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    held = bookings.hold_all(acting(alice), wanted(alice, room), desk)
    guarantees.guarantee(SYSTEM, held[0].order_id, "desk")
    [told] = sent(mail_dir)
    assert text(told).count("To pay at the property: €750") == 1
    assert "Total for all rooms: €750" in text(told)
    assert "Paid" not in text(told)
    assert "We’ll tell you how to pay." not in text(told)


def test_how_several_rooms_are_paid_by_transfer_is_told_once_with_the_orders_reference(
    alice: User, room: Room, desk: BookingContext, mail_dir: Path
) -> None:
    held = bookings.hold_all(acting(alice), wanted(alice, room), desk)
    guarantees.guarantee(SYSTEM, held[0].order_id, "transfer")
    [told] = sent(mail_dir)
    assert " ".join(text(told).split()).count("We’ll tell you how to pay.") == 1
    assert f"give the reference {order_of(held[0]).reference}." in " ".join(text(told).split())
