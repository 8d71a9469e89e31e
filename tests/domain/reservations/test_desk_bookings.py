"""What staff books for somebody who has no account: vouched for at once, all rooms or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import reservations
from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.errors import AccountNotFound, Conflict, HoldOver, Invalid, RoomNotAvailable
from booking.domain.maintenance import verification
from booking.domain.payments import Contact
from booking.domain.reservations import OrderDetails, OrderItem, OrderRequest, bookings, front_desk, guarantees
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Room, User
from booking.infra import ids
from booking.infra.db import db, transaction
from tests.cases import each
from tests.cast import VISA, acting, all_at_once, beside, count, in_days, nights_of, order

CALLER = Contact("Carol Calls", "carol@example.com", "+32 3 123 45 67")


def staff(room: Room, role: Role = Role.DESK) -> Actor:
    return Actor(ActorKind.STAFF, ids.new_id(), (Membership(role, room.property_id),))


def wanted(*rooms: Room, start: int = 30, contact: Contact | None = CALLER) -> OrderRequest:
    stay = in_days(start)
    return OrderRequest(None, tuple(OrderItem(room.id, stay, 2) for room in rooms), contact=contact)


def booked(desk: BookingContext, *rooms: Room, **how: Any) -> OrderDetails:
    return front_desk.book(staff(rooms[0]), wanted(*rooms), how.get("how", "desk"), how.get("note"), desk)


@each("how", ["desk", "transfer", "later"])
def test_the_rooms_are_confirmed_and_what_they_cost_is_due(room: Room, desk: BookingContext, how: str) -> None:
    other = beside(room, f"To be paid {how}", 90)
    made = booked(desk, other, how=how, note="by phone")
    assert [(one.status, one.user_id) for one in made.bookings] == [("CONFIRMED", None)]
    assert (made.order.channel, made.order.guarantee, made.order.guarantee_note) == ("desk", how, "by phone")
    assert (made.order.contact_name, made.order.due) == ("Carol Calls", Decimal(270))
    assert set(nights_of(other).values()) == {"booked"}
    assert verification.verify().findings == []


def test_the_confirmation_goes_to_the_contact_and_names_no_account(room: Room, desk: BookingContext) -> None:
    [line] = booked(desk, room).bookings
    summary = reservations.find_summary(line.id)
    assert summary is not None
    assert (summary.email, summary.guest_name, summary.is_contacts) == ("carol@example.com", "", True)
    assert "userId" not in _told("booking.confirmed")


@transaction
def _told(kind: str) -> dict[str, Any]:
    payload: dict[str, Any] = db.session.query(Event).filter_by(type=kind).one().payload
    return payload


def test_several_rooms_are_booked_or_none_is(room: Room, desk: BookingContext, alice: User) -> None:
    other = beside(room, "Another", 90)
    bookings.book(acting(alice), order(alice, other, in_days(31, 1)), VISA, desk)
    with pytest.raises(RoomNotAvailable):
        booked(desk, room, other)
    assert (nights_of(room), count(Booking)) == ({}, 1)
    assert len(booked(desk, room).bookings) == 1


def test_staff_may_book_for_more_callers_than_a_guest_may_hold(room: Room, desk: BookingContext) -> None:
    for number in range(desk.holds_per_guest + 1):
        other = beside(room, f"Room {number}", 90)
        reservations.hold_order(staff(room), wanted(other), desk)
    assert count(Booking, status="PENDING") == desk.holds_per_guest + 1


def test_whoever_has_no_account_has_a_contact(room: Room) -> None:
    with pytest.raises(Invalid) as refused:
        wanted(room, contact=None)
    assert list(refused.value.details) == ["contact"]


def test_a_guest_cannot_book_for_nobody(room: Room, desk: BookingContext, alice: User) -> None:
    with pytest.raises(AccountNotFound):
        front_desk.book(acting(alice), wanted(room), "desk", None, desk)
    assert nights_of(room) == {}


def test_neither_can_housekeeping_nor_the_desk_of_another_house(room: Room, desk: BookingContext) -> None:
    elsewhere = Actor(ActorKind.STAFF, ids.new_id(), (Membership(Role.DESK, ids.new_id()),))
    for actor in (staff(room, Role.HOUSEKEEPING), elsewhere):
        with pytest.raises(AccountNotFound):
            front_desk.book(actor, wanted(room), "desk", None, desk)
    assert nights_of(room) == {}


def test_a_way_to_pay_that_there_is_not_holds_nothing(room: Room, desk: BookingContext) -> None:
    with pytest.raises(Invalid) as refused:
        booked(desk, room, how="barter")
    assert list(refused.value.details) == ["how"]
    assert nights_of(room) == {}


def test_what_cannot_be_vouched_for_does_not_stay_held(
    room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(*_: Any) -> None:
        raise HoldOver

    monkeypatch.setattr(guarantees, "_confirm", over)
    with pytest.raises(HoldOver):
        booked(desk, room)
    assert nights_of(room) == {}


def test_of_a_guest_and_a_caller_at_once_one_gets_the_room(
    app: Flask, room: Room, desk: BookingContext, alice: User
) -> None:
    acts = [lambda: booked(desk, room), lambda: bookings.book(acting(alice), order(alice, room), VISA, desk)]
    results = all_at_once(app, acts)
    assert sum(isinstance(result, Conflict) for result in results) == 1, results
    assert count(Booking, status="CONFIRMED") == 1


def test_it_is_changed_and_cancelled_like_any_other(room: Room, desk: BookingContext) -> None:
    [line] = booked(desk, room).bookings
    gone = bookings.cancel(staff(room), line.id, desk)
    assert (gone.status, nights_of(room)) == ("CANCELLED", {})


def test_nobody_else_sees_it_as_theirs(room: Room, desk: BookingContext, alice: User) -> None:
    booked(desk, room)
    assert reservations.own_bookings(acting(alice), status=None, page=1, page_size=20).total == 0
