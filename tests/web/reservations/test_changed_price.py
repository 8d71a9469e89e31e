"""A price that changed between looking at a room and reserving it is told, with the one that was seen."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from flask import Flask

from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from tests.cast import PASSWORD, count
from tests.quick import first_quick
from tests.web.reservations.test_checkout import reserve, reserve_url, room_url, the_booking
from tests.web.visitor import Visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


@transaction
def price_of(room: Room, price: int) -> None:
    db.session.get_one(Room, room.id).price_per_night = Decimal(price)


@pytest.mark.parametrize(("price", "now"), [(150, "€450"), (100, "€300")])
def test_a_price_that_changed_between_looking_and_reserving_is_told_once(
    guest: Visitor, room: Room, price: int, now: str
) -> None:
    guest.go(room_url(room))
    price_of(room, price)
    guest.send(reserve_url(room))
    assert (guest.heading, the_booking().status) == ("Review and pay", "PENDING")
    assert "The price has changed" in guest.text
    assert f"It was €360 when you chose the room, and it’s now {now}." in guest.text
    assert f"Pay {now}" in guest.text
    assert "The price has changed" not in guest.go(guest.url).text


@pytest.mark.parametrize("sent", first_quick(["360.00", "360", "", "NaN", "-1", "9" * 40, "three"]))
def test_the_same_price_or_none_that_can_be_read_tells_no_change(guest: Visitor, room: Room, sent: str) -> None:
    guest.go(room_url(room)).send(reserve_url(room), shownTotal=sent)
    assert guest.heading == "Review and pay"
    assert "The price has changed" not in guest.text


def test_a_price_that_changed_while_signing_in_is_told_before_reserving(
    visitor: Visitor, room: Room, alice: User
) -> None:
    reserve(visitor, room)
    price_of(room, 150)
    visitor.send("/sign-in", email=alice.email, password=PASSWORD)
    assert (visitor.heading, count(Booking)) == ("Reserve this room?", 0)
    assert "It was €360 when you chose the room, and it’s now €450." in visitor.text
    visitor.send(reserve_url(room))
    assert visitor.heading == "Review and pay"
    assert "The price has changed" not in visitor.text


def test_a_price_that_changed_on_the_page_that_asks_is_told_too(guest: Visitor, room: Room) -> None:
    guest.go(f"{reserve_url(room)}?{urlsplit(room_url(room)).query}")
    price_of(room, 150)
    guest.send(reserve_url(room))
    assert "It was €360 when you chose the room, and it’s now €450." in guest.text
