"""Today at the desk in a real browser: on a phone, in the dark, by axe, printed. `LOOK=folder` keeps pictures."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.actors import Role
from booking.domain.payments import Contact
from booking.domain.people import staff
from booking.domain.reservations import bookings, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import presence
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay, StayRules
from booking.domain.tables import Booking, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.admin.test_today import an_email_failed
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.steps import sign_in
from tests.browser.test_booking import fits
from tests.cast import SYSTEM, VISA, acting, beside, in_days, order, person

Visit = Callable[..., Page]
LOOK = os.environ.get("LOOK")
NAMES = ("Zoë Featherstonehaugh-Cholmondeley", "Ben Okafor", "Ines García", "Noah Kim", "Olga Petrov")


@transaction
def moved(booking: Booking, days: int) -> None:
    """As if it had been booked for so many days earlier: nobody can book the past."""
    values = {"id": booking.id, "days": days}
    db.session.execute(text("UPDATE availability SET night = night - :days WHERE claim_id = :id"), values)
    db.session.execute(
        text("UPDATE bookings SET check_in = check_in - :days, check_out = check_out - :days WHERE id = :id"), values
    )


@pytest.fixture
def busy(app: Flask, alice: User, room: Room, desk: BookingContext) -> Booking:
    """Guests who come, go and stay today, a hold, rooms to clean, an email that came back. Who comes is returned."""
    today = desk.rules.today("Europe/Brussels")
    first = (today - in_days(0).check_in).days

    def booked(number: int, name: str, start: int, nights: int, *, paid: bool = True) -> Booking:
        where = beside(room, f"Room {number} with a balcony to the garden", 100 + number)
        contact = Contact(name, f"guest{number}@hotel.example", "+32 3 123 45 67", dt.time(17, 30), "A cot, please")
        wanted = BookingRequest(alice.id, where.id, in_days(first + max(start, 0), nights), 2, contact=contact)
        if paid:
            made = bookings.book(acting(alice), wanted, VISA, desk)
        else:
            [made] = bookings.hold_all(acting(alice), wanted, desk)
            guarantees.guarantee(SYSTEM, made.order_id, "desk")
        if start < 0:
            presence.check_in(SYSTEM, made.id, desk)
            moved(made, -start)
        return made

    coming = booked(1, NAMES[0], 0, 3, paid=False)
    booked(2, NAMES[1], 0, 1)
    booked(3, NAMES[2], -2, 2)
    booked(4, NAMES[3], -1, 4)
    booked(5, NAMES[4], -3, 5, paid=False)
    holds.reserve(acting(alice), order(alice, beside(room, "Cellar", 80), in_days(33)), desk)
    inventory.set_room_status(SYSTEM, beside(room, "The attic under the roof", 90).id, "dirty", StayRules())
    stay = Stay(today, today + dt.timedelta(days=2))
    wet = beside(room, "The tower", 90)
    inventory.put_out_of_order(SYSTEM, wet.id, stay, rules=desk.rules, reason="No hot water until the plumber comes")
    an_email_failed(coming)
    return coming


@pytest.fixture
def olga(app: Flask) -> User:
    made = person("olga")
    staff.give_role(SYSTEM, made.id, Role.OWNER)
    return made


def at_the_desk(visit: Visit, who: User, **how: Any) -> Page:
    page = visit(**how)
    page.goto("/sign-in")
    sign_in(page, who)
    expect(page.locator("h1:visible")).to_have_text("Today")
    return page


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_day_is_done_on_a_small_phone(visit: Visit, busy: Booking, olga: User, script: bool) -> None:
    page = at_the_desk(visit, olga, java_script_enabled=script, **PHONE)
    row = page.locator("#arrivals tr", has_text="Zoë")
    row.get_by_role("button", name="Check in").click()
    expect(page.locator(".notice")).to_contain_text("Checked in")
    page.locator(".notice").get_by_role("button", name="Undo").click()
    expect(page.locator(".notice")).to_contain_text("Undone")
    page.locator("#in-house tr", has_text="Noah").get_by_role("link", name="Check out early").click()
    expect(page.locator("h1:visible")).to_have_text("Check out early")
    asked = page.url
    for path in ("/admin/", asked):
        page.goto(path)
        if script:
            assert fits(page), path
            assert violations(page) == [], path
    page.get_by_role("button", name="Check out").click()
    expect(page.locator(".notice")).to_contain_text("Checked out")


def test_printed_it_is_a_list_for_the_corridor(visit: Visit, busy: Booking, olga: User) -> None:
    page = at_the_desk(visit, olga)
    page.emulate_media(media="print")
    expect(page.get_by_text("Zoë Featherstonehaugh").first).to_be_visible()
    expect(page.locator("#rooms")).to_be_visible()
    assert page.locator("button:visible, nav:visible, select:visible").count() == 0


@pytest.mark.skipif(not LOOK, reason="for looking at pages: LOOK=folder")
@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures(visit: Visit, busy: Booking, olga: User, width: int, scheme: Any) -> None:
    page = at_the_desk(visit, olga, viewport={"width": width, "height": 900}, color_scheme=scheme)
    folder = Path(str(LOOK))
    page.locator("#arrivals tr", has_text="Ben").get_by_role("button", name="Check in").click()
    expect(page.locator(".notice")).to_contain_text("Checked in")
    page.screenshot(path=str(folder / f"day-{width}-{scheme}.png"), full_page=True)
    page.goto(f"/admin/day/{encode('booking', busy.id)}/no-show")
    page.screenshot(path=str(folder / f"ask-{width}-{scheme}.png"), full_page=True)
    page.goto("/admin/?day=2031-05-01")
    page.screenshot(path=str(folder / f"empty-{width}-{scheme}.png"), full_page=True)
    if width == 1280 and scheme == "light":
        page.goto("/admin/")
        page.emulate_media(media="print")
        page.screenshot(path=str(folder / "print.png"), full_page=True)
