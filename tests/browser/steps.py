"""What guests do in a browser, named as they would say it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.cast import PASSWORD, VISA, in_days


def the_stay() -> Stay:
    return in_days(30, 3)


def address(room: Room) -> str:
    return f"/rooms/{encode('room', room.id)}?checkIn={the_stay().check_in}&checkOut={the_stay().check_out}&guests=2"


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("heading", name=name, level=1)


def button(page: Page, name: str) -> Locator:
    """The first of that name: on a phone, Reserve stands in the bar below as well."""
    return page.get_by_role("button", name=name, exact=True).first


def sign_in(page: Page, who: User, password: str = PASSWORD) -> None:
    form = page.locator("form[action='/sign-in']")
    form.get_by_label("Email").fill(who.email)
    form.get_by_label("Password").fill(password)
    form.get_by_role("button", name="Sign in").click()


def reserve(page: Page, room: Room, who: User) -> None:
    """To the checkout page, signing in on the way."""
    page.goto(address(room))
    button(page, "Reserve").click()
    sign_in(page, who)
    expect(heading(page, "Review and pay")).to_be_visible()


def pay(page: Page, card: str = VISA) -> None:
    page.locator(f"input[value={card}]").check()
    button(page, "Pay €360").click()
