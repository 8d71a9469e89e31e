"""Staff books for a caller: dates, rooms, who stays, how it is to be paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain.actors import Role
from booking.domain.people import undeliverable
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Order, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.admin.staff import working
from tests.cases import each
from tests.cast import VISA, a_room, acting, all_at_once, beside, count, in_days, nights_of, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

NEW = "/admin/bookings/new"


@pytest.fixture
def at_work(app: Flask, bob: User, room: Room) -> Visitor:
    return working(app, bob, Role.DESK, room)


def dates(start: int = 30, guests: int = 2) -> dict[str, str]:
    stay = in_days(start)
    return {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat(), "guests": str(guests)}


def asked(**changes: str) -> str:
    return f"{NEW}?" + "&".join(f"{name}={value}" for name, value in (dates() | changes).items())


def filled(room: Room, price: str = "360", **typed: str) -> dict[str, Any]:
    key = encode("room", room.id)
    caller = {"fullName": "Carol Calls", "email": "carol@example.com", "phone": "+32 3 123 45 67", "how": "desk"}
    return dates() | {"room": key, "shown": f"{key}={price}"} | caller | typed


@transaction
def the_order() -> Order:
    return db.session.query(Order).one()


def test_first_the_dates_are_asked(at_work: Visitor) -> None:
    visitor = at_work.go(NEW)
    assert (visitor.status, visitor.heading) == (200, "New booking")
    assert visitor.page.select("[name=fullName]") == []


def test_free_rooms_are_offered_with_what_they_cost(
    at_work: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    beside(room, "Room 2", 90)
    taken = beside(room, "Room 3", 90)
    bookings.book(acting(alice), order(alice, taken), VISA, desk)
    offered = [one.get_text(" ", strip=True) for one in at_work.go(asked()).page.select(".desk-rooms li")]
    assert offered == ["Room 2 4 guests €270", "Room with a view 4 guests €360"]


def test_where_nothing_is_free_the_calendar_is_a_way_on(at_work: Visitor) -> None:
    visitor = at_work.go(asked(guests="5"))
    assert "No rooms available" in visitor.text
    assert visitor.page.select("[name=fullName]") == []


def test_the_booking_is_confirmed_and_shown(at_work: Visitor, room: Room) -> None:
    at_work.go(asked()).send(NEW, filled(room, note="by phone"))
    assert at_work.heading == "Carol Calls"
    assert "The booking is confirmed. The guest gets an email." in at_work.text
    assert at_work.page.select_one('.notice a[href="#received-amount"]') is not None
    made = the_order()
    assert (made.channel, made.guarantee, made.guarantee_note, made.owed) == ("desk", "desk", "by phone", Decimal(360))
    assert set(nights_of(room).values()) == {"booked"}


WRONG = [
    ({"fullName": ""}, "Name"),
    ({"email": "nowhere"}, "Email"),
    ({"email": "", "phone": ""}, "Enter a phone number or an email"),
    ({"phone": "call me"}, "Phone"),
    ({"phone": "0131 2"}, "Phone must be a phone number"),
    ({"room": ""}, "Room"),
    ({"how": "barter"}, "How"),
    ({"shown": "nonsense"}, "This page was out of date."),
]


@each("typed, named", WRONG)
def test_what_is_wrong_is_named_and_what_was_typed_stays(
    at_work: Visitor, room: Room, typed: dict[str, str], named: str
) -> None:
    visitor = at_work.go(asked()).send(NEW, filled(room) | typed)
    assert visitor.status == 400
    assert [problem.startswith(named) for problem in visitor.problems] == [True], visitor.problems
    shown = visitor.page.select_one("[name=note]") if "fullName" in typed else visitor.page.select_one("#f-fullName")
    assert shown is not None
    assert "fullName" in typed or shown["value"] == "Carol Calls"
    assert nights_of(room) == {}


def test_dates_that_make_no_stay_are_named(at_work: Visitor) -> None:
    visitor = at_work.go(asked(checkOut=in_days(30).check_in.isoformat()))
    assert visitor.status == 400
    assert visitor.problems == ["Check-in must be before check-out."]


def test_a_price_that_has_changed_is_shown_first(at_work: Visitor, room: Room) -> None:
    visitor = at_work.go(asked()).send(NEW, filled(room, price="300"))
    assert visitor.status == 409
    assert "price" in visitor.problems[0].lower()
    assert nights_of(room) == {}


@each("which", ["none", "another"])
def test_a_room_that_was_not_shown_is_not_booked(at_work: Visitor, room: Room, which: str) -> None:
    other = beside(room, "Room 2", 90)
    shown = "" if which == "none" else f"{encode('room', other.id)}=270"
    at_work.go(asked()).send(NEW, filled(room, shown=shown))
    assert (at_work.status, nights_of(room)) == (409, {})


def test_a_room_that_is_gone_is_offered_no_more(
    at_work: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    other = beside(room, "Room 2", 90)
    at_work.go(asked())
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    at_work.send(NEW, filled(room))
    assert at_work.status == 409
    assert [one["value"] for one in at_work.page.select("[name=room]")] == [encode("room", other.id)]
    assert count(Booking, user_id=None) == 0


def test_pressed_twice_the_room_is_booked_once(app: Flask, at_work: Visitor, room: Room) -> None:
    at_work.go(asked())
    fields = filled(room) | {"csrf_token": at_work.token()}

    def press() -> int:
        return at_work.copy().post(NEW, data=fields).status_code

    assert sorted(all_at_once(app, [press, press]))[0] == 303
    assert count(Booking) == 1


def test_rooms_of_another_house_cannot_be_booked(at_work: Visitor) -> None:
    other = a_room()
    at_work.go(asked()).send(NEW, filled(other))
    assert at_work.status == 404
    assert nights_of(other) == {}
    assert at_work.go(f"{NEW}?property={encode('property', other.property_id)}").status == 404


def test_housekeeping_books_nothing(app: Flask, bob: User, room: Room) -> None:
    visitor = working(app, bob, Role.HOUSEKEEPING, room)
    assert visitor.go(asked()).status == 404


def test_the_caller_is_found_by_name_phone_and_email(at_work: Visitor, room: Room) -> None:
    at_work.go(asked()).send(NEW, filled(room))
    for said in ("carol", "123 45 67", "carol@example.com"):
        assert "Carol Calls" in at_work.go(f"/admin/bookings?q={said}").text, said


def test_a_caller_is_sent_a_link_to_pay_by(at_work: Visitor, room: Room) -> None:
    at_work.go(asked()).post(NEW, **filled(room, how="link"), csrf_token=at_work.token())
    assert at_work.status == 200
    assert "Its guest gets an email, and another one with a link to pay by." in at_work.text
    assert (the_order().guarantee, count(Event, type="payment.requested")) == ("later", 1)


def test_without_an_email_no_link_can_be_sent(at_work: Visitor, room: Room) -> None:
    at_work.go(asked()).post(NEW, **filled(room, how="link", email=""), csrf_token=at_work.token())
    assert (at_work.status, at_work.problems, count(Booking)) == (400, ["Email is missing."], 0)


def test_where_no_email_arrives_the_booking_stands_and_it_is_said(at_work: Visitor, room: Room, alice: User) -> None:
    undeliverable.note(alice.email, "550 5.1.1")
    at_work.go(asked()).post(NEW, **filled(room, how="link", email=alice.email), csrf_token=at_work.token())
    assert "The booking is confirmed, but no link to pay by could be sent." in at_work.text
    assert "Emails to alice@example.com come back" in at_work.text
    assert (count(Booking), count(Event, type="payment.requested")) == (1, 0)
