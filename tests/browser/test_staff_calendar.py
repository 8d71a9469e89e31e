"""The calendar in a real browser: by keyboard, by pointer, and as it is scrolled."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.db import db, reading
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.steps import sign_in
from tests.cast import SYSTEM, VISA, acting, beside, blocked, in_days, order

Visit = Callable[..., Page]
AT_ONCE = "booking.domain.reservations.front_desk.occupancy_calendar.%s_AT_ONCE"


@pytest.fixture
def calendar(
    app: Flask, visit: Visit, alice: User, bob: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> Page:
    """Of 23 rooms; in the first one Alice stays and nights are blocked after her. Twelve come at once."""
    monkeypatch.setattr(AT_ONCE % "ROOMS", 12)
    monkeypatch.setattr(AT_ONCE % "NIGHTS", 12 * 30)
    first = beside(room, "A", 90)
    for number in range(21):
        beside(room, f"Room {number}", 90)
    bookings.book(acting(alice), order(alice, first, in_days(2)), VISA, desk)
    blocked(first, in_days(5, 2), reason="Painting")
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    page = visit(viewport={"width": 1280, "height": 700})
    page.goto("/sign-in")
    sign_in(page, bob)
    expect(page.locator("h1:visible")).to_have_text("Today")
    page.goto("/admin/calendar/")
    return page


SEEN = """() => {
  const at = document.activeElement.getBoundingClientRect();
  const corner = document.querySelector(".tape-corner").getBoundingClientRect();
  const all = document.querySelector(".tape-scroll").getBoundingClientRect();
  return at.right > corner.right && at.left < all.right && at.top >= corner.bottom - 1
    && (at.left >= corner.right - 1 || at.right <= all.right + 1);
}"""


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.replace(/\\s+/g, ' ').trim()"))


def test_arrows_go_from_night_to_night_and_one_stop_of_tab_is_the_calendar(calendar: Page) -> None:
    expect(calendar.locator(".tape tbody a[tabindex='0']")).to_have_count(1)
    calendar.locator(".tape tbody a").first.focus()
    calendar.keyboard.press("ArrowRight")
    assert "Alice" in focused(calendar)
    calendar.keyboard.press("ArrowRight")
    assert "Painting" in focused(calendar)
    calendar.keyboard.press("ArrowDown")
    assert focused(calendar).startswith("Room 0: available")
    calendar.keyboard.press("ArrowUp")
    calendar.keyboard.press("Home")
    assert focused(calendar).startswith("A: available")
    expect(calendar.locator(".tape tbody a[tabindex='0']")).to_have_count(1)
    calendar.set_viewport_size({"width": 390, "height": 700})
    for key in ("End", "Home", "ArrowRight"):  # what has the focus is seen, beside the rooms and below the days
        calendar.keyboard.press(key)
        assert calendar.evaluate(SEEN), key
    calendar.keyboard.press("Enter")
    expect(calendar.locator("h1:visible")).to_have_text("Alice")


def test_more_rooms_come_as_it_is_scrolled(calendar: Page) -> None:
    rows = calendar.locator(".tape tbody tr:not(.tape-more)")
    calendar.locator(".tape-scroll").evaluate("element => element.scrollTo(0, element.scrollHeight)")
    expect(rows).to_have_count(23)
    expect(calendar.locator(".tape-more")).to_have_count(0)
    expect(calendar.locator(".tape tbody a[tabindex='0']")).to_have_count(1)
    assert violations(calendar) == []


def test_a_click_means_the_night_that_was_pointed_at(calendar: Page) -> None:
    free = calendar.locator(".tape tbody tr:nth-child(2) .tape-free a")
    box = free.bounding_box()
    assert box is not None
    free.click(position={"x": box["width"] * 4.5 / 30, "y": 5})
    calendar.wait_for_url("**/nights?*")
    asked = parse_qs(urlsplit(calendar.url).query)
    assert (asked["checkIn"], asked["checkOut"]) == ([f"{in_days(4).check_in}"], [f"{in_days(5).check_in}"])


def test_a_stay_is_moved_by_keyboard_and_the_calendar_stays_where_it_was(calendar: Page) -> None:
    calendar.goto(f"/admin/calendar/?start={in_days(1).check_in}&days=14")
    here = calendar.url
    calendar.locator("a.tape-bar", has_text="Alice").focus()
    calendar.keyboard.press("Enter")
    calendar.get_by_role("link", name="Change dates, room or guests").press("Enter")
    calendar.get_by_label("Room", exact=True).select_option(label="€270: Room 3")
    calendar.get_by_role("button", name="Show price and refund").press("Enter")
    expect(calendar.get_by_role("heading", name="Price and refund")).to_be_in_viewport()
    # Somebody else takes the room while the clerk reads: told in the page, and nothing that was typed is lost.
    third = next(one for one in rooms() if one.name == "Room 3")
    blocked(third, in_days(2))
    calendar.get_by_role("button", name="Change the stay").press("Enter")
    expect(calendar.get_by_text("The room is taken on some of these nights").first).to_be_visible()
    expect(calendar.get_by_label("Room", exact=True)).to_have_value(encode("room", third.id))
    assert violations(calendar) == []
    calendar.get_by_label("Room", exact=True).select_option(label="€270: Room 4")
    calendar.get_by_role("button", name="Show price and refund").press("Enter")
    calendar.get_by_role("button", name="Change the stay").press("Enter")
    expect(calendar.locator(".notice-good")).to_contain_text("Room 4")
    assert parse_qs(urlsplit(calendar.url).query).items() >= parse_qs(urlsplit(here).query).items()


@reading
def rooms() -> list[Room]:
    return db.session.query(Room).all()
