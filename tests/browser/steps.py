"""What guests do in a browser, named as they would say it."""

from __future__ import annotations

import uuid

from playwright.sync_api import Locator, Page, expect

from booking.domain.reservations import importing
from booking.domain.stays import Stay
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.cast import PASSWORD, SYSTEM, VISA, in_days


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
    form.get_by_role("button", name="Sign in", exact=True).click()


def reserve(page: Page, room: Room, who: User) -> None:
    """To the checkout page, signing in on the way."""
    page.goto(address(room))
    button(page, "Reserve").click()
    sign_in(page, who)
    expect(heading(page, "Review and pay")).to_be_visible()


def pay(page: Page, card: str = VISA) -> None:
    page.locator(f"input[value={card}]").check()
    button(page, "Pay €360").click()


def uploaded(booked: Booking) -> uuid.UUID:
    """A file of which one row can come in; the nights of another are this booking's, and the third is a riddle."""
    free = in_days(60)
    rows = [
        "sourceId,room,checkIn,checkOut,guests,name,total",
        f"R-1,{booked.room_name},{free.check_in},{free.check_out},2,Carol,300",
        f"R-2,{booked.room_name},{booked.check_in},{booked.check_out},2,Dora,90",
        f"R-3,no such room,{free.check_in},{free.check_out},two,,-1",
    ]
    content = "\n".join(rows).encode()
    return importing.keep(SYSTEM, booked.property_id, "The system of before", "reservations.csv", content)
