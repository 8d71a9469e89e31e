"""Families in a browser: ages are asked for at once, the offer follows them and the extras, at every width."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.api.test_guests_by_age import coming, for_families, nights, rule_of
from tests.browser.looking import Looks
from tests.cast import SYSTEM, person


@pytest.fixture
def family(room: Room) -> Room:
    return for_families(room)


def dates() -> str:
    stay = nights(coming(1), 3)
    return f"checkIn={stay.check_in}&checkOut={stay.check_out}"


def test_ages_are_asked_for_at_once_and_the_price_follows_them_and_the_extras(
    looks: Looks, alice: User, family: Room
) -> None:
    address = f"/rooms/{encode('room', family.id)}?{dates()}&guests=3"
    page = looks.right(
        alice, f"{address}&childrenAges=4&extras={rule_of(family, 'Breakfast')}", "family-room", family.name
    )
    page.goto(address)
    total = page.locator("#reserve input[name=shownTotal]")
    expect(total).to_have_value("441.00")
    page.get_by_text("Children", exact=True).click()
    page.get_by_label("How many of the guests?").select_option("1")
    age = page.get_by_label("Age of child 1")
    expect(age).to_have_count(1)
    expect(total).to_have_value("441.00")
    age.select_option("4")
    expect(total).to_have_value("398.00")
    page.get_by_role("checkbox", name=re.compile("Breakfast")).check()
    expect(total).to_have_value("510.50")
    page.locator("#offer").get_by_role("button", name="Reserve").click()
    expect(page.get_by_text("2 adults, 1 child (4)").first).to_be_visible()


def test_the_search_and_the_checkout_of_a_family(looks: Looks, alice: User, family: Room) -> None:
    address = f"/rooms?location=antwerp&{dates()}&capacity=4&childrenAges=4,0"
    looks.right(alice, address, "family-results", "Rooms in Antwerp")
    chosen = f"guests=4&childrenAges=4,0&extras={rule_of(family, 'Pet')}"
    wish = f"/rooms/{encode('room', family.id)}/reserve?{dates()}&{chosen}"
    page = looks.right(alice, wish, "family-wish", "Reserve this room?")
    page.get_by_role("button", name="Reserve").click()
    looks.right(alice, page.url, "family-pay", "Review and pay")


def test_the_desk_books_a_family(looks: Looks, family: Room) -> None:
    mia = person("mia")
    staff.give_role(SYSTEM, mia.id, Role.MANAGER, family.property_id)
    looks.right(mia, f"/admin/bookings/new?{dates()}&guests=3&childrenAges=4", "family-desk", "New booking")
