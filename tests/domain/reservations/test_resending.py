"""An email about a booking is sent again: once however often it is pressed, and only while what it says is so."""

from __future__ import annotations

import datetime as dt
import time
import uuid

import pytest
from flask import Flask
from sqlalchemy import update

from booking.domain import messages, reservations
from booking.domain.actors import Role
from booking.domain.errors import BookingNotFound
from booking.domain.payments import Contact
from booking.domain.people import undeliverable
from booking.domain.reservations import (
    EmailNotFound,
    OrderItem,
    OrderRequest,
    ResendRefused,
    SentEmail,
    bookings,
    front_desk,
    personal_data,
    resending,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import (
    AddressTakesNoMail,
    CancelledSince,
    NoEmailAddress,
    ResentTooOften,
    SettledSince,
    StayChangedSince,
)
from booking.domain.reservations.resending import MOST_A_DAY
from booking.domain.tables import Booking, Delivery, Event, Room, User
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode, new_id
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, beside, count, in_days, later, order
from tests.domain.reservations.changing import changed, longer, shorter
from tests.domain.reservations.test_desk_bookings import staff
from tests.domain.reservations.test_guest_erasure import called, manager, paid
from tests.jobs.stories import happened

pytestmark = pytest.mark.slow
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Paid, and its guest was told so."""
    made = bookings.book(acting(alice), order(alice, room), VISA, desk)
    all_sent()
    return made


def all_sent(state: str = "done") -> None:
    messages.relay_events()
    _all_are(state)


@transaction
def _all_are(state: str) -> None:
    db.session.execute(update(Delivery).values(state=state))


def emails(booking: Booking) -> tuple[SentEmail, ...]:
    return front_desk.get_booking(SYSTEM, booking.id).mail.emails


def email(booking: Booking, kind: str = "booking.confirmed") -> SentEmail:
    """The last of this kind, as it was sent first."""
    return next(one for one in emails(booking) if one.type == kind and not one.was_resent)


def why(booking: Booking, kind: str = "booking.confirmed") -> type[ResendRefused] | None:
    """What the page says, and the verb as well."""
    one = email(booking, kind)
    shown = front_desk.get_booking(SYSTEM, booking.id).mail.refusal or one.refusal
    if shown is None:
        return None
    with pytest.raises(type(shown)):
        reservations.resend_email(SYSTEM, booking.id, one.id)
    assert not [again for again in emails(booking) if again.was_resent]
    return type(shown)


@reading
def resent() -> list[dict[str, object]]:
    return [one.payload for one in db.session.query(Event).filter_by(type="email.resent").order_by(Event.id)]


def test_it_is_an_event_of_its_own_and_who_did_it_is_known(booked: Booking, room: Room) -> None:
    anna, first = staff(room), email(booked)
    assert first.can_be_resent
    new = reservations.resend_email(anna, booked.id, first.id)
    [told] = resent()
    assert (told["of"], told["repeats"], told["actor"]) == (encode("email", first.id), "booking.confirmed", str(anna))
    newest, was = emails(booked)
    assert (newest.id, newest.type, newest.was_resent, newest.state) == (new, "booking.confirmed", True, "waiting")
    assert (was.id, was.was_resent, was.is_on_its_way) == (first.id, False, True)
    [entry] = [one for one in front_desk.get_booking(SYSTEM, booked.id).history if one.action == "email.resent"]
    assert (entry.actor, entry.after) == (str(anna), {"repeats": "booking.confirmed"})


def test_pressed_twice_or_at_once_it_is_sent_once(
    app: Flask, booked: Booking, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, first = staff(room), email(booked)

    def again() -> uuid.UUID:
        return reservations.resend_email(anna, booked.id, first.id)

    with monkeypatch.context() as slow:  # so that nobody has written before everybody has looked
        slow.setattr(resending, "refuse_too_often", lambda *_: time.sleep(0.05))
        ids = all_at_once(app, [again] * 3)
    assert len(set(ids)) == 1
    all_sent()
    assert again() == ids[0]  # sent, and younger than a minute
    assert reservations.resend_email(anna, booked.id, ids[0]) == ids[0]  # the same one, by its own id
    later(2 * MINUTE)
    assert again() != ids[0]
    assert len(resent()) == 2
    later(4 * MINUTE)
    assert again() == emails(booked)[0].id  # it waits still
    assert len(resent()) == 2


def test_one_that_has_not_been_sent_yet_is_the_same_one(booked: Booking) -> None:
    all_sent("waiting")
    first = email(booked)
    assert first.is_on_its_way
    assert not first.can_be_resent
    assert reservations.resend_email(SYSTEM, booked.id, first.id) == first.id
    assert resent() == []


def test_one_that_failed_can_be_sent_again(booked: Booking) -> None:
    all_sent("failed")
    assert email(booked).can_be_resent
    reservations.resend_email(SYSTEM, booked.id, email(booked).id)
    assert len(resent()) == 1


def test_five_a_day_are_enough(booked: Booking) -> None:
    first = email(booked)
    for _ in range(MOST_A_DAY):
        reservations.resend_email(SYSTEM, booked.id, first.id)
        all_sent()
        later(2 * MINUTE)
    with pytest.raises(ResentTooOften) as refused:
        reservations.resend_email(SYSTEM, booked.id, first.id)
    assert refused.value.params == {"most": MOST_A_DAY}
    later(dt.timedelta(days=1))
    reservations.resend_email(SYSTEM, booked.id, first.id)
    assert len(resent()) == MOST_A_DAY + 1


def test_a_stay_that_was_changed_is_told_of_by_the_last_change(booked: Booking, desk: BookingContext) -> None:
    changed(booked, desk, **longer())
    all_sent()
    assert why(booked) is StayChangedSince
    assert why(booked, "booking.changed") is None
    older = email(booked, "booking.changed")
    changed(booked, desk, None, **shorter())
    all_sent()
    newest, before, confirmation = emails(booked)
    assert before.id == older.id
    assert [type(one.refusal) for one in (newest, before, confirmation)] == [
        type(None),
        StayChangedSince,
        StayChangedSince,
    ]


def test_of_a_cancelled_booking_only_the_cancellation(booked: Booking, desk: BookingContext, alice: User) -> None:
    changed(booked, desk, **longer())
    bookings.cancel(acting(alice), booked.id, desk)
    all_sent()
    assert why(booked) is why(booked, "booking.changed") is CancelledSince
    assert why(booked, "booking.cancelled") is None


def test_a_confirmation_of_several_rooms_holds_while_all_of_them_do(room: Room, desk: BookingContext) -> None:
    stay = in_days(30)
    rooms = OrderItem(room.id, stay, 2), OrderItem(beside(room, "Attic", 90).id, stay, 2)
    wanted = OrderRequest(None, rooms, contact=Contact("Carol", "carol@example.com"))
    made = front_desk.book(SYSTEM, wanted, "desk", None, desk).bookings
    all_sent()
    second = max(made, key=lambda one: one.reference)
    assert [one.can_be_resent for one in emails(second)] == [True]  # one for both, on both pages
    reservations.resend_email(SYSTEM, second.id, email(second).id)
    all_sent()
    bookings.cancel(SYSTEM, second.id, desk)
    all_sent()
    assert [type(one.refusal) for one in emails(made[0]) if one.type == "booking.confirmed"][1] is CancelledSince


def test_what_is_said_of_money_has_to_be_so_still(booked: Booking) -> None:
    shown = encode("booking", booked.id)
    happened("balance.declined", bookingId=shown, amount="100.00", currency="EUR", asksOwner=False)
    happened("refund.declined", bookingId=shown, amount="100.00", currency="EUR")
    happened("refund.returned", bookingId=shown, amount="100.00", currency="EUR", paymentId=encode("payment", new_id()))
    all_sent()
    for kind in ("balance.declined", "refund.declined", "refund.returned"):
        assert why(booked, kind) is SettledSince, kind


def test_nobody_can_be_written_to_without_an_address(room: Room, desk: BookingContext) -> None:
    caller = called(desk, room, Contact("Dana", None, "+32 3 765 43 21"))
    all_sent()
    assert why(caller) is NoEmailAddress


def test_nor_where_the_contact_was_erased(room: Room, desk: BookingContext) -> None:
    gone = paid(called(desk, room, Contact("Carol", "carol@example.com")))
    later(dt.timedelta(days=20))
    personal_data.erase_guest(manager(room), gone.id)
    all_sent()
    assert why(gone) is NoEmailAddress


def test_nor_where_every_email_comes_back(booked: Booking) -> None:
    undeliverable.note("Alice@example.com", "550 5.1.1")
    assert why(booked) is AddressTakesNoMail
    undeliverable.forget(["alice@example.com"])
    assert why(booked) is None


def test_whoever_has_no_business_with_it_finds_no_booking(room: Room, booked: Booking, alice: User) -> None:
    first = email(booked)
    for who in (acting(alice), staff(room, Role.HOUSEKEEPING), staff(a_room(), Role.OWNER)):
        with pytest.raises(BookingNotFound):
            reservations.resend_email(who, booked.id, first.id)
    assert resent() == []


def test_another_booking_has_other_emails(room: Room, booked: Booking, desk: BookingContext, alice: User) -> None:
    other = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    for known in (email(other).id, uuid.uuid4(), new_id()):
        with pytest.raises(EmailNotFound):
            reservations.resend_email(SYSTEM, booked.id, known)
    assert count(Event, type="email.resent") == 0
