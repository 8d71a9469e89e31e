"""What was sold stays as it was sold, whatever becomes of the room, its property and its price."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.api import schemas
from booking.domain import reservations
from booking.domain.catalogue.cancellation_policies import FLEXIBLE, STRICT
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import gathering
from booking.domain.tables import Booking, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import VISA, a_room, acting, in_days, order, reload
from tests.databases import _owner
from tests.web.visitor import Visitor

HOUSE = {
    "name": "House by the canal",
    "address": {"street": "1 Quay", "city": "Antwerp", "country": "Belgium"},
    "check_in_time": dt.time(16),
    "check_out_time": dt.time(10, 30),
}
NOBODYS_ROOM = uuid.UUID("019a0000-0000-7000-8000-00000000dead")
PUBLISHER = reservations.CalendarPublisher("Stay", "https://stay.example", "desk@stay.example")
WRITTEN = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)


@transaction
def change(room: Room, house: dict[str, Any], **details: Any) -> None:
    kept = db.session.get_one(Room, room.id)
    for name, value in details.items():
        setattr(kept, name, value)
    place = db.session.get_one(Property, room.property_id)
    for name, value in house.items():
        setattr(place, name, value)


@pytest.fixture
def sold(app: Flask, alice: User, desk: BookingContext) -> Booking:
    room = a_room(kind="Double room")
    change(room, HOUSE)
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def everything_else(booking: Booking) -> None:
    """The room and its property become quite another house."""
    with db.session.begin():
        room = db.session.get_one(Room, booking.room_id)
    house = {"name": "Grand Hotel", "address": {"city": "Ghent"}, "time_zone": "Asia/Tokyo"}
    hours = {"check_in_time": dt.time(9), "check_out_time": dt.time(23)}
    change(
        room,
        house | hours,
        name="Cupboard",
        kind="Dorm bed",
        price_per_night=Decimal(999),
        cancellation_policy=STRICT,
        published=False,
    )


@transaction
def without_its_room(booking: Booking) -> None:
    """As where the room is gone, or another region's."""
    db.session.get_one(Booking, booking.id).room_id = NOBODYS_ROOM


def told(booking: Booking, guest: User) -> dict[str, Any]:
    """Everything that anybody is told about the booking, but for when it was asked."""
    summary = reservations.find_summary(booking.id)
    assert summary
    details = reservations.get_details(acting(guest), booking.id)
    [listed] = reservations.overview(acting(guest), reservations.UPCOMING, 1).entries
    facts = schemas.booking(reload(booking)).model_dump()
    kept = transaction(lambda: gathering._bookings(guest.id))()
    return {
        "mail and page": replace(summary, room_id=None),  # by which today's photos are found
        "page": (details.location, details.time_zone, details.refund_now, details.refund_until),
        "calendar": reservations.calendar_entry(summary, PUBLISHER, WRITTEN),
        "list": (listed.booking.room_name, listed.booking.property_name, listed.booking.city),
        "program": {name: value for name, value in facts.items() if name not in ("room_id", "room")},
        "own data": kept,
    }


@pytest.mark.parametrize("becomes", [everything_else, without_its_room])
def test_whatever_becomes_of_the_room_the_booking_tells_the_same(sold: Booking, alice: User, becomes: Any) -> None:
    before = told(sold, alice)
    becomes(sold)
    assert told(sold, alice) == before
    summary = before["mail and page"]
    assert (summary.room, summary.property) == ("Room with a view", "House by the canal")
    assert summary.address == ("1 Quay", "Antwerp", "Belgium")
    assert (summary.arrival.time(), summary.departure.time()) == (dt.time(16), dt.time(10, 30))
    assert (before["program"]["property"], before["list"][2]) == (
        {"name": "House by the canal", "city": "Antwerp"},
        "Antwerp",
    )


def test_the_row_has_all_that_was_sold(sold: Booking, app: Flask) -> None:
    row = reload(sold)
    assert (row.room_name, row.room_kind, row.property_name) == ("Room with a view", "Double room", HOUSE["name"])
    assert (row.location, row.time_zone, row.address) == ("antwerp", "Europe/Brussels", HOUSE["address"])
    assert (row.check_in_time, row.check_out_time) == (dt.time(16), dt.time(10, 30))
    assert row.policy == FLEXIBLE | {"timeZone": "Europe/Brussels", "checkInTime": "16:00"}
    assert {line["kind"] for line in row.price_lines} == {"night"}
    with db.session.begin():
        assert row.property_id == db.session.get_one(Room, row.room_id).property_id


@pytest.mark.parametrize("becomes", [everything_else, without_its_room])
def test_pages_receipt_and_calendar_entry_show_what_was_sold(
    app: Flask, sold: Booking, alice: User, becomes: Any
) -> None:
    guest, here = Visitor(app).sign_in("alice"), f"/bookings/{encode('booking', sold.id)}"
    becomes(sold)
    for page in ("/bookings", here, f"{here}/receipt", f"{here}/cancel"):
        assert "House by the canal" in guest.go(page).text, page
        assert ("Cupboard" in guest.text, "Grand Hotel" in guest.text) == (False, False)
    assert guest.go(f"{here}/calendar.ics").response.text.count("House by the canal") >= 1


def test_a_hold_for_other_guests_is_sold_anew(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room, guests=2), desk)
    change(room, {"name": "Grand Hotel"}, name="Suite")
    assert reload(held).room_name == "Room with a view"
    holds.reserve(acting(alice), order(alice, room, guests=3), desk)
    again = reload(held)
    assert (again.room_name, again.property_name) == ("Suite", "Grand Hotel")


# --- beside the version before, and without the foreign key


@transaction
def as_the_version_before_writes_it(sold: Booking) -> None:
    columns = "user_id, room_id, guests, total_price, currency, price_lines, policy, status, confirmed_at"
    db.session.execute(
        text(
            f"INSERT INTO bookings (id, reference, check_in, check_out, {columns})"
            f" SELECT gen_random_uuid(), 'BEFORE', check_in + 30, check_out + 30, {columns}"
            " FROM bookings WHERE id = :id"
        ),
        {"id": sold.id},
    )


def test_what_the_version_before_books_is_frozen_as_well(sold: Booking, app: Flask) -> None:
    as_the_version_before_writes_it(sold)
    with db.session.begin():
        row = db.session.query(Booking).filter_by(reference="BEFORE").one()
        frozen = ("location", "room_name", "room_kind", "property_id", "property_name", "address", "time_zone")
        for column in (*frozen, "check_in_time", "check_out_time"):
            assert getattr(row, column) == getattr(sold, column), column


def delete(room: Room) -> None:
    transaction(lambda: db.session.execute(text("DELETE FROM rooms WHERE id = :id"), {"id": room.id}))()


def test_a_room_with_bookings_is_not_deleted_by_mistake(alice: User, room: Room, desk: BookingContext) -> None:
    ended = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), ended.id, desk)  # no night refers to the room any more
    with pytest.raises(IntegrityError, match="has bookings: take it off sale instead"):
        delete(room)
    other = a_room()
    delete(other)
    with db.session.begin():
        assert db.session.get(Room, other.id) is None
        assert db.session.get(Room, room.id) is not None


def test_no_foreign_key_leads_from_bookings_to_the_rooms(environ: dict[str, str], app: Flask) -> None:
    with _owner(environ["MIGRATION_DATABASE_URL"]).connect() as connection:
        found = connection.scalars(
            text(
                "SELECT confrelid::regclass::text FROM pg_constraint"
                " WHERE conrelid = 'bookings'::regclass AND contype = 'f'"
            )
        )
        assert "rooms" not in set(found)


@pytest.mark.parametrize("lines", [[], [{"night": "2031-05-20", "amount": "1", "rule": "base"}]])
def test_lines_that_do_not_add_up_to_the_total_are_found(sold: Booking, lines: list[Any]) -> None:
    statement = text("UPDATE bookings SET price_lines = CAST(:lines AS jsonb) WHERE id = :id")
    transaction(lambda: db.session.execute(statement, {"lines": json.dumps(lines), "id": sold.id}))()
    assert [(finding.rule, finding.subject) for finding in verification.verify().findings] == [
        ("price_not_sum_of_lines", sold.reference)
    ]


def test_another_stay_of_the_room_is_sold_as_it_is_now(sold: Booking, alice: User, desk: BookingContext) -> None:
    with db.session.begin():
        room = db.session.get_one(Room, sold.room_id)
    change(room, {"name": "Grand Hotel"}, name="Suite")
    again = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    assert (again.room_name, again.property_name) == ("Suite", "Grand Hotel")
