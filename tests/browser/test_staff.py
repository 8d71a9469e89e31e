"""Every staff page in a real browser: small, in the dark, by axe, without a script. `LOOK=folder` keeps pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain import payments
from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.people import staff
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import BookingRequest
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.browser.conftest import PHONE
from tests.browser.steps import sign_in, uploaded
from tests.cast import SYSTEM, VISA, a_room, acting, beside, in_days, order, person

Visit = Callable[..., Page]
LOOK = os.environ.get("LOOK")


@pytest.fixture
def house(app: Flask, alice: User, bob: User, room: Room, desk: BookingContext) -> Booking:
    """A house with some bookings; the one that is returned owes money."""
    a_room()
    zoe = Contact(
        "Zoë Featherstonehaugh-Cholmondeley", "zoe@hotel.example", "+32 3 123 45 67", requests="A cot,\nplease"
    )
    for number in range(2, 6):
        other = beside(room, f"Room {number} with a balcony to the garden", 100 + number)
        bookings.book(acting(alice), order(alice, other, in_days(number)), VISA, desk)
    cancelled = bookings.book(acting(alice), order(alice, beside(room, "Attic", 90), in_days(90)), VISA, desk)
    bookings.cancel(SYSTEM, cancelled.id, desk)
    holds.reserve(acting(alice), order(alice, beside(room, "Cellar", 80), in_days(33)), desk)
    wish = BookingRequest(bob.id, room.id, in_days(20), 2, contact=zoe)
    [held] = bookings.hold_all(acting(bob), wish, desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk", "Pays in cash")
    payments.record_received(SYSTEM, held.order_id, Decimal("120.50"), by="desk", reference="receipt 1")
    return held


@pytest.fixture
def owner(app: Flask) -> User:
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    return olga


def pages(booking: Booking) -> dict[str, str]:
    shown = f"/admin/bookings/{encode('booking', booking.id)}"
    return {
        "today": "/admin/",
        "bookings": "/admin/bookings",
        "found": "/admin/bookings?q=zo%C3%AB&balance=due",
        "none": "/admin/bookings?q=nobody",
        "booking": shown,
        "cancel": f"{shown}/cancel",
        "change": f"{shown}/change?checkOut={in_days(20, 5).check_out}&calendar=days%3D14",
        "give back": f"{shown}/change?checkOut={in_days(20, 1).check_out}&part=1",
        "calendar": f"/admin/calendar/?property={encode('property', booking.property_id)}",
        "calendar of 90 days": f"/admin/calendar/?property={encode('property', booking.property_id)}&days=90",
        "nights": f"/admin/calendar/nights?room={encode('room', booking.room_id)}&checkIn={in_days(40).check_in}",
        "new": "/admin/bookings/new",
        "new with rooms": f"/admin/bookings/new?property={encode('property', booking.property_id)}&guests=2"
        f"&checkIn={in_days(40).check_in}&checkOut={in_days(40).check_out}",
        "imports": "/admin/imports",
        "import": f"/admin/imports/{encode('import', uploaded(booking))}",
        "audit": "/admin/audit",
        "people": "/admin/people",
    }


def test_every_staff_page_stands_without_a_script(visit: Visit, house: Booking, owner: User) -> None:
    """What it looks like on a small phone: test_every_page.py."""
    page = visit(java_script_enabled=False, **PHONE)
    page.goto("/sign-in")
    sign_in(page, owner)
    expect(page.locator("h1:visible")).to_have_text("Today")
    for name, path in pages(house).items():
        page.goto(path)
        assert page.locator("h1:visible").count() == 1, name


@pytest.mark.skipif(not LOOK, reason="for looking at pages: LOOK=folder")
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(visit: Visit, house: Booking, owner: User, width: int, scheme: Any) -> None:
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto("/sign-in")
    sign_in(page, owner)
    expect(page.locator("h1:visible")).to_have_text("Today")
    for name, path in pages(house).items():
        page.goto(path)
        for one in page.locator("details.desk-act").all()[:2]:
            one.locator("summary").click()
        page.screenshot(path=str(Path(str(LOOK)) / f"{name}-{width}-{scheme}.png"), full_page=True)


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_what_is_used_less_opens_by_more(visit: Visit, owner: User, room: Room, script: bool) -> None:
    page = visit(**PHONE, java_script_enabled=script)
    page.goto("/sign-in")
    sign_in(page, owner)
    menu = page.get_by_role("navigation", name="Front desk")
    expect(menu.get_by_role("link", name="Bookings")).to_be_visible()
    expect(menu.get_by_role("link", name="People")).to_be_hidden()
    menu.get_by_text("More").click()
    menu.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    expect(menu.get_by_role("link", name="People")).to_be_visible()  # where one is
    expect(menu.get_by_role("link", name="Audit log")).to_be_hidden()
