"""Looking for a room and at one: with JavaScript, without, by keyboard, on a small phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.conftest import PHONE
from tests.browser.steps import sign_in
from tests.cast import a_room, in_days

Visit = Callable[..., Page]


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


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
    page.get_by_label("Destination", exact=True).select_option("antwerp")
    page.get_by_label("Check-in").fill(the_stay().check_in.isoformat())
    page.get_by_label("Check-out").fill(the_stay().check_out.isoformat())
    page.get_by_role("button", name="Search").click()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_from_the_first_page_to_the_price(visit: Visit, street: list[Room], script: bool) -> None:
    page = visit(java_script_enabled=script)
    search_from_home(page)
    expect(page.get_by_role("heading", name="3 rooms available in Antwerp")).to_be_visible()
    expect(page.get_by_text("€191").first).to_be_visible()
    page.get_by_role("link", name="Room with breakfast").click()
    offer = page.locator("#offer")
    expect(offer.get_by_role("row", name="Total")).to_contain_text("€191")
    expect(offer).to_contain_text("Free cancellation until")
    expect(offer.get_by_role("button", name="Reserve")).to_be_enabled()


def test_filters_change_only_the_results_and_the_address(page: Page, street: list[Room]) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    box = page.get_by_label("Breakfast")
    box.check()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    expect(box).to_be_focused()
    assert "amenities=breakfast" in page.url
    assert "minPrice" not in page.url
    expect(page).to_have_title(re.compile("Rooms in Antwerp"))
    page.get_by_role("link", name="Remove filter: Breakfast").click()
    expect(page.get_by_role("status")).to_have_text("3 rooms available in Antwerp")


def test_back_restores_results_and_filters(page: Page, street: list[Room]) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    page.get_by_label("Breakfast").check()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("3 rooms available in Antwerp")
    expect(page.get_by_label("Breakfast")).not_to_be_checked()
    page.go_forward()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    expect(page.get_by_label("Breakfast")).to_be_checked()


def test_without_javascript_filters_have_a_button(visit: Visit, street: list[Room]) -> None:
    page = visit(java_script_enabled=False)
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    page.get_by_label("Breakfast").check()
    page.get_by_role("button", name="Show rooms").click()
    expect(page.get_by_role("heading", name="1 room available in Antwerp")).to_be_visible()
    expect(page.get_by_label("Breakfast")).to_be_checked()


def test_nothing_found_says_why_and_what_would_work(page: Page, street: list[Room]) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2&amenities=breakfast&maxPrice=90")
    expect(page.get_by_text("3 rooms are available in Antwerp on these dates")).to_be_visible()
    page.get_by_role("link", name="At any price", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")


def test_a_wrong_filter_is_told_and_gets_the_focus(page: Page, street: list[Room]) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    field = page.get_by_label("Minimum")
    field.fill("cheap")
    field.press("Tab")
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("Minimum price must be a number.")
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("cheap")
    summary.get_by_role("link").click()
    expect(field).to_be_focused()


def test_a_filter_put_right_brings_the_rooms_back(visit: Visit, street: list[Room]) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    page.get_by_text("Filters").click()
    page.get_by_label("Breakfast").check()
    field = page.get_by_label("Minimum")
    field.fill("cheap")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    field.fill("90")
    field.press("Tab")
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Breakfast")).to_be_checked()
    expect(page.locator(".filters summary")).to_have_text("Filters(2)")


def test_filters_go_along_to_other_dates(page: Page, street: list[Room]) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    page.get_by_label("Breakfast").check()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    page.get_by_label("Check-out").fill(in_days(30, 4).check_out.isoformat())
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("amenities=breakfast"))
    expect(page.get_by_label("Breakfast")).to_be_checked()


def test_on_a_phone_the_search_folds_until_it_is_wanted(visit: Visit, street: list[Room]) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    expect(page.get_by_label("Check-in")).not_to_be_visible()
    page.get_by_text("Change").click()
    expect(page.get_by_label("Check-in")).to_be_visible()


def test_home_says_the_weekdays_of_the_dates(page: Page, street: list[Room]) -> None:
    page.goto("/")
    page.get_by_label("Check-in").fill("2027-03-05")
    page.get_by_label("Check-out").fill("2027-03-08")
    expect(page.locator("[data-stay]")).to_have_text("Fri 5 Mar – Mon 8 Mar")


def test_other_dates_change_the_price_at_once(page: Page, street: list[Room]) -> None:
    page.goto(f"{address(street[0])}?{the_dates()}&guests=2")
    longer = in_days(30, 4)
    page.get_by_label("Check-out").fill(longer.check_out.isoformat())
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€320")
    assert f"checkOut={longer.check_out}" in page.url


def test_wrong_dates_of_a_room_are_told(page: Page, street: list[Room]) -> None:
    page.goto(f"{address(street[0])}?checkIn={the_stay().check_out}&checkOut={the_stay().check_in}")
    expect(page.get_by_role("alert")).to_contain_text("Check-in must be before check-out.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Error"))


def test_a_day_of_the_calendar_can_be_chosen(page: Page, street: list[Room]) -> None:
    page.goto(f"{address(street[0])}?{the_dates()}&guests=1")
    page.locator(".night-arrival a").press("Enter")
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€160")


def test_by_keyboard_alone(page: Page, street: list[Room]) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Destination", exact=True)).to_be_focused()
    page.keyboard.type("Antwerp")
    page.get_by_role("button", name="Search").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="rooms available in Antwerp")).to_be_visible()
    page.get_by_role("link", name="Attic room").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Attic room")


def test_nothing_is_cut_off_at_320_pixels(visit: Visit, street: list[Room]) -> None:
    page = visit(**PHONE)
    page.goto("/nowhere")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    search_from_home(page)
    page.get_by_text("Filters").click()
    page.get_by_label("Breakfast").check()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")


@pytest.mark.parametrize("width", [320, 390])
def test_the_header_is_one_row_on_a_phone(visit: Visit, alice: User, width: int) -> None:
    page = visit(viewport={"width": width, "height": 640})
    page.goto("/")
    before = page.locator("header.top").bounding_box()
    page.goto("/sign-in")
    sign_in(page, alice)
    expect(page.get_by_role("button", name="Sign out").first).to_be_visible()
    page.goto("/")
    page.evaluate("document.fonts.ready")
    after = page.locator("header.top").bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] == after["height"] < 70
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_pages_are_accessible_in_light_and_dark(page: Page, street: list[Room]) -> None:
    room = address(street[1])
    paths = [
        f"/rooms?location=antwerp&{the_dates()}&amenities=breakfast",
        f"/rooms?location=antwerp&{the_dates()}&capacity=9",
        f"{room}?{the_dates()}&guests=2",
        f"{room}?{the_dates()}&guests=7",
        "/nowhere",
        "/rooms/room_01h2xcejqtf2nbrexx3vqjhp41",
        "/sign-out",
        "/api/docs",
    ]
    found = {}
    for path in paths:
        page.goto(path)
        found[path] = violations(page)
    assert not any(found.values()), found


def test_first_page_is_light(page: Page, street: list[Room]) -> None:
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto("/")
    page.wait_for_load_state("networkidle")
    assert 10_000 < sum(received) < 100_000
