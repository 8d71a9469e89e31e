"""The guest register at the desk."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from booking.admin import registers
from booking.domain.actors import Role
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from tests.admin.staff import at_work, statements
from tests.admin.test_booking_page import at
from tests.cast import SYSTEM, a_room, beside, later
from tests.domain.reservations.test_guest_erasure import called

pytestmark = pytest.mark.slow

ANNA = {
    "fullName-1": "Anna Karlsson",
    "nationality-1": "Sweden",
    "birthDate-1": "1988-02-29",
    "documentType-1": "passport",
    "documentNumber-1": "AA0123456",
}


@pytest.fixture
def room(app: Flask) -> Room:
    return a_room(address={"city": "Lisbon", "country": "Portugal"})


def afternoon_of(booking: Booking) -> None:
    """The day of arrival, at the property."""
    later(dt.datetime.combine(booking.check_in, dt.time(16), tzinfo=ZoneInfo(booking.time_zone)) - clock.now())


def test_from_todays_list_to_the_saved_register(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    booking = called(desk, room, start=1)
    afternoon_of(booking)
    clerk = at_work(app, bob, Role.DESK, room)
    presence.check_in(SYSTEM, booking.id, desk)  # an empty register is in nobody's way
    link = clerk.go("/admin/").page.select_one(".day-register")
    assert link is not None
    assert (link["href"], link.get_text()) == (at(booking, "register"), "2 to register: Dana Dials")
    clerk.go(at(booking, "register")).send(at(booking, "register"), ANNA)
    assert (clerk.status, clerk.url) == (200, at(booking, "register"))
    assert "The register is saved." in clerk.text
    shown = clerk.page.select_one("[name=nationality-1]")
    assert shown is not None
    assert shown["value"] == "Sweden"
    printed = clerk.page.select_one(".print-only")
    assert printed is not None
    assert "Anna Karlsson Sweden 1988-02-29 Passport AA0123456" in " ".join(printed.get_text(" ").split())
    assert "1 to register" in clerk.go("/admin/").text
    assert "AA0123456" not in clerk.go(at(booking)).text
    assert "Guest register seen" in clerk.text


WRONG: dict[str, dict[str, Any]] = {
    "Nationality must be a country such as Belgium, or its code, such as BE.": {"nationality-1": "Atlantis"},
    "Document is missing.": {"documentType-1": ""},
    "Booking was modified by another process": {"version": "7"},
    "Name is missing.": {"fullName-1": ""},
}


def test_what_is_wrong_is_named_and_what_was_typed_stays(
    app: Flask, bob: User, room: Room, desk: BookingContext
) -> None:
    booking, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    for told, typed in WRONG.items():
        clerk.go(at(booking, "register")).send(at(booking, "register"), ANNA | typed)
        assert [one.rstrip(".") for one in clerk.problems] == [told.rstrip(".")]
        assert clerk.status in (400, 409)
        kept = clerk.page.select_one("[name=documentNumber-1]")
        assert kept is not None
        assert kept["value"] == "AA0123456"


@pytest.mark.parametrize("count", ["", "one", "²", "9" * 5000])
def test_a_form_that_does_not_say_how_many_guests_it_holds_empties_no_register(
    app: Flask, bob: User, room: Room, desk: BookingContext, count: str
) -> None:
    booking, clerk = called(desk, room), at_work(app, bob, Role.DESK, room)
    page = at(booking, "register")
    clerk.go(page).send(page, ANNA)
    clerk.send(page, ANNA | {"guests": count})
    assert clerk.status == 409
    assert "Anna Karlsson" in clerk.go(page).text


def test_where_nothing_is_asked_there_is_no_link_and_no_page(app: Flask, bob: User, desk: BookingContext) -> None:
    here = a_room()
    booking, clerk = called(desk, here), at_work(app, bob, Role.DESK, here)
    assert "Guest register" not in clerk.go(at(booking)).text
    clerk.go(at(booking, "register"))
    assert clerk.status == 409
    assert "No guest register is asked for" in clerk.text


def test_todays_list_costs_no_more_with_registers(app: Flask, bob: User, room: Room, desk: BookingContext) -> None:
    afternoon_of(called(desk, room, start=1))
    clerk = at_work(app, bob, Role.DESK, room)

    def look() -> object:
        return clerk.go("/admin/")

    look()
    few = statements(look)
    for number in range(2):
        called(desk, beside(room, f"Room {number}", 90), start=1)
    assert statements(look) == few
    assert len(clerk.page.select(".day-register")) == 3


def test_a_country_that_needs_an_article_has_one(app: Flask) -> None:
    with app.test_request_context():
        assert [registers._of_country(code) for code in ("GB", "IT")] == ["the United Kingdom", "Italy"]
