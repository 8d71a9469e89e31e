"""What pages look like to whoever sees them otherwise: photos, high contrast, a keyboard, a phone, a slow line."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.browser.axe import violations
from tests.browser.conftest import CHROMIUM, PHONE
from tests.browser.steps import heading, pay, reserve, sign_in
from tests.cast import a_room, in_days

Visit = Callable[..., Page]
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def the_stay() -> Stay:
    return in_days(30, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}?{the_dates()}&guests=2"


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_photos_are_seen_one_after_the_other_and_one_that_is_broken_says_what_it_was(
    app: Flask, browser: Browser, base_url: str, monkeypatch: pytest.MonkeyPatch, script: bool
) -> None:
    services = app.extensions["services"]
    settings = dataclasses.replace(services.settings, image_sources="https://photos.example")
    monkeypatch.setitem(app.extensions, "services", dataclasses.replace(services, settings=settings))
    room = a_room(
        images=[{"url": f"https://photos.example/{name}.gif", "alt": name} for name in ("bed", "bath", "gone")]
    )

    def answer(route: Route) -> None:
        route.abort() if "gone" in route.request.url else route.fulfill(body=PIXEL, content_type="image/gif")

    context = browser.new_context(base_url=base_url, java_script_enabled=script)
    page = context.new_page()
    context.route("https://photos.example/**", answer)
    page.goto(address(room))
    expect(page.get_by_alt_text("bed")).to_be_in_viewport()
    page.get_by_role("link", name="Photo 2").click()
    expect(page.get_by_alt_text("bath")).to_be_in_viewport(ratio=0.9)
    page.get_by_role("link", name="Photo 3").click()
    gone = page.get_by_role("img", name="gone")
    expect(gone).to_be_in_viewport(ratio=0.9)
    assert gone.bounding_box()["height"] > 100  # type: ignore[index]  # it is in the viewport
    if script:
        assert violations(page) == []
    context.close()


def test_chosen_nights_are_told_from_others_in_high_contrast(visit: Visit, room: Room) -> None:
    page = visit(forced_colors="active")
    page.goto(address(room))
    colours = [
        page.locator(f"{cell} a").first.evaluate("a => getComputedStyle(a).backgroundColor")
        for cell in ("td.night-arrival", "td.night-free:not(.night-arrival, .night-within)")
    ]
    assert colours[0] != colours[1]
    arrow = page.get_by_label("Guests", exact=True).evaluate("field => getComputedStyle(field).appearance")
    assert arrow == "auto"


def test_the_keyboard_reaches_the_first_room_at_once(page: Page, room: Room) -> None:
    page.goto(f"/rooms?location=antwerp&{the_dates()}")
    skip = page.get_by_role("link", name="Skip to results")
    page.get_by_role("button", name="Search").focus()
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Room with a view")).to_be_focused()


def test_a_long_name_takes_four_lines_of_a_phone_and_no_more(visit: Visit, app: Flask) -> None:
    page = visit(**PHONE)
    page.goto(address(a_room(name="Sunny loft by the river " * 10)))
    heading = page.get_by_role("heading", level=1)
    lines = heading.evaluate("h => h.clientHeight / parseFloat(getComputedStyle(h).lineHeight)")
    assert lines < 4.5


@pytest.mark.usefixtures("room")
def test_only_a_wide_screen_fetches_the_large_picture_and_at_once(visit: Visit) -> None:
    wide, phone = visit(), visit(**PHONE)
    for page, there in ((wide, True), (phone, False)):
        page.goto("/")
        shown = page.locator(".hero-picture")
        assert shown.get_attribute("loading") is None
        assert bool(shown.evaluate("image => image.currentSrc.startsWith('http')")) is there


def test_the_time_left_stands_once_on_the_page_that_takes_the_money(page: Page, room: Room, alice: User) -> None:
    reserve(page, room, alice)
    expect(page.locator("[data-until]")).to_have_count(1)


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("Room Booking", 320, "not"),
        ("Room Booking", 390, "whole"),
        ("A house of rooms with a name that is far too long for a phone", 390, "not"),
        ("A house of rooms with a name that is far too long for a phone", 1280, "whole"),
    ],
)
def test_the_header_shows_the_name_whole_or_only_the_mark(visit: Visit, name: str, width: int, shown: str) -> None:
    page = visit(viewport={"width": width, "height": 640})
    page.goto("/")
    page.locator(".brand-name").evaluate("(brand, name) => { brand.textContent = name }", name)
    seen = page.locator(".brand").evaluate(
        """brand => {
            const [box, name] = [brand, brand.querySelector(".brand-name")].map(one => one.getBoundingClientRect());
            if (name.top >= box.bottom) return "not";
            return name.right <= box.right + 1 && name.bottom <= box.bottom + 1 ? "whole" : "cut";
        }"""
    )
    assert seen == shown
    expect(page.locator(".brand svg")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_the_header_is_one_row_whatever_the_size_and_a_keyboard_reaches_all_of_it(
    visit: Visit, alice: User, script: bool
) -> None:
    page = visit(viewport={"width": 195, "height": 422}, java_script_enabled=script)  # 390 wide, its text at 200 %
    for url, names in (("/", ["Sign in", "Create account"]), ("/account", ["Bookings", "Account", "Sign out"])):
        page.goto(url)
        if page.url.endswith("next=%2Faccount"):
            sign_in(page, alice)
            expect(heading(page, "Your account")).to_be_visible()
        entries = [page.locator(".menu > *").filter(has_text=name) for name in names]
        for width in (195, 320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 422})
            assert page.locator(".top").bounding_box()["height"] <= 66  # type: ignore[index]  # it is there
            assert all(entry.is_visible() == (width != 195) for entry in entries)
            assert page.locator(".menu-fold summary").is_visible() == (width == 195)
        page.set_viewport_size({"width": 195, "height": 422})
        page.locator(".brand").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for entry in entries:
            page.keyboard.press("Tab")
            expect(entry.locator("xpath=descendant-or-self::*[self::a or self::button]")).to_be_focused()
            expect(entry).to_be_in_viewport(ratio=1)
        if script:
            assert violations(page) == []


def test_words_of_any_size_and_length_stay_whole_on_a_phone(visit: Visit, room: Room) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(f"/rooms?location={'donaudampfschiff' * 6}&{the_dates()}")
    assert lines_of(page, ".search-change") == 1
    page.goto(address(room))
    assert lines_of(page, "#offer > p .nowrap") == 1
    for size in ("100%", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_with_text_twice_as_large_nothing_of_ones_own_leaves_the_phone(visit: Visit, room: Room, alice: User) -> None:
    page = visit(viewport={"width": 195, "height": 422})  # 390 by 844, as its text at 200 % leaves of it
    reserve(page, room, alice)
    assert outside(page) == []
    pay(page)
    expect(heading(page, "You’re booked")).to_be_visible()
    for url in (page.url, f"{page.url}/receipt", f"{page.url}/cancel", "/bookings", "/account", "/account/close"):
        page.goto(url)
        assert outside(page) == [], url


def outside(page: Page) -> list[str]:
    """What is cut off at the right, or makes the page scroll sideways."""
    found = """() => [...document.querySelectorAll("body *:not(.unseen, .skip)")]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
        .map(one => `${one.tagName}.${one.className}`)"""
    return list(page.evaluate(found))


def lines_of(page: Page, what: str) -> int:
    """Over how many lines the first of these breaks."""
    tops = """one => {
        const words = document.createRange();
        words.selectNodeContents(one);
        return new Set([...words.getClientRects()].map(line => line.top)).size;
    }"""
    return int(page.locator(what).first.evaluate(tops))
