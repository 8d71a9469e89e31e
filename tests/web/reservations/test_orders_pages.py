"""Pages of a booking that is one of several in its order: they say so, and pay for all."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.cast import VISA, acting, beside, in_days, reload
from tests.web.visitor import Visitor


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def held(alice: User, room: Room, desk: BookingContext) -> Lines:
    rooms = [room, beside(room, "Suite", 80), beside(room, "Attic", 50)]
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in rooms)
    return bookings.hold_all(acting(alice), OrderRequest(alice.id, items), desk)


def test_a_hold_of_several_rooms_is_paid_for_from_any_of_its_pages(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    order = held(alice, room, desk)
    said = guest.go(f"/checkout/{encode('booking', order[1].id)}").text
    assert f"One of 3 rooms, order {order[0].reference}" in said
    assert "For all rooms of this order: €750" in said
    guest.send(f"/checkout/{encode('booking', order[1].id)}", paymentMethodId=VISA)
    assert {reload(one).status for one in order} == {"CONFIRMED"}
    for one in order:
        here = f"/bookings/{encode('booking', one.id)}"
        assert f"One of 3 rooms, order {order[0].reference}" in guest.go(here).text
        assert [guest.go(f"{here}/{page}").status for page in ("receipt", "cancel")] == [200, 200]


def test_reserving_one_of_the_rooms_for_other_dates_gives_none_of_the_others_back(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    order = held(alice, room, desk)
    stay = in_days(31)
    dates = {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat()}
    guest.post(f"/rooms/{encode('room', room.id)}/reserve", **dates, guests=2)
    assert {reload(one).status for one in order} == {"PENDING"}
