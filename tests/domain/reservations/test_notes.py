"""Notes about a booking: by staff for staff, each its author's."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.actors import Actor, Role
from booking.domain.errors import BookingNotFound, Invalid
from booking.domain.inputs import accept
from booking.domain.reservations import NoteNotFound, bookings, front_desk, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import NoteModified
from booking.domain.reservations.front_desk import NoteEdit, NoteText
from booking.domain.reservations.front_desk.notes import Note
from booking.domain.reservations.personal_data import account_deletion, gathering
from booking.domain.tables import Booking, BookingNote, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, count, in_days, later, order
from tests.domain.reservations.test_desk_bookings import staff
from tests.domain.reservations.test_guest_erasure import called, manager, paid

pytestmark = pytest.mark.slow

A_DAY = dt.timedelta(days=1)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)


def write(who: Actor, booking: Booking, said: str = "Rings at ten") -> None:
    front_desk.add_note(who, booking.id, NoteText(text=said))


def notes(who: Actor, booking: Booking) -> tuple[Note, ...]:
    return front_desk.get_booking(who, booking.id).notes


def test_colleagues_read_who_wrote_what_and_when(room: Room, booked: Booking) -> None:
    anna, ben = staff(room), manager(room)
    write(anna, booked)
    write(ben, booked, "Paid for\nparking")
    shown = [(one.author, one.text, one.is_own, one.edited_at) for one in notes(anna, booked)]
    assert shown == [(str(ben), "Paid for\nparking", False, None), (str(anna), "Rings at ten", True, None)]


def test_ones_own_is_changed_and_deleted_and_all_of_it_is_written_down(room: Room, booked: Booking) -> None:
    anna = staff(room)
    write(anna, booked)
    [note] = notes(anna, booked)
    for _ in range(2):
        front_desk.edit_note(anna, booked.id, note.id, NoteEdit(text="Rings at noon", version=1))
    [changed] = notes(anna, booked)
    assert (changed.text, changed.version, changed.edited_at is not None) == ("Rings at noon", 2, True)
    for _ in range(2):
        front_desk.remove_note(anna, booked.id, note.id)
    assert notes(anna, booked) == ()
    history = front_desk.get_booking(SYSTEM, booked.id).history
    told = [(one.action, one.before, one.after) for one in history if one.action.startswith("note.")]
    assert told == [("note.removed", {}, {}), ("note.changed", {}, {}), ("note.added", {}, {})]
    assert "Rings" not in _audit_log()


@transaction
def _audit_log() -> str:
    return str(db.session.execute(text("SELECT coalesce(string_agg(a::text, ' '), '') FROM audit_log a")).scalar_one())


def test_an_old_window_overwrites_nothing(room: Room, booked: Booking) -> None:
    anna = staff(room)
    write(anna, booked)
    [note] = notes(anna, booked)
    front_desk.edit_note(anna, booked.id, note.id, NoteEdit(text="Rings at noon", version=1))
    with pytest.raises(NoteModified):
        front_desk.edit_note(anna, booked.id, note.id, NoteEdit(text="Rings at two", version=1))
    assert notes(anna, booked)[0].text == "Rings at noon"


def test_pressed_twice_or_at_once_it_is_one_note(app: Flask, room: Room, booked: Booking) -> None:
    anna, ben = staff(room), manager(room)
    all_at_once(app, [lambda: write(anna, booked)] * 3)
    assert len(notes(anna, booked)) == 1
    write(ben, booked)  # the same words by somebody else are another note
    later(dt.timedelta(minutes=2))
    write(anna, booked)
    assert len(notes(anna, booked)) == 3


def test_whoever_has_no_business_with_it_finds_no_booking(room: Room, booked: Booking, alice: User) -> None:
    for who in (acting(alice), staff(room, Role.HOUSEKEEPING), staff(a_room(), Role.OWNER)):
        with pytest.raises(BookingNotFound):
            write(who, booked)
    assert count(BookingNote) == 0


def test_a_note_is_its_authors_and_its_bookings(room: Room, booked: Booking, alice: User, desk: BookingContext) -> None:
    anna, owner = staff(room), staff(room, Role.OWNER)
    write(anna, booked)
    [note] = notes(anna, booked)
    other = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    for who, where in ((owner, booked), (anna, other)):
        with pytest.raises(NoteNotFound):
            front_desk.edit_note(who, where.id, note.id, NoteEdit(text="Nothing", version=1))
        with pytest.raises(NoteNotFound):
            front_desk.remove_note(who, where.id, note.id)
    assert notes(anna, booked) == (note,)


@each("said", ["", "  \n ", "x" * 2001, "\x07"])
def test_what_says_nothing_is_refused(said: str) -> None:
    with pytest.raises(Invalid):
        accept(NoteText, {"text": said}, strict=False)


def test_they_go_with_the_account_and_with_the_contact_and_its_guest_may_read_them(
    room: Room, booked: Booking, alice: User, desk: BookingContext
) -> None:
    caller = paid(called(desk, room, start=10))
    for booking in (booked, caller):
        write(staff(room), booking)
    told = gathering._gathered(acting(alice), ["a secret"])["notes"]
    assert [(one["booking"], one["text"]) for one in told] == [(booked.reference, "Rings at ten")]
    later(15 * A_DAY)
    account_deletion.remove(SYSTEM, alice.id)
    assert count(BookingNote) == 1
    personal_data.erase_guest(manager(room), caller.id)
    assert count(BookingNote) == 0
