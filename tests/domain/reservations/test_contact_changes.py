"""Who stays is corrected: another name, address or number, once, and the log does not say which."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import people, reservations
from booking.domain.actors import Actor, Role
from booking.domain.errors import BookingNotFound, Invalid
from booking.domain.inputs import accept
from booking.domain.maintenance import verification
from booking.domain.payments import Contact
from booking.domain.reservations import ContactErased, bookings, front_desk, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import ContactModified
from booking.domain.reservations.front_desk import ContactChange, contact_changes
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, later, order, order_of
from tests.domain.reservations.test_desk_bookings import CALLER, staff
from tests.domain.reservations.test_guest_erasure import BY_PHONE, called, manager, paid
from tests.domain.reservations.test_resending import all_sent, email, emails

pytestmark = pytest.mark.slow

A_DAY = dt.timedelta(days=1)
CAROL = {"fullName": "Carol Calls", "email": "carol.calls@example.com", "phone": "+32 3 123 45 67"}


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def a_change(wanted: dict[str, str]) -> ContactChange:
    return accept(ContactChange, wanted, strict=False)


def correct(who: Actor, booking: Booking, wanted: dict[str, str], version: int | None = None) -> None:
    seen = order_of(booking).version if version is None else version
    front_desk.change_contact(who, booking.id, a_change(wanted), seen)


def kept(booking: Booking) -> Contact | None:
    return front_desk.get_booking(SYSTEM, booking.id).contact


def told(booking: Booking) -> list[tuple[str, dict[str, Any]]]:
    history = front_desk.get_booking(SYSTEM, booking.id).history
    return [(one.actor, dict(one.after)) for one in history if one.action == "guest.contact_changed"]


@transaction
def _audit_log() -> str:
    return str(db.session.execute(text("SELECT coalesce(string_agg(a::text, ' '), '') FROM audit_log a")).scalar_one())


def test_emails_go_to_the_new_address_and_the_failed_one_can_be_sent_again(room: Room, desk: BookingContext) -> None:
    booking, anna = called(desk, room, CALLER), staff(room)
    all_sent("failed")
    correct(anna, booking, CAROL)
    seen = front_desk.get_booking(anna, booking.id)
    assert (seen.guest_email, seen.mail.to) == ("carol.calls@example.com", "carol.calls@example.com")
    assert email(booking).can_be_resent
    reservations.resend_email(anna, booking.id, email(booking).id)
    summary = reservations.find_summary(booking.id)
    assert summary is not None
    assert (summary.email, emails(booking)[0].was_resent) == ("carol.calls@example.com", True)
    assert verification.verify().findings == []


def test_the_log_says_what_was_changed_and_never_to_what_where_there_is_no_account(
    room: Room, desk: BookingContext
) -> None:
    booking, anna = called(desk, room, CALLER), staff(room)
    correct(anna, booking, CAROL)
    assert told(booking) == [(str(anna), {"changed": ["email"]})]
    assert "carol" not in _audit_log().lower()


def test_all_of_it_is_kept_as_it_was_said_and_the_search_finds_it(room: Room, desk: BookingContext) -> None:
    booking, anna = called(desk, room), staff(room)
    new = Contact("Dana Dialled", "dana@example.com", None, dt.time(22, 30), "A cot\nand quiet")
    given = {"fullName": "Dana Dialled", "email": "dana@example.com", "arrivalTime": "22:30"}
    correct(anna, booking, given | {"requests": "A cot\r\nand quiet"})
    assert kept(booking) == new
    found = front_desk.find_bookings(anna, front_desk.BookingSearch(q="dialled")).entries
    assert [one.id for one in found] == [booking.id]


def test_twice_is_once_and_an_old_page_overwrites_nothing(room: Room, desk: BookingContext) -> None:
    booking, anna, ben = called(desk, room), staff(room), manager(room)
    seen = order_of(booking).version
    for _ in range(2):
        correct(anna, booking, CAROL, seen)
    assert len(told(booking)) == 1
    with pytest.raises(ContactModified):
        correct(ben, booking, {"fullName": "Somebody Else", "phone": "+32 3 111 11 11"}, seen)
    assert kept(booking) == Contact("Carol Calls", "carol.calls@example.com", "+32 3 123 45 67")


def test_of_two_at_once_one_is_kept_and_the_other_one_told(app: Flask, room: Room, desk: BookingContext) -> None:
    booking, anna = called(desk, room), staff(room)
    seen = order_of(booking).version

    def rename(name: str) -> str:
        try:
            contact_changes.change(anna, booking.id, a_change({"fullName": name, "phone": "+32 3 111 11 11"}), seen)
        except ContactModified:
            return "told"
        return name

    done = all_at_once(app, [lambda: rename("Dana One"), lambda: rename("Dana Two")])
    [winner] = set(done) - {"told"}
    assert done.count("told") == 1
    assert order_of(booking).contact_name == winner


@each(
    "wrong, field",
    [
        ({"email": "nowhere"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"fullName": "see www.example.com"}, "fullName"),
        ({"arrivalTime": "25:00"}, "arrivalTime"),
        ({"requests": "x" * 1001}, "requests"),
        ({"fullName": ""}, "fullName"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        a_change({"fullName": "Dana", "phone": "+32 3 111 11 11"} | wrong)
    assert set(refused.value.details) == {field}


def test_there_is_always_a_way_to_reach_them(room: Room, desk: BookingContext) -> None:
    booking = called(desk, room)
    with pytest.raises(Invalid) as refused:
        correct(staff(room), booking, {"fullName": "Dana Dials"})
    assert set(refused.value.details) == {"phone"}
    assert kept(booking) == BY_PHONE


def test_who_was_forgotten_stays_so(room: Room, desk: BookingContext, booked: Booking, alice: User) -> None:
    erased = paid(called(desk, room, start=3))
    later(60 * A_DAY)
    personal_data.erase_guest(manager(room), erased.id)
    account_deletion.remove(SYSTEM, alice.id)
    for booking in (erased, booked):
        assert not front_desk.get_booking(manager(room), booking.id).can.change_contact
        with pytest.raises(ContactErased):
            correct(manager(room), booking, CAROL)
    assert verification.verify().findings == []


@each("role", [None, Role.HOUSEKEEPING])
def test_whoever_has_no_business_with_it_finds_no_booking(
    room: Room, booked: Booking, alice: User, role: Role | None
) -> None:
    somebody = [staff(room, role)] if role else [acting(alice), staff(a_room(), Role.OWNER)]
    for who in somebody:
        with pytest.raises(BookingNotFound):
            correct(who, booked, CAROL)
    assert kept(booked) is None


# --- of a guest with an account


def test_an_order_gets_a_contact_of_its_own_and_the_account_stays_as_it_is(
    room: Room, booked: Booking, alice: User
) -> None:
    anna = staff(room)
    correct(anna, booked, CAROL)
    seen = front_desk.get_booking(anna, booked.id)
    assert (seen.guest_name, seen.mail.to) == ("Carol Calls", "carol.calls@example.com")
    assert (seen.account_name, seen.account_email) == (alice.full_name, alice.email)
    assert "carol" not in _audit_log().lower()  # but sealed, for as long as there is the account
    entry = people.audit_entries(SYSTEM, subject=encode("order", booked.order_id))[0]
    assert (entry.was["email"], entry.now["email"]) == (alice.email, "carol.calls@example.com")
    correct(anna, booked, {"fullName": alice.full_name, "email": alice.email})
    assert kept(booked) is None
    assert front_desk.get_booking(anna, booked.id).mail.to == alice.email


def test_what_the_account_says_already_is_nothing_new(room: Room, booked: Booking, alice: User) -> None:
    correct(staff(room), booked, {"fullName": alice.full_name, "email": alice.email})
    assert (kept(booked), told(booked)) == (None, [])


def test_it_goes_with_the_account_also_when_both_happen_at_once(
    app: Flask, room: Room, booked: Booking, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(60 * A_DAY)
    seen, anna = order_of(booked).version, staff(room)
    is_writing, is_gone = threading.Event(), threading.Event()

    def pause(*_: object) -> None:
        is_writing.set()
        is_gone.wait(0.2)  # or as long as the account would need to go meanwhile

    def delete() -> None:
        assert is_writing.wait(5)
        account_deletion.remove(SYSTEM, alice.id)
        is_gone.set()

    with monkeypatch.context() as slow:
        slow.setattr(contact_changes, "_refuse_unreachable", pause)
        all_at_once(app, [lambda: contact_changes.change(anna, booked.id, a_change(CAROL), seen), delete])
    assert order_of(booked).contact_name is None
    assert verification.verify().findings == []
