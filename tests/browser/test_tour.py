"""The first day of a new manager in a real browser, with and without JavaScript: invited, second factor, a block, a
booking by phone, check-in, another room, early check-out, money back with a reason, and the log of it all.
`LOOK=folder` keeps pictures.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain import people
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.people.mailed_links import LinkKind
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Invitation, Room, User
from booking.infra import clock
from booking.infra.db import db
from tests import cast
from tests.browser.steps import button, heading
from tests.cast import SYSTEM, VISA, acting, beside, in_days, later, order, person

LOOK = os.environ.get("LOOK")
PASSWORD, MIA = "a very good day at the desk", "mia@hotel.example"
DAY = dt.timedelta(days=1)


class Tour:
    """One manager at one browser. Pictures are numbered as they are taken."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self._name, self._taken = page, name, 0

    def look(self, what: str) -> None:
        self._taken += 1
        if LOOK:
            picture = Path(LOOK) / f"tour-{self._name}-{self._taken:02}-{what}.png"
            self.page.screenshot(path=str(picture), full_page=True)

    def go(self, section: str) -> None:
        """By the menu."""
        self.page.get_by_role("navigation", name="Front desk").get_by_role("link", name=section).click()
        expect(self.page.locator("h1:visible").first).to_contain_text(section)


@pytest.fixture
def house(app: Flask, room: Room, alice: User, desk: BookingContext) -> Room:
    """Three rooms, one guest to come; it is the afternoon at the property."""
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    beside(room, "Garden room", 100)
    beside(room, "Attic room", 80)
    bookings.book(acting(alice), order(alice, room, in_days(20)), VISA, desk)
    local = dt.datetime.combine(in_days(1).check_in, dt.time(16), tzinfo=ZoneInfo("Europe/Brussels"))
    later(local - clock.now())
    return room


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_first_day_of_a_new_manager(visit: Callable[..., Page], app: Flask, house: Room, script: bool) -> None:
    _invite(visit(java_script_enabled=script))
    tour = Tour(visit(java_script_enabled=script, viewport={"width": 820, "height": 1100}), "js" if script else "plain")
    _accept(tour, app)
    _protect(tour)
    block = _block(tour)
    _book_for_a_caller(tour)
    _check_in(tour)
    _move(tour)
    _leave_early(tour)
    _give_money_back(tour)
    _see_the_log(tour)
    _undo(tour, block)


def _invite(page: Page) -> None:
    page.goto("/sign-in?next=/admin/people")
    _enter(page, "olga@example.com", cast.PASSWORD)
    page.locator("#invite-email").fill(MIA)
    page.locator("#invite-role").select_option("manager")
    button(page, "Send the invitation").click()
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()


def _accept(tour: Tour, app: Flask) -> None:
    """By the link of the email, with a new account."""
    page = tour.page
    [invitation] = db.session.query(Invitation).all()
    page.goto(f"/invitation/{people.written_link(LinkKind.INVITE, invitation.id, _secrets(app))}")
    expect(heading(page, "You’re invited")).to_be_visible()
    tour.look("invited")
    page.locator("main").get_by_role("link", name="Create account").click()
    page.get_by_label("Name").fill("Mia Manager")
    page.get_by_label("Email").fill(MIA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Create account").click()
    button(page, "Accept the invitation").click()
    _enter(page, MIA, PASSWORD)
    expect(page.locator("h1:visible")).to_have_text("Today")
    tour.look("today")


def _protect(tour: Tour) -> None:
    page = tour.page
    page.goto("/account/two-step")
    button(page, "Set up").click()
    page.get_by_text("Can’t scan it?").click()
    app = pyotp.TOTP(page.locator("details code").inner_text().replace(" ", ""))
    tour.look("second-factor")
    page.get_by_role("textbox", name="Code").fill(app.at(clock.now()))
    button(page, "Turn on two-step sign-in").click()
    expect(heading(page, "Your recovery codes")).to_be_visible()


def _block(tour: Tour) -> str:
    """Nights of the attic are painted; the address of the block."""
    page = tour.page
    page.goto("/admin/")
    tour.go("Calendar")
    tour.look("calendar")
    page.get_by_role("row", name=re.compile("^Attic room")).get_by_role("link").first.click()
    page.get_by_label("Check-in").fill((_today() + 10 * DAY).isoformat())
    page.get_by_label("Check-out").fill((_today() + 12 * DAY).isoformat())
    page.get_by_label("Reason").fill("Painting")
    tour.look("nights")
    button(page, "Take off sale").click()
    page.get_by_role("link", name=re.compile("Off sale .*Painting")).first.click()
    tour.look("block")
    return page.url


def _book_for_a_caller(tour: Tour) -> None:
    """Two nights from today on."""
    page = tour.page
    tour.go("Bookings")
    tour.look("bookings")
    page.get_by_role("link", name="New booking").first.click()
    today = page.locator("input[name=checkIn]").evaluate("field => field.value") or _today().isoformat()
    page.get_by_label("Check-in").fill(today)
    page.get_by_label("Check-out").fill((dt.date.fromisoformat(today) + 3 * DAY).isoformat())
    button(page, "Show available rooms").click()
    page.get_by_label(re.compile("Garden room")).check()
    page.get_by_label("Name").fill("Carol Caller")
    page.get_by_label("Email").fill("carol@example.com")
    page.get_by_label("How it is to be paid").select_option("desk")
    tour.look("new-booking")
    button(page, "Confirm booking").click()
    expect(page.locator("h1:visible")).to_contain_text("Carol Caller")
    tour.look("booking")


def _check_in(tour: Tour) -> None:
    tour.go("Today")
    button(tour.page, "Check in: Carol Caller").click()
    expect(tour.page.get_by_text("Checked in: Carol Caller, Garden room")).to_be_visible()
    tour.look("checked-in")


def _move(tour: Tour) -> None:
    """The guest would rather have the attic, on the day of arrival."""
    page = tour.page
    page.get_by_role("link", name="Carol Caller").first.click()
    page.get_by_role("link", name="Change dates, room or guests").click()
    room = page.get_by_label("Room", exact=True)
    room.select_option(room.locator("option", has_text="Attic room").get_attribute("value"))
    button(page, "Show price and refund").click()
    expect(page.get_by_text("The property keeps, under the cancellation policy")).to_be_visible()
    tour.look("moving")
    button(page, "Change the stay").click()
    expect(page.get_by_text("Attic room").first).to_be_visible()
    tour.look("moved")
    tour.go("Today")


def _leave_early(tour: Tour) -> None:
    page = tour.page
    page.get_by_role("link", name=re.compile("^Check out early ?: Carol Caller")).click()
    tour.look("leaving-early")
    button(page, "Check out").click()
    expect(page.get_by_text("Checked out:")).to_be_visible()
    tour.look("checked-out")


def _give_money_back(tour: Tour) -> None:
    """Alice's booking is cancelled with more than her policy gives, for a reason."""
    page = tour.page
    tour.go("Bookings")
    page.get_by_role("link", name="Alice").first.click()
    page.get_by_role("link", name="Cancel the booking").click()
    page.get_by_text("Refund a different amount").click()
    page.get_by_label("Refund in").fill("300")
    page.get_by_label("Reason").fill("The heating was out")
    tour.look("refund")
    button(page, "Cancel the booking").click()
    expect(page.get_by_text("The booking is cancelled.")).to_be_visible()
    expect(page.get_by_text("The heating was out").first).to_be_visible()
    tour.look("refunded")


def _see_the_log(tour: Tour) -> None:
    tour.go("Audit log")
    for what in ("Checked out", "Checked in", "Booking confirmed", "Nights blocked", "Two-step sign-in turned on"):
        expect(tour.page.get_by_text(what).first).to_be_visible()
    tour.look("audit")


def _undo(tour: Tour, block: str) -> None:
    tour.page.goto(block)
    button(tour.page, "Put back on sale").click()
    expect(tour.page.get_by_text("back on sale").first).to_be_visible()
    tour.look("undone")


def _enter(page: Page, email: str, password: str) -> None:
    form = page.locator("form[action='/sign-in']")
    form.get_by_label("Email").fill(email)
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Sign in", exact=True).click()


def _today() -> dt.date:
    return clock.now().astimezone(ZoneInfo("Europe/Brussels")).date()


def _secrets(app: Flask) -> tuple[str, ...]:
    found: tuple[str, ...] = app.extensions["services"].settings.secret_keys
    return found
