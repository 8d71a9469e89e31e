"""Figures at the desk: drawn, in tables and as a file; the money for those alone who may see it; who wants an email."""

from __future__ import annotations

import csv

import pytest
from flask import Flask

from booking.domain import figures
from booking.domain.actors import Role
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import FiguresReader, Room, User
from booking.infra.db import db
from tests.admin.staff import at_work, statements
from tests.cast import SYSTEM, VISA, a_room, acting, beside, count, in_days, order
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
PAGE, COMING = "/admin/figures", "/admin/figures?period=coming"


@pytest.fixture
def sold(alice: User, room: Room, desk: BookingContext) -> None:
    """Three nights at 120, counted."""
    bookings.book(acting(alice), order(alice, room), VISA, desk)
    counted()


def counted() -> None:
    figures.begin_anew(SYSTEM)
    figures.keep_all(SYSTEM, StayRules())


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def total(visitor: Visitor, caption: str) -> list[str]:
    """The last row of the table."""
    [table] = [one for one in visitor.page.select("table") if one.caption and one.caption.get_text() == caption]
    return [cell.get_text(strip=True) for cell in table.select("tbody tr")[-1].select("th, td")]


def test_what_was_sold_is_drawn_and_stands_in_tables(manager: Visitor, sold: None) -> None:
    manager.go(COMING)
    assert total(manager, "By month")[2] == "3"
    assert total(manager, "By month")[-2:] == ["€360.00", "€0.00"]
    assert total(manager, "Pace") == ["All", "3", "0", "+3", "€360.00", "€0.00", "+€360.00"]
    assert total(manager, "Stays, lead time, cancellations and no-shows")[:3] == ["All", "1", "3"]
    assert total(manager, "By channel")[0:2] == ["Programs", "3"]
    drawings = manager.page.select("svg[role=img]")
    assert len(drawings) == 3
    for one in drawings:
        names = str(one["aria-labelledby"]).split()
        assert [bool(one.select_one(f"#{name}")) for name in names] == [True, True]
        assert len(one.select("rect")) == 12
    assert "Average daily rate" in manager.text


def test_the_desk_sees_no_money(app: Flask, bob: User, room: Room, sold: None) -> None:
    clerk = at_work(app, bob, Role.DESK, room).go(COMING)
    assert total(clerk, "By month")[2] == "3"
    assert "€" not in clerk.text
    assert "Average daily rate" not in clerk.text
    file = clerk.go("/admin/figures/export.csv?period=coming").response.get_data(as_text=True)
    assert "360" not in file
    assert "revenue" not in file.lower()


def test_housekeeping_and_guests_find_no_such_page(app: Flask, alice: User, bob: User, room: Room) -> None:
    assert at_work(app, bob, Role.HOUSEKEEPING, room).go(PAGE).status == 404
    assert Visitor(app).signed_in(alice).go(PAGE).status == 404


def test_the_file_has_the_same_numbers(manager: Visitor, sold: None) -> None:
    answer = manager.go("/admin/figures/export.csv?period=coming").response
    rows = list(csv.DictReader(answer.get_data(as_text=True).removeprefix("\ufeff").splitlines()))
    months = [row for row in rows if row["by"] == "month"]
    assert len(months) == 12
    assert sum(float(row["revenue"]) for row in months) == 360
    assert sum(int(row["sold"]) for row in months) == 3
    assert {row["by"] for row in rows} == {"month", "property", "kind", "channel"}
    assert "attachment" in answer.headers["Content-Disposition"]


def test_each_currency_has_a_block_of_its_own(app: Flask, bob: User, alice: User, room: Room, sold: None) -> None:
    """And an owner of all sees the properties beside each other."""
    yens = a_room(currency="JPY", price_per_night=9000)
    assert yens
    owner = at_work(app, bob, Role.OWNER).go(COMING)
    assert [one.get_text() for one in owner.page.select("section > h2")][:2] == ["In EUR", "In JPY"]


def test_a_period_that_is_none_is_said_at_its_field(manager: Visitor, room: Room) -> None:
    manager.go(f"{PAGE}?period=soon")
    assert manager.status == 400
    assert "is a year, such as 2026" in manager.text
    assert manager.page.select_one("#f-period-problem")


def test_until_all_are_counted_the_page_says_so(manager: Visitor, room: Room) -> None:
    assert "being counted for the first time" in manager.go(PAGE).text
    counted()
    assert "being counted for the first time" not in manager.go(PAGE).text


def test_an_email_each_monday_is_ones_own_choice(manager: Visitor, bob: User, room: Room) -> None:
    manager.go(PAGE).send("/admin/figures/email", weekly="on")
    assert "Your choice is saved." in manager.text
    manager.go(PAGE).send("/admin/figures/email", weekly="on")
    assert count(FiguresReader, user_id=bob.id) == 1
    assert manager.page.select_one("input[name=weekly][checked]")
    manager.go(PAGE).send("/admin/figures/email", weekly="")
    assert count(FiguresReader) == 0
    assert not manager.page.select_one("input[name=weekly][checked]")


def test_more_rooms_bookings_and_channels_cost_no_more_statements(
    manager: Visitor, alice: User, room: Room, sold: None, desk: BookingContext
) -> None:
    manager.go(COMING)
    few = statements(lambda: manager.go(COMING))
    for number in range(6):
        other = beside(room, f"Room {number}", 90)
        bookings.book(acting(alice), order(alice, other, in_days(40 + number)), VISA, desk)
    counted()
    assert statements(lambda: manager.go(COMING)) <= few
    db.session.close()
