"""Names and texts of one endless word and long amounts, on phones: nothing has to be scrolled sideways."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.browser.steps import address, reserve
from tests.cast import a_room, in_days

Visit = Callable[..., Page]
GERMAN, ENDLESS = "Donaudampfschifffahrtsgesellschaftskapitänszimmer", "x" * 225


def the_stay() -> Stay:
    return in_days(30, 3)


def the_results() -> str:
    stay = the_stay()
    return f"/rooms?location=antwerp&checkIn={stay.check_in}&checkOut={stay.check_out}&capacity=2"


def wide(name: str) -> Room:
    price = {"currency": "KWD", "price_per_night": Decimal("12345.565")}  # three decimals, and no short sign
    address = {"city": "Antwerp", "street": name}
    return a_room(name=name, kind=name[:120], description="y" * 20_000, address=address, **price)


def fits(page: Page) -> bool:
    seen, there = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollWidth]")
    return bool(there <= seen)


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", [GERMAN, ENDLESS], ids=["German", "endless"])
def test_one_long_word_makes_no_page_wider_than_the_screen(visit: Visit, width: int, name: str) -> None:
    page, room = visit(viewport={"width": width, "height": 800}), wide(name)
    for url in (the_results(), f"/rooms/{encode('room', room.id)}", address(room)):
        page.goto(url)
        expect(page.get_by_text(name).first).to_be_attached()
        assert fits(page), url


@pytest.mark.parametrize("name", [GERMAN, ENDLESS], ids=["German", "endless"])
def test_nor_does_it_on_the_way_to_paying(visit: Visit, alice: User, name: str) -> None:
    page, room = visit(viewport={"width": 320, "height": 800}), wide(name)
    reserve(page, room, alice)
    assert fits(page)
    page.goto("/bookings")
    expect(page.get_by_text(name).first).to_be_attached()
    assert fits(page)
