"""Guests without an account: some leave no email address, and who they are is forgotten."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import payments
from booking.domain.actors import Actor, Role
from booking.domain.errors import BookingNotFound
from booking.domain.maintenance import retention, verification
from booking.domain.payments import Contact
from booking.domain.reservations import bookings, front_desk, personal_data
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import GuestExpected, GuestHasAccount, MoneyNotSettled
from booking.domain.reservations.front_desk import BookingSearch
from booking.domain.reservations.personal_data import guest_erasure
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, beside, later, order, order_of, reload
from tests.domain.reservations.test_desk_bookings import CALLER, staff, wanted

pytestmark = pytest.mark.slow

BY_PHONE = Contact("Dana Dials", None, "+32 3 765 43 21")
A_DAY = dt.timedelta(days=1)


def manager(room: Room) -> Actor:
    return staff(room, Role.MANAGER)


def called(desk: BookingContext, room: Room, contact: Contact = BY_PHONE, start: int = 3) -> Booking:
    """A stay of three nights, 360 EUR to be paid."""
    asked = wanted(room, start=start, contact=contact)
    return front_desk.book(staff(room), asked, "desk", "pays with her company’s card", desk).bookings[0]


def paid(booking: Booking) -> Booking:
    due = order_of(booking).due
    payments.record_received(SYSTEM, booking.order_id, due, by="desk", reference=f"receipt {booking.reference}")
    return booking


def contact_of(booking: Booking) -> tuple[object, ...]:
    kept = order_of(booking)
    return tuple(getattr(kept, name) for name in (*payments.CONTACT_COLUMNS, "guarantee_note"))


NOTHING = (None,) * 6


def erasures(booking: Booking) -> list[str]:
    shown = front_desk.get_booking(SYSTEM, booking.id).history
    return [entry.actor for entry in shown if entry.action == "guest.erased"]


# --- no email address


def test_a_caller_without_an_address_is_found_by_the_number_and_seen_with_their_stays(
    room: Room, desk: BookingContext
) -> None:
    first, second = called(desk, room), called(desk, room, start=20)
    called(desk, room, Contact("Somebody Else", None, "+32 3 111 11 11"), start=30)
    found = front_desk.find_bookings(staff(room), BookingSearch(q="7654321")).entries
    assert {(one.id, one.guest, one.email) for one in found} == {
        (first.id, "Dana Dials", ""),
        (second.id, "Dana Dials", ""),
    }
    seen = front_desk.get_booking(staff(room), first.id)
    assert (seen.guest_name, seen.guest_email) == ("Dana Dials", "")
    assert [one.id for one in seen.others] == [second.id]
    assert verification.verify().findings == []


# --- erased when they ask


def test_after_the_stay_nothing_tells_who_it_was_and_the_books_stay(room: Room, desk: BookingContext) -> None:
    booking = paid(called(desk, room, CALLER))
    later(7 * A_DAY)
    personal_data.erase_guest(manager(room), booking.id)
    assert contact_of(booking) == NOTHING
    assert (order_of(booking).paid, reload(booking).status) == (Decimal(360), "CONFIRMED")
    seen = front_desk.get_booking(SYSTEM, booking.id)
    assert (seen.guest_name, seen.guest_email, seen.contact, seen.others) == ("", "", None, ())
    assert "carol" not in _everything().lower()
    assert verification.verify().findings == []


@transaction
def _everything() -> str:
    """All rows of all tables that a contact could have been written into."""
    names = ("orders", "bookings", "payments", "events", "audit_log", "deliveries")
    every = (f"SELECT coalesce(string_agg({one}::text, ' '), '') FROM {one}" for one in names)
    return "".join(db.session.execute(text(statement)).scalar_one() for statement in every)


def test_twice_and_at_once_is_once(app: Flask, room: Room, desk: BookingContext) -> None:
    booking, who = paid(called(desk, room)), manager(room)
    later(7 * A_DAY)
    assert all_at_once(app, [lambda: guest_erasure.erase_guest(who, booking.id)] * 3) == [None] * 3
    personal_data.erase_guest(who, booking.id)
    assert erasures(booking) == [str(who)]


def test_who_is_expected_owes_or_has_an_account_is_not_erased(room: Room, desk: BookingContext, alice: User) -> None:
    other = beside(room, "Another", 90)
    expected, owing = paid(called(desk, room)), called(desk, other)
    own = bookings.book(acting(alice), order(alice, room), VISA, desk)
    for booking, refusal in ((expected, GuestExpected), (owing, GuestExpected), (own, GuestHasAccount)):
        with pytest.raises(refusal):
            personal_data.erase_guest(manager(room), booking.id)
    later(7 * A_DAY)
    with pytest.raises(MoneyNotSettled):
        personal_data.erase_guest(manager(room), owing.id)
    assert contact_of(owing)[0] == "Dana Dials"


@each("role", [Role.DESK, Role.HOUSEKEEPING])
def test_others_may_not(room: Room, desk: BookingContext, alice: User, role: Role) -> None:
    booking = paid(called(desk, beside(room, f"Room of {role}", 90)))
    for who in (staff(room, role), staff(a_room(), Role.OWNER), acting(alice)):
        with pytest.raises(BookingNotFound):
            guest_erasure.erase_guest(who, booking.id)


# --- erased by time


def prune(days: int = 100) -> int:
    return retention.prune(SYSTEM, A_DAY, guest_contacts=dt.timedelta(days=days)).get("guest_contacts", 0)


@pytest.mark.usefixtures("noon")
def test_contacts_go_some_time_after_the_stay(room: Room, desk: BookingContext) -> None:
    booking = paid(called(desk, room))  # the last day is the sixth from now
    later(106 * A_DAY)
    assert prune() == 0
    later(A_DAY)
    assert (prune(), prune(), contact_of(booking)) == (1, 0, NOTHING)
    assert erasures(booking) == [str(SYSTEM)]
    assert reload(booking).status == "CONFIRMED"


def test_debts_keep_them_and_so_does_an_account_or_a_stay_to_come(
    room: Room, desk: BookingContext, alice: User
) -> None:
    owing = called(desk, room)
    coming = paid(called(desk, room, start=200))
    [own] = bookings.book_all(acting(alice), replace(order(alice, room), contact=CALLER), VISA, desk)
    later(150 * A_DAY)
    assert prune() == 0
    assert [contact_of(one)[0] for one in (owing, coming, own)] == ["Dana Dials", "Dana Dials", "Carol Calls"]
    paid(owing)
    assert prune() == 1


def test_of_a_cancelled_stay_the_days_count_from_its_cancellation(room: Room, desk: BookingContext) -> None:
    booking = called(desk, room, start=300)
    bookings.cancel(SYSTEM, booking.id, desk)
    later(99 * A_DAY)
    assert prune() == 0
    later(2 * A_DAY)
    assert (prune(), contact_of(booking)) == (1, NOTHING)


@pytest.mark.usefixtures("unmeasured")
def test_nothing_is_read_but_what_may_be_old_enough(room: Room, desk: BookingContext) -> None:
    called(desk, room)
    statement = guest_erasure._over_for(100 * A_DAY, 10)
    said = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = _plan(said)
    assert "ix_orders_contact_of_nobody" in plan
    assert "Seq Scan" not in plan


@transaction
def _plan(statement: str) -> str:
    for kind in ("seqscan", "bitmapscan"):
        db.session.execute(text(f"SET LOCAL enable_{kind} = off"))
    return "\n".join(db.session.execute(text(f"EXPLAIN {statement}")).scalars())
