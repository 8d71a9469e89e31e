"""Rate plans and policies in a browser: at every width without faults, and a plan that is chosen changes the offer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, expect

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.api.test_rate_plans import plan_of
from tests.browser.axe import violations
from tests.browser.looking import WIDTHS, Looks, shoot
from tests.cast import SYSTEM, in_days, person
from tests.domain.payments.test_reconciliation import CHARGE, booked, report, row  # noqa: F401 a fixture
from tests.domain.pricing.test_projection import add
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


def test_a_rate_with_a_deposit_says_what_is_paid_when(looks: Looks, alice: User, room: Room) -> None:
    add(room, "policy", name="Deposit", tiers=[], deposit="30%", restDays=10, cancelAfter=3)
    add(room, "plan", name="Pay later", percent=0, policy=plan_of(room, "Deposit"))
    address = f"{room_page(room)}&ratePlan={plan_of(room, 'Pay later')}"
    page = looks.right(alice, address, "deposit-room", room.name)
    expect(page.locator(".plans")).to_contain_text("€108 when you book, €252 on")
    expect(page.get_by_role("heading", name="Payment")).to_be_visible()


def test_a_report_of_payouts_is_compared(looks: Looks, booked: Booking) -> None:  # noqa: F811
    olga = person("olga")
    staff.give_role(SYSTEM, olga.id, Role.OWNER)
    page = looks.right(olga, "/admin/payouts", "payouts", "Payouts")
    other = row(2, "charge", "10.00", "0.55", payment_intent_id="pi_9", automatic_payout_id="po_1")
    rows = [CHARGE | {"gross": "350.00", "net": "344.35"}, other, row(3, "payout", "-300.00", source_id="po_1")]
    file = FilePayload(name="payouts-2026-11.csv", mimeType="text/csv", buffer=report(*rows).encode())
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="payouts-2026-11.csv")).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert violations(page) == []
        shoot(page, f"payouts-found-{width}")
