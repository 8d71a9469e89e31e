"""Cash at the desk in a real browser: on a phone, with a script and without. `LOOK=folder` keeps pictures."""

from __future__ import annotations

import os
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.payments import Count, DrawerKey
from booking.domain.people import staff
from booking.domain.reservations import bookings, guarantees
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from tests.browser.conftest import PHONE
from tests.browser.test_booking import fits
from tests.browser.test_staff_today import Visit, at_the_desk
from tests.cast import SYSTEM, acting, beside, in_days, order, person

LOOK = os.environ.get("LOOK")


@pytest.fixture
def dana(app: Flask, room: Room) -> User:
    made = person("dana")
    staff.give_role(SYSTEM, made.id, Role.DESK, room.property_id)
    return made


@pytest.fixture
def owing(alice: User, room: Room, desk: BookingContext, dana: User) -> Booking:
    """360 EUR; 150 of it are in Dana's drawer, with 50 from before."""
    [held] = bookings.hold_all(acting(alice), order(alice, room, in_days(20)), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    clerk = Actor.signed_in(dana.id, (Membership(Role.DESK, room.property_id),), uuid.uuid4())
    drawer, said = DrawerKey(room.property_id, "EUR", dana.id), "Change put in by the owner"
    payments.close_drawer(clerk, drawer, Count(Decimal(50), Decimal(50), said, Decimal(0), None))
    for number, amount in enumerate((100, 50), 1):
        payments.record_received(clerk, held.order_id, Decimal(amount), by="desk", reference=f"receipt {number}")
    return held


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_shift_is_counted_on_a_small_phone(visit: Visit, owing: Booking, dana: User, script: bool) -> None:
    page = at_the_desk(visit, dana, java_script_enabled=script, **PHONE)
    page.locator(".desk-fold summary").click()
    page.get_by_role("link", name="Cash").click()
    expect(page.get_by_text("€200.00").first).to_be_visible()
    page.get_by_label("Counted in euros").fill("190")
    page.get_by_role("button", name="Close the drawer").click()
    expect(page.locator(".errors")).to_contain_text("Note is needed")
    expect(page.get_by_label("Counted in euros")).to_have_value("190")
    page.get_by_label("Note").fill("A guest was given ten too much")
    page.get_by_role("button", name="Close the drawer").click()
    expect(page.locator("h1:visible")).to_have_text("Cash count")
    expect(page.get_by_text("€10.00 short")).to_be_visible()
    assert not script or fits(page)


@pytest.mark.skipif(not LOOK, reason="for looking at pages: LOOK=folder")
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(
    visit: Visit, owing: Booking, dana: User, alice: User, room: Room, desk: BookingContext, width: int, scheme: Any
) -> None:
    folder = Path(str(LOOK))

    def picture(name: str) -> None:
        page.screenshot(path=str(folder / f"{name}-{width}-{scheme}.png"), full_page=True, caret="initial")

    page = at_the_desk(visit, dana, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto("/admin/cash")
    picture("drawer")
    page.get_by_label("Counted in euros").fill("190")
    page.get_by_role("button", name="Close the drawer").click()
    expect(page.locator(".errors")).to_be_visible()
    picture("refused")
    page.get_by_label("Note").fill("A guest was given ten too much, and had left before anybody saw")
    page.get_by_role("button", name="Close the drawer").click()
    expect(page.locator(".notice-good")).to_be_visible()
    picture("closing")
    if width == 1280 and scheme == "light":
        page.emulate_media(media="print")
        picture("print")
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    [held] = bookings.hold_all(acting(alice), order(alice, beside(room, "Attic", 80), in_days(33)), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    for number, who in enumerate((Actor.signed_in(dana.id, (Membership(Role.DESK),), uuid.uuid4()), SYSTEM)):
        payments.record_received(who, held.order_id, Decimal("20.50"), by="desk", reference=f"receipt {number + 3}")
    page = at_the_desk(visit, olga, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto("/admin/cash")
    picture("all")
