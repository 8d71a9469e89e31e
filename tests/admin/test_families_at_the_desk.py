"""Children by age and extras at the desk: a new booking, its page, the day's arrivals, a change."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.actors import Role
from booking.domain.reservations import BookingContext, BookingRequest, bookings
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.api.test_guests_by_age import coming, for_families, nights, rule_of
from tests.cast import VISA, acting
from tests.domain.reservations.changing import findings
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

NEW = "/admin/bookings/new"


@pytest.fixture
def family(room: Room) -> Room:
    return for_families(room)


@pytest.fixture
def clerk(app: Flask, bob: User, family: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, family)


def stay() -> Any:
    return nights(coming(1), 3)


def dates() -> dict[str, str]:
    return {"checkIn": stay().check_in.isoformat(), "checkOut": stay().check_out.isoformat(), "guests": "3"}


def the_booking() -> Booking:
    db.session.expire_all()
    return db.session.scalars(select(Booking)).one()


def asked(**more: str) -> str:
    return f"{NEW}?" + "&".join(f"{name}={value}" for name, value in (dates() | more).items())


def test_a_family_with_breakfast_is_booked_shown_and_expected(clerk: Visitor, family: Room) -> None:
    breakfast = rule_of(family, "Breakfast")
    clerk.go(asked(childrenAges="4"))
    assert "€398" in clerk.text
    assert "Breakfast, €12.50 for each guest and night" in clerk.text
    clerk.go(asked(childrenAges="4", extras=breakfast))
    assert "€510.50" in clerk.text
    clerk.send(NEW, fullName="Carol Calls", phone="+32 3 123 45 67", how="desk", room=encode("room", family.id))
    booking = the_booking()
    assert (booking.children, booking.extras, str(booking.total_price)) == ((4,), (breakfast,), "510.500")
    assert "2 adults, 1 child (4)" in clerk.text
    day = stay().check_in.isoformat()
    assert "2 adults, 1 child (4)" in clerk.go(f"/admin/?day={day}").text
    assert "2 adults, 1 child (4)" in clerk.go("/admin/bookings").text


def test_ages_that_are_none_are_refused_by_their_field_and_stay_typed(clerk: Visitor) -> None:
    clerk.go(asked(childrenAges="four"))
    assert clerk.problems == ["Ages of children must be whole numbers from 0 to 17, such as 4, 7."]
    assert clerk.page.select_one("[name=childrenAges]")["value"] == "four"  # type: ignore[index]


def test_ages_are_changed_and_taken_back_and_a_change_of_dates_keeps_them(
    clerk: Visitor, family: Room, alice: User, desk: BookingContext
) -> None:
    wanted = BookingRequest(alice.id, family.id, stay(), 3, children=(4,), extras=(rule_of(family, "Pet"),))
    booking = bookings.book(acting(alice), wanted, VISA, desk)
    here = f"/admin/bookings/{encode('booking', booking.id)}/change"
    assert clerk.go(here).page.select_one("[name=childrenAges]")["value"] == "4"  # type: ignore[index]
    assert "This is the stay as it is booked." in clerk.go(f"{here}?childrenAges=4&guests=3").text
    assert "3 guests" in clerk.go(f"{here}?childrenAges=&guests=3").text
    clerk.go(f"{here}?childrenAges=12&guests=3").send(here, how="later")
    assert the_booking().children == (12,)
    assert "Pet" in [line["label"] for line in the_booking().price_lines if line.get("label")]
    clerk.go(f"{here}?childrenAges=12&guests=3&extras=")
    assert clerk.page.select("[name=extras][type=checkbox]")
    clerk.go(f"{here}?childrenAges=12&guests=3&extras=&extras={rule_of(family, 'Breakfast')}").send(here, how="later")
    assert the_booking().extras == (rule_of(family, "Breakfast"),)
    assert findings() == []
