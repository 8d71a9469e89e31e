"""The list of bookings: found, filtered, page by page, as a file."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask

from booking.admin.bookings import safe
from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from tests.admin.staff import at_work, statements
from tests.cases import each
from tests.cast import VISA, a_room, acting, beside, in_days, order, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def clerk(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.DESK, room)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def listed(visitor: Visitor) -> list[str]:
    return [str(one.get_text()) for one in visitor.page.select(".desk-list tbody th .small")]


def test_the_newest_booking_stands_first_and_leads_to_its_page(clerk: Visitor, booked: Booking) -> None:
    clerk.go("/admin/bookings")
    assert listed(clerk) == [booked.reference]
    [link] = clerk.page.select(".desk-list tbody a")
    assert clerk.go(str(link["href"])).heading == "Alice"
    assert clerk.page.select_one('.desk-menu a[aria-current][href="/admin/bookings"]') is not None


def test_search_and_filters_stand_in_the_address(clerk: Visitor, booked: Booking) -> None:
    assert listed(clerk.go(f"/admin/bookings?q={booked.reference[:5]}")) == [booked.reference]
    assert "No booking matches" in clerk.go("/admin/bookings?q=nobody").text
    assert listed(clerk.go("/admin/bookings?state=confirmed&channel=api")) == [booked.reference]
    assert "No booking matches" in clerk.go("/admin/bookings?balance=due").text
    assert clerk.page.select_one("details[open] input[name=balance][checked]") is not None


def test_without_any_booking_the_page_says_so(clerk: Visitor) -> None:
    assert "No bookings yet" in clerk.go("/admin/bookings").text


def test_a_date_that_is_none_is_said_and_what_was_typed_stays(clerk: Visitor, booked: Booking) -> None:
    clerk.go("/admin/bookings?q=ali&arrivingFrom=soon")
    assert (clerk.status, clerk.problems) == (400, ["Arrival from must be a date such as 2026-12-01."])
    assert clerk.page.select_one('input[name=q][value="ali"]') is not None


@each("path", ["/admin/bookings", "/admin/bookings.csv"])
def test_a_guest_finds_no_list(app: Flask, alice: User, booked: Booking, path: str) -> None:
    assert Visitor(app).signed_in(alice).go(path).status == 404


@each("path", ["/admin/bookings", "/admin/bookings.csv"])
def test_housekeeping_finds_no_list_and_no_way_to_it(app: Flask, bob: User, room: Room, path: str) -> None:
    cleaner = at_work(app, bob, Role.HOUSEKEEPING, room)
    assert "/admin/bookings" not in cleaner.go("/admin/").links()
    assert cleaner.go(path).status == 404


def test_the_chosen_property_narrows_the_list(
    app: Flask, bob: User, alice: User, booked: Booking, desk: BookingContext
) -> None:
    other = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    owner = at_work(app, bob, Role.OWNER).go("/admin/bookings")
    assert listed(owner) == [other.reference, booked.reference]
    [here] = [one for one in owner.page.select("#desk-property option") if one.get_text() == booked.property_name]
    owner.send("/admin/property", property=str(here["value"]))
    assert listed(owner.go("/admin/bookings")) == [booked.reference]


def test_what_is_at_another_property_is_offered_where_one_is_chosen(
    app: Flask, bob: User, alice: User, booked: Booking, desk: BookingContext
) -> None:
    other = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    owner = at_work(app, bob, Role.OWNER).go("/admin/bookings")
    [here] = [one for one in owner.page.select("#desk-property option") if one.get_text() == booked.property_name]
    owner.send("/admin/property", property=str(here["value"]))
    assert listed(owner.go(f"/admin/bookings?q={other.reference}")) == []
    [link] = [one for one in owner.page.select("main a") if one.get_text(strip=True) == "Search in all properties"]
    assert listed(owner.go(str(link["href"]))) == [other.reference]
    assert other.property_name in owner.page.select(".desk-list tbody")[0].get_text()
    assert "Search in all properties" not in owner.go("/admin/bookings?q=nobody").text


def test_the_file_has_all_rows_and_no_formula(clerk: Visitor, room: Room, bob: User, desk: BookingContext) -> None:
    contact = Contact('=HYPERLINK("https://evil.example")', "eve@example.com", "+32 3 123 45 67")
    wish = BookingRequest(bob.id, room.id, in_days(40), 2, contact=contact)
    [made] = bookings.book_all(acting(bob), wish, VISA, desk)
    answer = clerk.go("/admin/bookings.csv?q=eve").response
    assert answer is not None
    assert answer.headers["Content-Disposition"] == 'attachment; filename="bookings.csv"'
    [row] = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row["guest"] == '\'=HYPERLINK("https://evil.example")'
    assert (row["phone"], row["reference"], row["total"]) == ("'+32 3 123 45 67", made.reference, "360.00")


@each("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_calculate_is_text(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe(f"a{cell}") == f"a{cell}"


def test_a_longer_list_costs_no_more_statements(
    app: Flask, clerk: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    rooms = [room, *(beside(room, f"Room {number}", 100) for number in range(2, 8))]
    bookings.book(acting(alice), order(alice, rooms[0]), VISA, desk)
    few = _statements(clerk)
    for number, one in enumerate(rooms[1:]):
        guest = person(f"guest{number}")
        bookings.book(acting(guest), order(guest, one), VISA, desk)
    assert len(listed(clerk.go("/admin/bookings"))) == 7
    assert _statements(clerk) == few


def _statements(visitor: Visitor) -> int:
    visitor.go("/admin/bookings")
    return statements(lambda: visitor.go("/admin/bookings"))
