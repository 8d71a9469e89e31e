"""Pages of a booking that is one of several in its order: they say so, and pay for all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask

from booking.domain import inventory, payments
from booking.domain.errors import RoomNotAvailable
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Room, User
from booking.infra.db import transaction
from booking.infra.ids import encode
from tests.cast import DECLINED, SYSTEM, VISA, a_room, acting, beside, in_days, interrupted, order, order_of, reload
from tests.web.visitor import Visitor


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def held(alice: User, room: Room, desk: BookingContext) -> Lines:
    rooms = [room, beside(room, "Suite", 80), beside(room, "Attic", 50)]
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in rooms)
    return bookings.hold_all(acting(alice), OrderRequest(alice.id, items), desk)


def charged_too_late(alice: User, room: Room, desk: BookingContext) -> Lines:
    """One of the rooms is gone when the money comes."""
    several = held(alice, room, desk)

    @transaction
    def gone(_: object) -> None:
        inventory.release_nights(SYSTEM, several[2].id)

    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), several[0].id, VISA, Decimal(750), interrupted(desk, gone))
    return several


def checkout(booking: Booking) -> str:
    return f"/checkout/{encode('booking', booking.id)}"


def page_of(booking: Booking, rest: str = "") -> str:
    return f"/bookings/{encode('booking', booking.id)}{rest}"


@pytest.fixture
def vouched(alice: User, room: Room, desk: BookingContext) -> Lines:
    """750 EUR by transfer, of which 500 have come; each room is cancelled without cost until the day before."""
    several = held(alice, room, desk)
    guarantees.guarantee(SYSTEM, several[0].order_id, "transfer")
    payments.record_received(SYSTEM, several[0].order_id, Decimal(500), by="transfer", reference="r1")
    return several


def test_a_hold_of_several_rooms_is_paid_for_from_any_of_its_pages(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    said = guest.go(f"/checkout/{encode('booking', several[1].id)}").text
    assert f"One of 3 rooms, order {several[0].reference}" in said
    assert f"All rooms of order {several[0].reference}" in said
    for fact in ("Room with a view", "Suite", "Attic", "Total for all rooms €750", "Pay €750"):
        assert fact in said, fact
    guest.send(f"/checkout/{encode('booking', several[1].id)}", paymentMethodId=VISA)
    assert {reload(one).status for one in several} == {"CONFIRMED"}
    for one in several:
        here = f"/bookings/{encode('booking', one.id)}"
        assert f"One of 3 rooms, order {several[0].reference}" in guest.go(here).text
        assert [guest.go(f"{here}/{page}").status for page in ("receipt", "cancel")] == [200, 200]


def test_reserving_one_of_the_rooms_for_other_dates_gives_none_of_the_others_back(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    stay = in_days(31)
    dates = {"checkIn": stay.check_in.isoformat(), "checkOut": stay.check_out.isoformat()}
    guest.post(f"/rooms/{encode('room', room.id)}/reserve", **dates, guests=2)
    assert {reload(one).status for one in several} == {"PENDING"}


def test_a_declined_card_is_told_of_and_the_next_one_pays_for_all(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    guest.go(checkout(several[2])).send(checkout(several[2]), paymentMethodId=DECLINED)
    assert "Your card was declined" in guest.text
    guest.send(checkout(several[2]), paymentMethodId=VISA)
    assert {reload(one).status for one in several} == {"CONFIRMED"}
    assert order_of(several[0]).paid == 750


def test_one_of_the_rooms_or_all_are_released(guest: Visitor, alice: User, room: Room, desk: BookingContext) -> None:
    several = held(alice, room, desk)
    guest.go(checkout(several[1])).press("Release this room only")
    assert [reload(one).status for one in several] == ["PENDING", "CANCELLED", "PENDING"]
    assert guest.url == checkout(several[0])
    assert f"One of 2 rooms, order {several[0].reference}" in guest.text
    assert ("Suite" in guest.text, "Pay €510" in guest.text) == (False, True)
    stale = Visitor(guest.client.application).signed_in(alice).go(guest.url)
    guest.press("Release all rooms")
    assert {reload(one).status for one in several} == {"CANCELLED"}
    assert guest.url.startswith(f"/rooms/{encode('room', room.id)}")
    stale.press("Release all rooms")  # pressed twice
    assert stale.url == guest.url
    guest.go(checkout(several[1]))
    assert "You released the room before paying." in guest.text


def test_a_room_that_was_released_is_not_among_what_is_paid(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    guest.go(checkout(several[1])).press("Release this room only")
    guest.send(checkout(several[0]), paymentMethodId=VISA)
    assert "Total for all rooms €510 Paid €510" in guest.text
    guest.go(checkout(several[1]))
    assert "You released the room before paying." in guest.text
    assert "You’ve been charged" not in guest.text


def test_what_is_paid_and_due_is_said_of_the_whole_order(guest: Visitor, vouched: Lines) -> None:
    for one in vouched:
        for rest in ("", "/receipt"):
            said = guest.go(page_of(one, rest)).text
            assert "Total for this room" in said
            assert "Total for all rooms €750 Paid €500 To pay by bank transfer €250" in said, (rest, said)
            assert "Total paid" not in said
    suite = guest.go(page_of(vouched[1])).page
    assert {page_of(vouched[0]), page_of(vouched[2])} <= {str(link["href"]) for link in suite.select("a[href]")}


def test_what_was_paid_by_card_is_said_of_the_whole_order(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    guest.go(checkout(several[0])).send(checkout(several[0]), paymentMethodId=VISA)
    assert "Total for this room €360" in guest.text
    assert "Total for all rooms €750 Paid €750" in guest.text
    guest.go(page_of(several[1], "/cancel"))
    assert "You’ll get €240 back That’s the full price of this room." in guest.text
    guest.send(page_of(several[1], "/cancel"))
    assert "You’ll get a full refund of €240." in guest.text
    assert "Total for all rooms €510 Paid €750 Refunds €240" in guest.go(page_of(several[2])).text


def test_cancelling_one_says_what_comes_back_of_it_and_what_stays_due(guest: Visitor, vouched: Lines) -> None:
    said = guest.go(page_of(vouched[1], "/cancel")).text
    assert "Nothing to refund You’ve paid €500 for the whole order." in said
    assert "If you cancel this room, the order costs €510." in said
    assert "For the whole order, €10 is then still to pay." in said
    assert "stays due" not in said
    said = guest.go(page_of(vouched[0], "/cancel")).text
    assert "You’ll get €110 back You’ve paid €500 for the whole order." in said
    assert "If you cancel this room, the order costs €390. It goes back the way you paid." in said
    assert "still to pay" not in said
    guest.send(page_of(vouched[0], "/cancel"))
    assert "You’ll get a refund of €110 for this room. It goes back the way you paid." in guest.text
    for one in vouched:
        assert "Total for all rooms €390 Paid €500 Refunds €110" in guest.go(page_of(one)).text
    guest.go(page_of(vouched[2], "/cancel"))
    assert "You’ll get €150 back That’s the full price of this room." in guest.text


def test_lists_show_which_order_a_room_is_of_and_what_is_to_be_paid_for_all(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    said = guest.go("/bookings").text
    assert said.count(f"One of 3 rooms, order {several[0].reference}") == 3
    assert said.count("To pay for all rooms: €750") == 3
    guest.go(checkout(several[0])).send(checkout(several[0]), paymentMethodId=VISA)
    said = guest.go("/bookings").text
    assert said.count(f"One of 3 rooms, order {several[0].reference}") == 3
    assert "To pay" not in said


def test_money_that_came_too_late_for_all_rooms_is_told_as_one_sum(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = charged_too_late(alice, room, desk)
    said = guest.go("/bookings?show=cancelled").text
    assert "Refund: €750" in said
    for one in several:
        assert "You’ve been charged €750; a full refund is on its way." in guest.go(checkout(one)).text


def test_an_order_is_one_of_the_holds_that_a_guest_may_have_and_is_released_as_a_whole(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    several = held(alice, room, desk)
    for _ in range(2):
        holds.reserve(acting(alice), order(alice, a_room()), desk)
    another = f"/rooms/{encode('room', a_room().id)}"
    stay = in_days(30)
    guest.go(f"{another}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2").send(f"{another}/reserve")
    assert guest.heading == "You already have rooms on hold"
    assert len([url for url in guest.links() if url.startswith("/checkout/")]) == 3
    assert f"One of 3 rooms, order {several[0].reference} To pay for all rooms: €750" in guest.text
    guest.press("Release all rooms")
    assert {reload(one).status for one in several} == {"CANCELLED"}
    assert guest.heading == "Reserve this room?"
