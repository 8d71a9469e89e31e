"""Dates and guests of a room's page: whatever shows them follows a change, with a script and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.browser.conftest import PHONE
from tests.cast import in_days

Visit = Callable[..., Page]


def the_stay() -> Stay:
    return in_days(40, 2)


def longer() -> Stay:
    return in_days(41, 7)


def go(page: Page, room: Room, guests: int = 2) -> None:
    stay = the_stay()
    page.goto(f"/rooms/{encode('room', room.id)}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests={guests}")


def choose(page: Page, *, script: bool = True, guests: int | None = None) -> None:
    """Other dates, and perhaps guests; without a script, with the button."""
    page.get_by_label("Check-out", exact=True).fill(longer().check_out.isoformat())
    page.get_by_label("Check-in", exact=True).fill(longer().check_in.isoformat())
    if guests:
        page.get_by_label("Guests", exact=True).select_option(str(guests))
    if not script:
        page.get_by_role("button", name="Show price").click()
    expect(page.locator("#offer").get_by_text(f"{longer().nights} nights", exact=False).first).to_be_visible()
    if guests:  # the answer to the dates alone may come first
        expect(page.locator("#calendar").get_by_role("link", name="Next")).to_have_attribute(
            "href", re.compile(rf"guests={guests}\b")
        )


def chosen(page: Page) -> Locator:
    return page.locator("td.night-arrival, td.night-within")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_calendar_marks_the_nights_that_are_chosen_now(visit: Visit, room: Room, script: bool) -> None:
    page = visit(java_script_enabled=script)
    go(page, room)
    expect(chosen(page)).to_have_count(the_stay().nights)
    choose(page, script=script)
    expect(chosen(page)).to_have_count(longer().nights)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_other_months_keep_the_dates_and_guests_that_are_chosen_now(visit: Visit, room: Room, script: bool) -> None:
    page = visit(java_script_enabled=script)
    go(page, room)
    choose(page, script=script, guests=1)
    page.locator("#calendar").get_by_role("link", name="Next").click()
    expect(page.get_by_label("Check-in", exact=True)).to_have_value(longer().check_in.isoformat())
    expect(page.get_by_label("Check-out", exact=True)).to_have_value(longer().check_out.isoformat())
    expect(page.get_by_label("Guests", exact=True)).to_have_value("1")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_day_of_the_calendar_takes_the_length_and_guests_that_are_chosen_now(
    visit: Visit, room: Room, script: bool
) -> None:
    page = visit(java_script_enabled=script)
    go(page, room)
    choose(page, script=script, guests=3)
    page.locator("td.night-within a").first.click()
    moved = in_days(42, longer().nights)
    expect(page.get_by_label("Check-in", exact=True)).to_have_value(moved.check_in.isoformat())
    expect(page.get_by_label("Check-out", exact=True)).to_have_value(moved.check_out.isoformat())
    expect(page.get_by_label("Guests", exact=True)).to_have_value("3")


def test_the_way_to_other_rooms_takes_the_dates_that_are_chosen_now(page: Page, room: Room) -> None:
    go(page, room)
    choose(page, guests=3)
    page.get_by_role("link", name="Rooms in Antwerp").click()
    expect(page.get_by_label("Check-in", exact=True)).to_have_value(longer().check_in.isoformat())
    expect(page.get_by_label("Guests", exact=True)).to_have_value("3")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_a_check_in_moved_past_check_out_keeps_the_length(visit: Visit, room: Room, script: bool) -> None:
    later = in_days(60, the_stay().nights)
    page = visit(java_script_enabled=script)
    go(page, room)
    page.get_by_label("Check-in", exact=True).fill(later.check_in.isoformat())
    if not script:
        page.get_by_role("button", name="Show price").click()
        expect(page.get_by_text("We moved check-out to")).to_be_visible()
    expect(page.get_by_label("Check-out", exact=True)).to_have_value(later.check_out.isoformat())


def test_on_a_phone_the_price_and_reserve_are_always_in_sight(visit: Visit, room: Room) -> None:
    page = visit(**PHONE)
    go(page, room)
    bar = page.locator("#reserve-bar")
    expect(bar.get_by_role("button", name="Reserve")).to_be_in_viewport()
    expect(bar).to_contain_text("€240")
    choose(page)
    expect(bar).to_contain_text("€840")
    bar.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()
