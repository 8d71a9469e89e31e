"""Rate plans and policies in a browser: at every width without faults, and a plan that is chosen changes the offer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.browser.looking import Looks
from tests.cast import SYSTEM, in_days, person
from tests.web.reservations.test_rate_plans import planned  # noqa: F401 a fixture

pytestmark = pytest.mark.usefixtures("planned")


def room_page(room: Room) -> str:
    stay = in_days(30)
    return f"/rooms/{encode('room', room.id)}?checkIn={stay.check_in}&checkOut={stay.check_out}&guests=2"


def test_plans_stand_side_by_side_and_choosing_one_changes_the_offer(looks: Looks, alice: User, room: Room) -> None:
    page = looks.right(alice, room_page(room), "plans-room", room.name)
    page.get_by_role("radio", name=re.compile("Flexible")).check()
    expect(page.locator("#reserve input[name=shownTotal]")).to_have_value("414.00")
    expect(page.locator(".policy")).to_contain_text("Free cancellation until")


def test_free_cancellation_as_a_filter(looks: Looks, alice: User, room: Room) -> None:
    stay = in_days(30)
    address = f"/rooms?location=antwerp&checkIn={stay.check_in}&checkOut={stay.check_out}"
    page = looks.right(alice, address, "plans-results", "Rooms in Antwerp")
    page.locator("input[name=freeCancellation]").check()
    expect(page.locator(".room-card")).to_contain_text("€360")


def test_the_pages_of_policies(looks: Looks, room: Room) -> None:
    mia = person("mia")
    staff.give_role(SYSTEM, mia.id, Role.MANAGER, room.property_id)
    house = encode("property", room.property_id)
    page = looks.right(mia, f"/admin/policies?property={house}", "policies", "Cancellation policies")
    expect(page.get_by_role("heading", name="Rate plans")).to_be_visible()
    for kind, title in (("policy", "New policy"), ("plan", "New rate plan")):
        looks.right(mia, f"/admin/policies/new?kind={kind}&property={house}", f"policies-{kind}", title)
