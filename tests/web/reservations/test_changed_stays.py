"""The pages of a booking that was changed: what it is now, in words, and what the house kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar
import pytest
from flask import Flask

from booking.domain import pricing
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import gathering
from booking.domain.tables import Room, User
from booking.infra import clock
from booking.infra.db import reading
from booking.infra.ids import encode
from tests.cast import VISA, acting, in_days, later, order
from tests.domain.reservations.changing import changed
from tests.web.visitor import Visitor


@pytest.fixture
def guest(app: Flask, alice: User) -> Visitor:
    return Visitor(app).signed_in(alice)


@reading
def own_data(guest: User) -> Any:
    return {"bookingChanges": gathering._changes(guest.id)}


def test_pages_of_a_changed_booking_say_what_it_is_now(
    guest: Visitor, alice: User, room: Room, desk: BookingContext
) -> None:
    booking = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    late = pricing.check_in_instant(booking.policy, booking.check_in) - dt.timedelta(hours=20)
    later(late - clock.now())
    now = changed(booking, desk, None, check_out=booking.check_out - dt.timedelta(days=1))
    url = f"/bookings/{encode('booking', booking.id)}"
    page = guest.go(url).page.get_text(" ", strip=True)
    assert "Kept for nights you gave back" in page
    assert "kept_on_change" not in page
    assert "2 nights" in page
    assert room.name in guest.go("/bookings").page.get_text(" ")
    assert "Kept for nights you gave back" in guest.go(f"{url}/receipt").page.get_text(" ")
    assert [one["checkOut"] for one in own_data(alice)["bookingChanges"]] == [now.check_out.isoformat()]
    calendar = icalendar.Calendar.from_ical(guest.client.get(f"{url}/calendar.ics").data)
    assert next(iter(calendar.walk("VEVENT")))["SEQUENCE"] == 1
