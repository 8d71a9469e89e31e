"""A file of reservations at the desk: looked at, taken over in steps, forgotten."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from flask import Flask

from booking.admin import imports
from booking.domain.actors import Role
from booking.domain.maintenance import verification
from booking.domain.reservations.importing import files
from booking.domain.tables import Booking, ImportFile, Room, User
from tests.admin.staff import at_work
from tests.cast import count, later
from tests.domain.reservations.test_importing import HEADER, row
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

IMPORTS = "/admin/imports"


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


def upload(visitor: Visitor, content: str | bytes, **fields: str) -> Visitor:
    sent: dict[str, Any] = {"source": "old system", **fields}
    written = content.encode() if isinstance(content, str) else content
    return visitor.go(IMPORTS).send(IMPORTS, file=(io.BytesIO(written), "old <b>.csv"), **sent)


def a_file(*rows: str) -> str:
    return "\n".join([HEADER, *rows])


def test_a_file_is_looked_at_first_and_then_taken_over(manager: Visitor, room: Room) -> None:
    seen = upload(manager, a_file(row("R-1", room.name), row("R-2", room.name, 31), row("R-3", "99", 50)))
    assert seen.heading == "Import from “old system”"
    assert "line 2 has the same night of this room" in seen.text.lower()
    assert "No room of this property is called 99." in seen.text
    assert (count(Booking), "<b>" in str(seen.page.select_one("main .long"))) == (0, False)
    done = seen.press("Import the rows that can come in")
    assert "Everything that can come in is here." in done.text
    assert count(Booking, status="CONFIRMED") == 1
    assert upload(manager, a_file(row("R-1", room.name))).page.find(string="Import the rows that can come in") is None
    assert verification.verify().findings == []


def test_the_rows_that_can_come_in_are_listed_and_those_of_the_past_marked(
    manager: Visitor, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_COMING", 2)
    rows = [row("R-1", room.name, -30, 2, name="Pia Past"), row("R-2", room.name), row("R-3", room.name, 40)]
    seen = upload(manager, a_file(*rows, row("R-4", room.name, 50, guests=99)))
    listed = [" ".join(line.stripped_strings) for line in seen.page.select("tbody tr")]
    assert ["Pia Past" in listed[0], "In the past" in listed[0], "In the past" in listed[1]] == [True, True, False]
    assert "Line 3 , R-2" in listed[1].replace("3,", "3 ,")
    assert ("€300" in listed[1], "€100" in listed[1], room.name in listed[1]) == (True, True, True)
    assert ("The first 2 of 3 are shown." in seen.text, "(1 in the past)" in seen.text) == (True, True)
    assert "This room sleeps 4 guests." in seen.text


def test_a_long_file_comes_in_over_several_requests(
    manager: Visitor, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SECONDS", 0.0)
    rows = [row(f"R-{number}", room.name, 30 + number * 5, 2) for number in range(25)]
    begun = upload(manager, a_file(*rows)).press("Import the rows that can come in")
    assert "20 rows are in, 5 are left" in begun.text
    assert begun.page.select_one('form[hx-trigger="load"]') is not None
    assert "Everything that can come in is here." in begun.press("Go on").text
    assert count(Booking) == 25


def test_what_is_no_such_file_is_said_beside_the_field(manager: Visitor) -> None:
    for content, said in (
        ("", "File is missing"),
        ("name,room\n", "lacks these columns: sourceId"),
        (b"PK\x03\x04", "save it as CSV"),
    ):
        refused = upload(manager, content)
        assert (refused.status, count(ImportFile)) == (400, 0)
        assert said in refused.text
    assert "Source is missing" in upload(manager, a_file(), source=" ").text


def test_a_file_may_be_larger_than_other_requests_but_not_without_end(
    manager: Visitor, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = "x" * 900
    large = a_file(*(row(f"R-{number}", room.name, 30 + number, 1, note=note) for number in range(1200)))
    assert len(large) > 2**20
    assert upload(manager, large).status == 200
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    assert "more than 3 rows" in upload(manager, a_file(*["x"] * 4)).text
    monkeypatch.setattr(files, "LARGEST", 1000)
    assert upload(manager, "x" * 2000).status == 400


def test_a_file_is_forgotten_and_not_there_for_others(manager: Visitor, app: Flask, alice: User, room: Room) -> None:
    address = upload(manager, a_file(row("R-1", room.name))).url
    stranger = at_work(app, alice, Role.DESK, room)
    assert (stranger.go(address).status, stranger.go(IMPORTS).status) == (404, 404)
    assert f'href="{IMPORTS}"' not in str(stranger.go("/admin/bookings").page)
    manager.go(address).press("Forget this file")
    assert (manager.go(address).status, count(ImportFile)) == (404, 0)


def test_taking_over_asks_for_a_fresh_sign_in(manager: Visitor, room: Room) -> None:
    seen = upload(manager, a_file(row("R-1", room.name)))
    later(dt.timedelta(minutes=20))
    assert seen.press("Import the rows that can come in").status == 401
    assert count(Booking) == 0


def test_the_page_of_a_booking_says_where_it_comes_from(manager: Visitor, room: Room) -> None:
    upload(manager, a_file(row("R-1", room.name, email="", phone=""))).press("Import the rows that can come in")
    listed = manager.go("/admin/bookings?channel=import")
    shown = manager.go(next(link for link in listed.links() if "/bookings/booking_" in link))
    assert "old system, R-1" in shown.text
    assert "Paid elsewhere" in shown.text
    assert "Taken over from elsewhere" in shown.text
