"""Looking for a room and at one: with JavaScript, without, by keyboard, on a small phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from booking.domain.models import Room
from booking.infra.ids import encode
from tests.browser.conftest import PHONE, violations
from tests.cast import a_room, in_days

Visit = Callable[..., Page]
STAY = in_days(30, 2)
ASKED = f"checkIn={STAY.check_in}&checkOut={STAY.check_out}"


@pytest.fixture
def street(app: object) -> list[Room]:
    """Three rooms in Antwerp, one of them with breakfast."""
    return [
        a_room(name="Attic room", price_per_night=Decimal(80)),
        a_room(name="Room with breakfast", price_per_night=Decimal("95.50"), amenities=["wifi", "breakfast"]),
        a_room(name="Large room", price_per_night=Decimal(140), capacity=6),
    ]


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}"


def search_from_home(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Where").select_option("antwerp")
    page.get_by_label("Check-in").fill(STAY.check_in.isoformat())
    page.get_by_label("Check-out").fill(STAY.check_out.isoformat())
    page.get_by_role("button", name="Search").click()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_from_the_first_page_to_the_price(visit: Visit, street: list[Room], script: bool):
    page = visit(java_script_enabled=script)
    search_from_home(page)
    expect(page.get_by_role("heading", name="3 free rooms in Antwerp")).to_be_visible()
    expect(page.get_by_text("€191").first).to_be_visible()
    page.get_by_role("link", name="Room with breakfast").click()
    offer = page.locator("#offer")
    expect(offer.get_by_role("row", name="Total")).to_contain_text("€191.00")
    expect(offer).to_contain_text("you get everything back: €191.00")
    expect(offer.get_by_role("button", name="Reserve")).to_be_enabled()


def test_filters_change_only_the_results_and_the_address(page: Page, street: list[Room]):
    page.goto(f"/rooms?location=antwerp&{ASKED}&capacity=2")
    box = page.get_by_label("Breakfast")
    box.check()
    expect(page.get_by_role("status")).to_have_text("1 free room in Antwerp")
    expect(box).to_be_focused()
    assert "amenities=breakfast" in page.url
    assert "minPrice" not in page.url
    expect(page).to_have_title(re.compile("Rooms in Antwerp"))
    page.get_by_role("link", name="Without Breakfast").click()
    expect(page.get_by_role("status")).to_have_text("3 free rooms in Antwerp")


def test_back_restores_results_and_filters(page: Page, street: list[Room]):
    page.goto(f"/rooms?location=antwerp&{ASKED}&capacity=2")
    page.get_by_label("Breakfast").check()
    expect(page.get_by_role("status")).to_have_text("1 free room in Antwerp")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("3 free rooms in Antwerp")
    expect(page.get_by_label("Breakfast")).not_to_be_checked()
    page.go_forward()
    expect(page.get_by_role("status")).to_have_text("1 free room in Antwerp")
    expect(page.get_by_label("Breakfast")).to_be_checked()


def test_without_javascript_filters_have_a_button(visit: Visit, street: list[Room]):
    page = visit(java_script_enabled=False)
    page.goto(f"/rooms?location=antwerp&{ASKED}&capacity=2")
    page.get_by_label("Breakfast").check()
    page.get_by_role("button", name="Show rooms").click()
    expect(page.get_by_role("heading", name="1 free room in Antwerp")).to_be_visible()
    expect(page.get_by_label("Breakfast")).to_be_checked()


def test_nothing_found_says_why_and_what_would_work(page: Page, street: list[Room]):
    page.goto(f"/rooms?location=antwerp&{ASKED}&capacity=2&amenities=breakfast&maxPrice=90")
    expect(page.get_by_text("3 rooms in Antwerp are free on these dates")).to_be_visible()
    page.get_by_role("link", name="At any price").click()
    expect(page.get_by_role("status")).to_have_text("1 free room in Antwerp")


def test_a_wrong_filter_is_told_and_gets_the_focus(page: Page, street: list[Room]):
    page.goto(f"/rooms?location=antwerp&{ASKED}&capacity=2")
    page.get_by_label("From").fill("cheap")
    page.get_by_label("From").press("Tab")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Lowest price must be a number.")
    expect(summary).to_be_focused()


def test_other_dates_change_the_price_at_once(page: Page, street: list[Room]):
    page.goto(f"{address(street[0])}?{ASKED}&guests=2")
    longer = in_days(30, 4)
    page.get_by_label("Check-out").fill(longer.check_out.isoformat())
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€320.00")
    assert f"checkOut={longer.check_out}" in page.url


def test_wrong_dates_of_a_room_are_told(page: Page, street: list[Room]):
    page.goto(f"{address(street[0])}?checkIn={STAY.check_out}&checkOut={STAY.check_in}")
    expect(page.get_by_role("alert")).to_contain_text("Check-in must be before check-out.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error"))


def test_a_day_of_the_calendar_can_be_chosen(page: Page, street: list[Room]):
    page.goto(f"{address(street[0])}?{ASKED}&guests=1")
    page.locator(".night-arrival a").press("Enter")
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€160.00")


def test_by_keyboard_alone(page: Page, street: list[Room]):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Where")).to_be_focused()
    page.keyboard.type("Antwerp")
    page.get_by_role("button", name="Search").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="free rooms in Antwerp")).to_be_visible()
    page.get_by_role("link", name="Attic room").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Attic room")


def test_nothing_is_cut_off_at_320_pixels(visit: Visit, street: list[Room]):
    page = visit(**PHONE)
    for path in ("/", f"/rooms?location=antwerp&{ASKED}", f"{address(street[1])}?{ASKED}&guests=2", "/nowhere"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
    search_from_home(page)
    page.get_by_text("Filters").click()
    page.get_by_label("Breakfast").check()
    expect(page.get_by_role("status")).to_have_text("1 free room in Antwerp")


def test_pages_are_accessible_in_light_and_dark(page: Page, street: list[Room]):
    room = address(street[1])
    paths = [
        "/",
        f"/rooms?location=antwerp&{ASKED}&amenities=breakfast",
        f"/rooms?location=antwerp&{ASKED}&capacity=9",
        f"/rooms?location=antwerp&{ASKED}&minPrice=x",
        "/rooms",
        room,
        f"{room}?{ASKED}&guests=2",
        f"{room}?{ASKED}&guests=7",
        "/nowhere",
    ]
    found = {}
    for path in paths:
        page.goto(path)
        found[path] = violations(page)
    assert not any(found.values()), found


def test_first_page_is_light(page: Page, street: list[Room]):
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert 10_000 < sum(received) < 100_000
