"""Choices that follow each other before the page has answered: the last one counts, and none before it is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest
from playwright.sync_api import Error, Page, Route, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room
from booking.infra.ids import encode
from tests.cast import a_room, in_days

Visit = Callable[..., Page]


def the_stay() -> Stay:
    return in_days(40, 2)


def the_dates() -> str:
    stay = the_stay()
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


class SlowAnswers:
    """Holds back what htmx asks for, until `arrive`; whole pages come at once."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        self.open = False
        page.route("**/rooms**", self._take)

    def _take(self, route: Route) -> None:
        if self.open or "hx-request" not in route.request.headers:
            route.continue_()
        else:
            self.waiting.append(route)

    def arrive(self) -> None:
        self.open = True
        for route in self.waiting:
            with suppress(Error):  # another request has taken its place
                route.continue_()


def go(page: Page, room: Room) -> SlowAnswers:
    page.goto(f"/rooms/{encode('room', room.id)}?{the_dates()}&guests=2")
    page.evaluate("window.isSamePage = true")
    return SlowAnswers(page)


def field(page: Page, name: str) -> str:
    return page.get_by_label(name, exact=True).input_value()


def test_a_month_after_a_day_keeps_the_day(page: Page, room: Room) -> None:
    go(page, room).arrive()
    day, month = in_days(44, 2), page.locator("#calendar caption").first.inner_text()
    links = [f"#calendar a[href*='checkIn={day.check_in}']", "#calendar a[href*='month=']:last-of-type"]
    page.evaluate("links => links.forEach((link) => document.querySelector(link).click())", links)
    expect(page.locator("#calendar caption").first).not_to_have_text(month)
    expect(page).to_have_url(re.compile(f"checkIn={day.check_in}&checkOut={day.check_out}&guests=2&month="))
    assert (field(page, "Check-in"), field(page, "Check-out")) == (str(day.check_in), str(day.check_out))


def test_of_two_days_the_second_counts(page: Page, room: Room) -> None:
    answers = go(page, room)
    for start in (44, 47):
        page.locator(f"#calendar a[href*='checkIn={in_days(start).check_in}']").click()
    answers.arrive()
    last = in_days(47, 2)
    expect(page).to_have_url(re.compile(f"checkIn={last.check_in}&checkOut={last.check_out}&guests=2$"))
    expect(page.locator("td.night-arrival a")).to_have_text(str(last.check_in.day))
    assert page.evaluate("window.isSamePage")
    page.go_back()
    expect(page.get_by_label("Check-in", exact=True)).to_have_value(str(the_stay().check_in))
    expect(page.locator("td.night-arrival a")).to_have_text(str(the_stay().check_in.day))


def test_a_day_takes_the_guests_and_length_that_were_just_chosen(page: Page, room: Room) -> None:
    answers = go(page, room)
    page.get_by_label("Guests", exact=True).select_option("3")
    page.get_by_label("Check-out", exact=True).fill(str(in_days(40, 5).check_out))
    day = in_days(45, 5)
    page.locator(f"#calendar a[href*='checkIn={day.check_in}']").click()
    answers.arrive()
    expect(page.locator("#offer")).to_contain_text("5 nights")
    expect(page).to_have_url(re.compile(f"checkIn={day.check_in}&checkOut={day.check_out}&guests=3$"))


def test_the_way_to_other_rooms_takes_what_was_just_chosen(page: Page, room: Room) -> None:
    go(page, room)
    page.get_by_label("Guests", exact=True).select_option("3")
    page.get_by_label("Check-out", exact=True).fill(str(in_days(40, 5).check_out))
    page.get_by_role("link", name="Rooms in Antwerp").click()
    expect(page.get_by_label("Check-out", exact=True)).to_have_value(str(in_days(40, 5).check_out))
    assert field(page, "Guests") == "3"


def test_what_was_not_shown_yet_is_not_reserved(page: Page, room: Room) -> None:
    answers = go(page, room)
    page.get_by_label("Check-out", exact=True).fill(str(in_days(40, 5).check_out))
    reserve = page.locator("#offer").get_by_role("button", name="Reserve", exact=True)
    reserve.click()
    assert page.evaluate("window.isSamePage")
    answers.arrive()
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€600")
    reserve.click()
    expect(page.get_by_role("heading", level=1, name="Sign in")).to_be_visible()


def test_months_can_be_turned_before_any_dates_are_chosen(page: Page, room: Room) -> None:
    page.goto(f"/rooms/{encode('room', room.id)}")
    first = page.locator("#calendar caption").first.inner_text()
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.locator("#calendar caption").first).not_to_have_text(first)
    expect(page).to_have_url(re.compile(r"[?&]month=\d{4}-\d\d\b"))
    assert page.locator(".errors").count() == 0
    page.locator("td.night-free a").nth(3).click()
    expect(page.get_by_role("heading", name="Your stay")).to_be_in_viewport()


def test_a_new_search_keeps_the_filter_that_was_just_chosen(page: Page, room: Room) -> None:
    a_room(name="Room with breakfast", price_per_night=Decimal(95), amenities=["breakfast"])
    page.goto(f"/rooms?location=antwerp&{the_dates()}&capacity=2")
    SlowAnswers(page)
    page.get_by_label("Breakfast").check()
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("1 room available in Antwerp")
    assert page.get_by_label("Breakfast").is_checked()


# --- the day of leaving


def first_offered(page: Page) -> str | None:
    return page.get_by_label("Check-out", exact=True).get_attribute("min")


@pytest.mark.parametrize("path", ["/", "/rooms", "the room’s"])
def test_the_day_of_check_in_cannot_be_picked_for_check_out(page: Page, room: Room, path: str) -> None:
    where = path if path.startswith("/") else f"/rooms/{encode('room', room.id)}"
    page.goto(where if path == "/" else f"{where}?{the_dates()}")
    for moved in (None, in_days(50), in_days(35)):
        if moved:
            page.get_by_label("Check-in", exact=True).fill(str(moved.check_in))
        shown = in_days(0).check_in.fromisoformat(field(page, "Check-in"))
        assert first_offered(page) == str(shown.fromordinal(shown.toordinal() + 1))
    if path.startswith("the room"):
        expect(page.locator("#offer")).to_contain_text(f"{(the_stay().check_out - in_days(35).check_in).days} nights")
        assert first_offered(page) == str(in_days(35, 1).check_out), "also after the page has answered"


def test_a_check_out_that_is_typed_too_early_is_told_at_once(page: Page, room: Room) -> None:
    page.goto(f"/rooms/{encode('room', room.id)}?{the_dates()}&guests=2")
    end = page.get_by_label("Check-out", exact=True)
    for wrong in (the_stay().check_in, in_days(30).check_in):
        end.fill(str(wrong))
        assert end.evaluate("field => field.validationMessage") == "Check-out must be after check-in."
        expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€240")
    end.fill(str(in_days(40, 1).check_out))
    expect(page.locator("#offer").get_by_role("row", name="Total")).to_contain_text("€120")
    assert end.evaluate("field => field.validationMessage") == ""


@pytest.mark.parametrize("path", ["/rooms", "the room’s"])
def test_without_javascript_the_server_says_which_comes_first(visit: Visit, room: Room, path: str) -> None:
    page = visit(java_script_enabled=False)
    page.goto(path if path.startswith("/") else f"/rooms/{encode('room', room.id)}")
    tomorrow = in_days(0, 1).check_out
    assert first_offered(page) in {str(tomorrow), str(in_days(1, 1).check_out), str(in_days(0, 1).check_in)}
    assert first_offered(page) > str(page.get_by_label("Check-in", exact=True).get_attribute("min"))
    for name in ("Check-in", "Check-out"):
        page.get_by_label(name, exact=True).fill(str(the_stay().check_in))
    page.get_by_role("button", name="Search" if path == "/rooms" else "Show price", exact=True).click()
    if path == "/rooms":  # how long the stay was is known there
        expect(page.get_by_text("We moved check-out to")).to_be_visible()
    else:
        expect(page.get_by_role("link", name="Check-in must be before check-out.")).to_be_visible()
        assert field(page, "Check-out") == str(the_stay().check_in)


def test_a_long_destination_that_is_none_breaks_in_its_lines(visit: Visit, room: Room) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(f"/rooms?location={'x' * 118}&{the_dates()}")
    expect(page.get_by_role("heading", name="Destination not found")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
