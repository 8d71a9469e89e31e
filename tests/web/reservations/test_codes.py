"""A code at the checkout: typed, told with its name, taken back; what is wrong with it is said, and nothing is lost."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.reservations import holds
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import DECLINED, VISA, acting, in_days, later, order, reload
from tests.promotions import promotion, uses
from tests.web.visitor import Visitor


@pytest.fixture
def held(alice: User, room: Room, desk: BookingContext) -> Booking:
    return holds.reserve(acting(alice), order(alice, room, in_days(30)), desk)


def checkout(held: Booking) -> str:
    return f"/checkout/{encode('booking', held.id)}"


def at_checkout(app: Flask, guest: User, held: Booking) -> Visitor:
    return Visitor(app).signed_in(guest).go(checkout(held))


def text_of(visitor: Visitor) -> str:
    return " ".join(visitor.page.get_text(" ").split())


def test_a_code_is_used_told_by_its_name_and_paid_without(app: Flask, alice: User, held: Booking) -> None:
    promotion()
    guest = at_checkout(app, alice, held).press("Use this code", code=" spring ", paymentMethodId=DECLINED)
    assert "Spring sale is taken off the price." in text_of(guest)
    assert "€324" in text_of(guest)
    assert reload(held).total_price == 324
    assert guest.page.select_one(f"input[value={DECLINED}][checked]") is not None
    guest.press("Remove it")
    assert reload(held).total_price == 360
    guest.press("Use this code", code="SPRING").press("Pay €324", paymentMethodId=VISA)
    assert reload(held).status == "CONFIRMED"
    assert "Spring sale" in text_of(guest)


def test_a_code_for_all_of_it_needs_no_card(app: Flask, alice: User, held: Booking) -> None:
    promotion(percent=100)
    at_checkout(app, alice, held).press("Use this code", code="SPRING").press("Confirm booking")
    assert (reload(held).status, int(reload(held).total_price)) == ("CONFIRMED", 0)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Code "),
        ("WINTER", "We don’t know this code; check how it is spelt."),
        ("LONG", "This code is for stays of 9 nights or more."),
    ],
)
def test_a_code_that_is_refused_says_why_and_stays_typed(
    app: Flask, alice: User, held: Booking, typed: str, told: str
) -> None:
    promotion(code="LONG", minNights=9)
    guest = at_checkout(app, alice, held).press("Use this code", code=typed, paymentMethodId=DECLINED)
    assert guest.status == 400
    assert told in text_of(guest)
    assert guest.page.select_one(f"input[name=code][value='{typed}']") is not None
    assert guest.page.select_one(f"input[value={DECLINED}][checked]") is not None
    assert reload(held).total_price == 360


def test_a_stranger_and_a_hold_that_is_over_take_no_code(
    app: Flask, alice: User, bob: User, held: Booking, desk: BookingContext
) -> None:
    promotion()
    guest = at_checkout(app, alice, held)
    assert Visitor(app).signed_in(bob).go(checkout(held)).status == 404
    later(desk.hold_for)
    assert guest.press("Use this code", code="SPRING").status == 409
    assert reload(held).promotion_id is None


def reserved(app: Flask, guest: User, room: Room, stay: Stay) -> Visitor:
    """The room's page, and its button."""
    address, dates = f"/rooms/{encode('room', room.id)}", f"checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2"
    return Visitor(app).signed_in(guest).go(f"{address}?{dates}").send(f"{address}/reserve")


def test_other_dates_keep_the_code(app: Flask, alice: User, room: Room, held: Booking) -> None:
    spring = promotion(mostUses=1)
    at_checkout(app, alice, held).press("Use this code", code="SPRING")
    guest = reserved(app, alice, room, in_days(31))
    assert "Spring sale is taken off the price." in text_of(guest)
    assert "The price has changed" not in text_of(guest)
    assert (reload(held).status, uses(spring)) == ("CANCELLED", 1)
    guest.press("Pay €324", paymentMethodId=VISA)
    assert (guest.heading, uses(spring)) == ("You’re booked", 1)


def test_dates_for_which_a_code_is_not_to_be_had_say_why(app: Flask, alice: User, room: Room, held: Booking) -> None:
    spring = promotion(minNights=3)
    at_checkout(app, alice, held).press("Use this code", code="SPRING")
    guest = reserved(app, alice, room, in_days(31, 2))
    assert "Your promotion code is not kept for these dates" in text_of(guest)
    assert "This code is for stays of 3 nights or more. The total is €240." in text_of(guest)
    assert uses(spring) == 0
    assert "not kept" not in text_of(guest.go(guest.url))
