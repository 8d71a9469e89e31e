"""Bookings in the hands of others than their guest: staff, programs and the system, each where the table lets them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.actors import VISITOR, Actor, Membership, Role
from booking.domain.errors import (
    AccountNotFound,
    BookingModified,
    BookingNotCancellable,
    BookingNotFound,
    Forbidden,
    PaymentUnknown,
    RoomNotFound,
)
from booking.domain.inventory import availability
from booking.domain.people import audit_log
from booking.domain.people.audit_log import AuditEntry
from booking.domain.reservations import bookings, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import AuditRecord, Booking, Event, Room, User
from booking.infra import clock
from booking.infra.db import db, transaction
from booking.infra.ids import encode, new_id
from tests.cast import (
    AN_HOUR,
    DECLINED,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    count,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    reload,
    silent,
)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def clerk(role: Role, at: Room | None) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, at.property_id if at else None),), uuid.uuid4())


def program(role: Role, at: Room) -> Actor:
    return Actor.program("channel manager", (Membership(role, at.property_id),))


def log(subject: Booking | Room) -> list[AuditEntry]:
    """What the audit log says about it, the oldest first."""
    kind = "booking" if isinstance(subject, Booking) else "room"
    return audit_log.entries(SYSTEM, subject=encode(kind, subject.id))[::-1]


@transaction
def told() -> list[tuple[str, str]]:
    """Events in their order, with who is named in them."""
    return [(event.type, event.payload["actor"]) for event in db.session.scalars(select(Event).order_by(Event.id))]


ALLOWED = ("owner of all", "manager", "desk", "program", "system")
REFUSED = ("housekeeping", "owner elsewhere", "program elsewhere", "other guest", "visitor")


def actor_named(who: str, room: Room) -> Actor:
    known: dict[str, Callable[[], Actor]] = {
        "owner of all": lambda: clerk(Role.OWNER, None),
        "manager": lambda: clerk(Role.MANAGER, room),
        "desk": lambda: clerk(Role.DESK, room),
        "program": lambda: program(Role.DESK, room),
        "system": lambda: Actor.system("cli bookings cancel (anna)"),
        "housekeeping": lambda: clerk(Role.HOUSEKEEPING, room),
        "owner elsewhere": lambda: clerk(Role.OWNER, a_room()),
        "program elsewhere": lambda: program(Role.MANAGER, a_room()),
        "other guest": lambda: Actor.guest(uuid.uuid4()),
        "visitor": lambda: VISITOR,
    }
    return known[who]()


@pytest.mark.parametrize("who", ALLOWED)
def test_whoever_may_sees_and_cancels_a_guests_booking_and_is_written_down(
    booked: Booking, room: Room, desk: BookingContext, who: str
) -> None:
    actor = actor_named(who, room)
    assert bookings.get(actor, booked.id).id == booked.id
    cancelled = bookings.cancel(actor, booked.id, desk)
    assert (cancelled.status, cancelled.refund_amount) == ("CANCELLED", booked.total_price)
    assert nights_of(room) == {}
    [entry] = log(booked)
    assert (entry.actor, entry.action) == (str(actor), "booking.cancelled")
    [refund] = audit_log.entries(SYSTEM, limit=1)
    assert (refund.actor, refund.action) == (str(actor), "refund.succeeded")
    assert refund.after == {"amount": "360.00", "currency": "EUR", "bookingId": encode("booking", booked.id)}
    assert entry.before == {"status": "CONFIRMED"}
    assert entry.after == {"status": "CANCELLED", "wasConfirmed": True, "refundAmount": str(cancelled.refund_amount)}
    assert ("booking.cancelled", str(actor)) in told()


@pytest.mark.parametrize("who", REFUSED)
def test_for_anybody_else_a_guests_booking_does_not_exist(
    booked: Booking, room: Room, desk: BookingContext, who: str
) -> None:
    actor = actor_named(who, room)
    for verb in (
        partial(bookings.get, actor, booked.id),
        partial(bookings.cancel, actor, booked.id, desk),
        partial(bookings.pay, actor, booked.id, VISA, booked.total_price, desk),
    ):
        with pytest.raises(BookingNotFound):
            verb()
    assert reload(booked).status == "CONFIRMED"
    assert log(booked) == []


def test_staff_cancel_twice_once(booked: Booking, room: Room, desk: BookingContext) -> None:
    actor = clerk(Role.DESK, room)
    bookings.cancel(actor, booked.id, desk)
    with pytest.raises(BookingNotCancellable):
        bookings.cancel(actor, booked.id, desk)
    assert len(log(booked)) == 1


def test_guest_and_staff_who_cancel_at_once_cancel_once(
    app: Flask, alice: User, booked: Booking, room: Room, desk: BookingContext
) -> None:
    actors = (acting(alice), clerk(Role.DESK, room))
    acts: list[Callable[[], Any]] = [
        partial(bookings.cancel, actor, booked.id, desk, seen_version=booked.version) for actor in actors
    ]
    results = all_at_once(app, acts)
    assert sorted(type(result).__name__ for result in results) == [Booking.__name__, BookingModified.__name__]
    won = actors[0] if isinstance(results[0], Booking) else actors[1]
    assert [kind for kind, _ in told()].count("booking.cancelled") == 1
    assert ("booking.cancelled", str(won)) in told()
    assert [entry.actor for entry in log(booked)] == [str(actor) for actor in actors[1:] if actor is won]


def test_an_unknown_booking_is_unknown_to_staff_too(room: Room, desk: BookingContext) -> None:
    with pytest.raises(BookingNotFound):
        bookings.cancel(clerk(Role.OWNER, None), new_id(), desk)


# --- for a guest


@pytest.mark.parametrize("who", ALLOWED)
def test_whoever_may_books_for_a_guest_and_every_step_is_written_down(
    alice: User, room: Room, desk: BookingContext, who: str
) -> None:
    actor = actor_named(who, room)
    booking = bookings.book(actor, order(alice, room), VISA, desk)
    assert (booking.user_id, booking.status) == (alice.id, "CONFIRMED")
    assert [(entry.action, entry.actor) for entry in log(booking)] == [
        ("booking.created", str(actor)),
        ("payment.started", str(actor)),
        ("booking.confirmed", str(actor)),
    ]
    _, started, confirmed = log(booking)
    assert (started.before, started.after) == ({}, {"amount": "360.00", "currency": "EUR"})
    assert (confirmed.before, confirmed.after) == ({"status": "PENDING"}, {"status": "CONFIRMED"})
    assert holds.mine(actor, order(alice, room)).same.id == booking.id
    held = holds.reserve(actor, order(alice, room, in_days(60)), desk)
    assert bookings.pay(actor, held.id, VISA, held.total_price, desk).status == "CONFIRMED"
    again = holds.reserve(actor, order(alice, room, in_days(90)), desk)
    more = holds.reserve(actor, order(alice, room, in_days(90), guests=3), desk)
    assert (again.id, more.guests) == (more.id, 3)
    last = log(more)[-1]
    assert (last.action, last.before, last.after) == ("booking.guests_changed", {"guests": 2}, {"guests": 3})


@pytest.mark.parametrize("who", REFUSED)
def test_for_anybody_else_a_guest_does_not_exist(alice: User, room: Room, desk: BookingContext, who: str) -> None:
    actor, wanted = actor_named(who, room), order(alice, room)
    for verb in (
        partial(bookings.book, actor, wanted, VISA, desk),
        partial(holds.reserve, actor, wanted, desk),
        partial(holds.reserve, actor, wanted, desk),
        partial(holds.mine, actor, wanted),
    ):
        with pytest.raises(AccountNotFound):
            verb()
    assert count(Booking) == 0


def test_staff_of_all_houses_learn_of_a_room_that_is_none(alice: User, room: Room, desk: BookingContext) -> None:
    nowhere = replace(order(alice, room), room_id=new_id())
    with pytest.raises(RoomNotFound):
        bookings.book(clerk(Role.OWNER, None), nowhere, VISA, desk)
    with pytest.raises(AccountNotFound):
        bookings.book(clerk(Role.DESK, room), nowhere, VISA, desk)


# --- guests


def test_a_guest_leaves_events_and_no_entry(alice: User, room: Room, desk: BookingContext) -> None:
    guest = acting(alice)
    booked = bookings.book(guest, order(alice, room), VISA, desk)
    bookings.cancel(guest, booked.id, desk)
    holds.reserve(guest, order(alice, room), desk)
    assert count(AuditRecord) == 0
    assert {actor for kind, actor in told() if kind != "user.registered"} == {str(guest)}


def test_staff_who_book_for_themselves_are_written_down(alice: User, room: Room, desk: BookingContext) -> None:
    actor = Actor.signed_in(alice.id, (Membership(Role.HOUSEKEEPING, a_room().property_id),), None)
    booked = bookings.book(actor, order(alice, room), VISA, desk)
    assert {entry.actor for entry in log(booked)} == {str(actor)}


# --- the system


def test_the_worker_ends_holds_and_is_written_down(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    abandoned = a_room()
    transaction(availability.claim)(
        SYSTEM, new_id(), abandoned.id, abandoned.location, in_days(30), held_until=clock.now() + desk.hold_for
    )
    later(desk.hold_for * 2)
    worker = Actor.system("worker")
    assert bookings.expire_holds(worker) == 1
    assert (nights_of(room), nights_of(abandoned)) == ({}, {})
    assert [actor for kind, actor in told() if kind == "availability.updated"][-2:] == ["system:worker"] * 2
    [entry] = log(held)
    assert (entry.actor, entry.action) == ("system:worker", "booking.expired")
    assert (entry.before, entry.after) == ({"status": "PENDING"}, {"status": "EXPIRED"})


@pytest.mark.parametrize("card", [VISA, DECLINED])
def test_what_recovery_settles_is_the_systems_doing(alice: User, room: Room, desk: BookingContext, card: str) -> None:
    with pytest.raises(PaymentUnknown):
        bookings.book(acting(alice), order(alice, room), card, interrupted(desk, silent))
    recovery.recover_payments(Actor.system("worker"), desk, ahead=AN_HOUR)
    [booking] = transaction(lambda: list(db.session.scalars(select(Booking))))()
    ended = ["booking.confirmed"] if card == VISA else ["payment.failed", "booking.cancelled"]
    assert [(entry.actor, entry.action) for entry in log(booking)] == [("system:worker", step) for step in ended]


def test_guests_and_desks_do_not_run_the_house(room: Room, alice: User, desk: BookingContext) -> None:
    for actor in (acting(alice), clerk(Role.DESK, room), VISITOR):
        with pytest.raises(Forbidden):
            bookings.expire_holds(actor)
        with pytest.raises(Forbidden):
            recovery.recover_payments(actor, desk)
