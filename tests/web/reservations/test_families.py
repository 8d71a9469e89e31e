"""Families as guests of the pages: ages and extras from the search to the booking, all of it without a script."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import reservations
from booking.domain.reservations import BookingContext, BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.api.test_guests_by_age import coming, for_families, nights, rule_of
from tests.cast import acting
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def family(room: Room) -> Room:
    return for_families(room)


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


def stay() -> Any:
    return nights(coming(1), 3)


def dates() -> str:
    return f"checkIn={stay().check_in}&checkOut={stay().check_out}"


def page_of(room: Room, more: str = "") -> str:
    return f"/rooms/{encode('room', room.id)}?{dates()}&guests=3{more}"


def reserving(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}/reserve"


def the_booking() -> Booking:
    db.session.expire_all()
    return db.session.scalars(select(Booking).where(Booking.cancelled_at.is_(None))).one()


def test_a_family_is_asked_for_ages_and_pays_what_its_card_said_and_the_extras_it_chose(
    guest: Visitor, family: Room
) -> None:
    guest.go(f"/rooms?location=antwerp&{dates()}&capacity=3&children=1")
    assert (guest.status, guest.problems) == (400, ["Choose the age of each child: it may change the price."])
    assert len(guest.page.select(".search [data-ages] select")) == 1
    guest.go(f"/rooms?location=antwerp&{dates()}&capacity=3&children=1&childrenAges=4")
    [card] = guest.page.select(".room-card")
    assert "€398" in card.get_text()
    assert "2 adults, 1 child (4)" in guest.text
    guest.go(str(card.select("a")[0]["href"]))
    assert "€398" in guest.text
    assert "Breakfast €12.50 for each guest and night +€112.50" in guest.text
    breakfast = rule_of(family, "Breakfast")
    guest.go(page_of(family, f"&children=1&childrenAges=4&extras=&extras={breakfast}"))
    assert "€510.50" in guest.text
    guest.send(reserving(family))
    booking = the_booking()
    assert (booking.children_ages, booking.extras, int(booking.total_price)) == ([4], (breakfast,), 510)
    for text in ("2 adults, 1 child (4)", "Breakfast", "€510.50", "Change guests or extras"):
        assert text in guest.text
    guest.send(f"/checkout/{encode('booking', booking.id)}", paymentMethodId="pm_card_visa")
    where = f"/bookings/{encode('booking', booking.id)}"
    for page in (where, f"{where}/receipt", f"{where}/cancel"):
        assert "€510.50" in guest.go(page).text, page
    assert "2 adults, 1 child (4)" in guest.go(f"{where}/receipt").text


def test_a_programs_hold_with_children_and_extras_is_reserved_again_as_it_is_and_changed_where_that_is_said(
    guest: Visitor, family: Room, alice: User, desk: BookingContext
) -> None:
    chosen = rule_of(family, "Pet"), rule_of(family, "Breakfast")
    wanted = BookingRequest(alice.id, family.id, stay(), 3, children=(4,), extras=chosen)
    held = reservations.reserve(acting(alice), wanted, desk)
    guest.go(page_of(family))
    assert "You’re holding these nights" in guest.text
    assert "Change to" not in guest.text
    fields = {"checkIn": stay().check_in, "checkOut": stay().check_out, "guests": 3}
    token = {"csrf_token": guest.token()}
    guest.client.post(reserving(family), data=fields | token)
    assert (the_booking().id, the_booking().children, set(the_booking().extras)) == (held.id, (4,), set(chosen))
    guest.go(page_of(family, f"&childrenAges=4&extras={chosen[1]}")).press("Change the extras")
    assert (the_booking().id, the_booking().extras) == (held.id, chosen[1:])
    guest.go(page_of(family, "&children=0&extras=")).press("Change to 3 guests")
    assert (the_booking().id, the_booking().children, the_booking().extras) == (held.id, (), ())


def test_wrong_ages_lose_nothing_typed_and_an_extra_that_is_gone_was_not_chosen(guest: Visitor, family: Room) -> None:
    gone = encode("rate", family.id)
    for more, problem in (
        ("&children=2&childrenAges=4", "Choose the age of each child: it may change the price."),
        ("&childrenAges=99", "Ages of children must be whole numbers from 0 to 17, such as 4, 7."),
        ("&childrenAges=1,2,3,4", "Children are among the guests, of whom there are only 3."),
    ):
        guest.go(page_of(family, more))
        assert (guest.status, guest.problems) == (400, [problem])
        assert guest.page.select_one(f"[name=checkIn][value='{stay().check_in}']")
        posted = guest.client.post(f"{page_of(family, more)}".replace("?", "/reserve?"))
        assert posted.status_code in (303, 400)
    assert guest.go(page_of(family, f"&childrenAges=4&extras={gone}")).status == 200
    assert "€398" in guest.text


def test_after_signing_in_ages_and_extras_are_still_wished_for(app: Flask, family: Room, alice: User) -> None:
    breakfast = rule_of(family, "Breakfast")
    stranger = Visitor(app).go(page_of(family, f"&childrenAges=4,0&extras={breakfast}"))
    stranger.send(reserving(family))
    stranger.send("/sign-in", email="alice@example.com", password="correct horse battery")
    assert the_booking().children == (0, 4)
    assert "1 adult, 2 children (under 1, 4)" in stranger.text


def test_a_baby_more_than_the_room_sleeps_can_be_chosen_and_reserved(guest: Visitor, family: Room) -> None:
    most = family.capacity
    guest.go(f"/rooms/{encode('room', family.id)}?{dates()}&guests={most + 1}&childrenAges=1")
    [chosen] = guest.page.select("#choice [name=guests] option[selected]")
    assert chosen.get_text() == f"{most + 1} guests, one a baby"
    guest.send(reserving(family))
    assert (the_booking().guests, the_booking().children) == (most + 1, (1,))
