"""The page of a booking where its order has a second room; and in which order its sections stand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.actors import Role
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import SYSTEM, beside
from tests.domain.reservations.test_desk_bookings import booked as booked_at_desk
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


def test_of_two_rooms_one_is_cancelled_by_its_name_and_the_other_stays(
    clerk: Visitor, room: Room, desk: BookingContext
) -> None:
    second = beside(room, "Room 2", 90)
    one, other = booked_at_desk(desk, room, second).bookings
    assert "Cancel this room" in clerk.go(at(one)).text
    clerk.go(at(one, "cancel"))
    buttons = [button.get_text(strip=True) for button in clerk.page.select(".actions .button")]
    assert (clerk.heading, buttons) == ("Cancel this room?", ["Cancel this room", "Keep this room"])
    assert f"The rest of the order stays: {other.room_name}." in clerk.text
    clerk.send(at(one, "cancel"))
    assert f"{one.room_name} is cancelled. The rest of the order stays: {other.room_name}." in clerk.text
    assert clerk.page.select("#act-received, #act-paylink") == []
    assert f"is due for the order: go to {other.room_name}" in clerk.text
    assert clerk.go(at(other)).page.select("#act-received") != []
    assert "Cancel the booking" in clerk.text, "it is the last one now"


def test_the_history_of_an_order_of_two_names_the_room(clerk: Visitor, room: Room, desk: BookingContext) -> None:
    made = booked_at_desk(desk, room, beside(room, "Room 2", 90)).bookings
    payments.record_received(SYSTEM, made[0].order_id, Decimal("0.50"), by="desk", reference="coins")
    payments.record_received(SYSTEM, made[0].order_id, Decimal(10), by="desk", reference="note")
    told = [one.get_text(" ", strip=True) for one in clerk.go(at(made[0])).page.select("ol.desk-events li")]
    for action in ("Room held", "Booking confirmed"):
        about = [one for one in told if one.startswith(action)]
        named = {one.room_name: sum(f"Room: {one.room_name}" in entry for entry in about) for one in made}
        assert named == {one.room_name: 1 for one in made}, action
    assert [one for one in told if "€10.00" in one], "as the ledger writes it, beside €0.50"


def test_money_stands_above_an_empty_box_for_notes_and_says_how_it_is_to_be_paid_while_it_is(
    clerk: Visitor, room: Room, desk: BookingContext
) -> None:
    [due] = booked_at_desk(desk, room, note="rings at ten").bookings

    def sections() -> list[str]:
        return [str(one["aria-labelledby"]) for one in clerk.go(at(due)).page.select("section[aria-labelledby]")]

    assert sections().index("money") < sections().index("notes")
    assert "To be paid" in money_told(clerk)
    payments.record_received(SYSTEM, due.order_id, Decimal(360), by="desk", reference="receipt")
    clerk.send(at(due, "notes"), text="Wants the cot")
    assert sections().index("notes") < sections().index("money")
    assert "To be paid" not in money_told(clerk)
    assert "rings at ten" in money_told(clerk), "the note about the payment stays"


def money_told(visitor: Visitor) -> str:
    section = visitor.page.select_one("section[aria-labelledby=money]")
    assert section is not None
    return section.get_text(" ", strip=True)
