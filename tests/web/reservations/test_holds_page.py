"""The page that is shown instead of one hold too many: pay for one, or release it and go on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from booking.domain import reservations
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import AN_HOUR, VISA, a_room, acting, count, in_days, later, order, payments_of, reload
from tests.web.visitor import Visitor


def the_stay() -> Stay:
    return in_days(30)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def reserve_url(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}/reserve"


def reserve(guest: Visitor, room: Room) -> Visitor:
    dates = f"checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests=2"
    return guest.go(f"/rooms/{encode('room', room.id)}?{dates}").send(reserve_url(room))


def with_three_holds(guest: Visitor) -> list[str]:
    rooms = [a_room(name=f"Room {number}") for number in range(3)]
    return [reserve(guest, room).url for room in rooms]


def test_a_fourth_hold_shows_the_three_with_ways_to_pay_or_release_them(guest: Visitor, room: Room) -> None:
    held = with_three_holds(guest)
    reserve(guest, room)
    assert (guest.status, guest.heading) == (409, "You already have rooms on hold")
    assert "We can hold up to 3 unpaid rooms" in guest.text
    assert [url for url in guest.links() if url.startswith("/checkout/")] == held
    assert all(guest.form(f"{url}/release") for url in held)
    assert "Room 0" in guest.text
    assert "Room with a view" in guest.text


def test_releasing_one_there_leads_back_to_the_room_that_was_wanted(guest: Visitor, room: Room) -> None:
    held = with_three_holds(guest)
    reserve(guest, room).send(f"{held[0]}/release")
    assert (guest.heading, urlsplit(guest.url).path) == ("Reserve this room?", reserve_url(room))
    guest.send(reserve_url(room))
    assert guest.heading == "Review and pay"
    assert count(Booking, status="PENDING") == 3
    guest.go(held[0])
    assert guest.heading == "This reservation has ended"


def test_a_release_form_that_is_sent_twice_goes_on_all_the_same(guest: Visitor, room: Room) -> None:
    held = with_three_holds(guest)
    reserve(guest, room)
    again = guest.copy()
    fields = {str(one["name"]): str(one["value"]) for one in guest.form(f"{held[0]}/release").select("input[name]")}
    statuses = [again.post(f"{held[0]}/release", data=fields).status_code for _ in range(2)]
    assert statuses == [303, 303]


def test_nobody_releases_somebody_elses_hold(guest: Visitor, app: Flask, bob: User, room: Room) -> None:
    reserve(guest, room)
    stranger = Visitor(app).sign_in("bob")
    stranger.post(f"{guest.url}/release", roomId=encode("room", room.id))
    assert count(Booking, status="PENDING") == 1


def test_what_is_paid_while_it_is_released_stays_booked(
    app: Flask, alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    page = f"/checkout/{encode('booking', held.id)}"
    tab = Visitor(app).sign_in("alice").go(page)
    release = reservations.release_hold

    def paid_before(*call: Any) -> Any:  # in another tab, after this one has looked
        bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)
        return release(*call)

    monkeypatch.setattr(reservations, "release_hold", paid_before)
    tab.send(f"{page}/release")
    assert reload(held).status == "CONFIRMED"
    assert [one.kind for one in payments_of(held)] == ["charge"]


@each("over", ["by another press", "by time"])
def test_what_is_over_just_before_it_is_released_is_released(
    app: Flask, alice: User, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, over: str
) -> None:
    held = holds.reserve(acting(alice), order(alice, a_room(), in_days(30)), desk)
    page = f"/checkout/{encode('booking', held.id)}"
    tab = Visitor(app).signed_in(alice).go(page)
    release = reservations.release_hold

    def over_before(*call: Any) -> Any:  # after this tab has looked
        if over == "by time":
            later(AN_HOUR)
        else:
            release(*call)
        return release(*call)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(reservations, "release_hold", over_before)
        assert tab.send(f"{page}/release").url.startswith("/rooms/")
    assert count(Booking, status="CONFIRMED") == 0
