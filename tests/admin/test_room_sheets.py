"""Rooms in a spreadsheet: downloaded, changed, uploaded, looked at, applied."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from flask import Flask

from booking.domain import catalogue
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import Forbidden
from booking.domain.tables import Property, Room, User
from booking.infra.db import db, reading
from tests.admin.staff import at_work
from tests.cast import SYSTEM, a_room, beside, count
from tests.room_files import ours
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow

PAGE = "/admin/rooms/sheets"
OSLO = {"property_name": "Pier House", "location": "oslo", "time_zone": "Europe/Oslo", "currency": "NOK"}


@pytest.fixture
def manager(app: Flask, bob: User, room: Room) -> Visitor:
    return at_work(app, bob, Role.MANAGER, room)


@pytest.fixture
def owner(app: Flask, alice: User) -> Visitor:
    return at_work(app, alice, Role.OWNER)


def uploaded(visitor: Visitor, content: str | bytes) -> Visitor:
    data = content if isinstance(content, bytes) else content.encode()
    file = (io.BytesIO(data), "rooms.csv")
    visitor.go(PAGE)
    token = str(visitor.form(PAGE).select_one("[name=csrf_token]")["value"])  # type: ignore[index]
    headers = {"Referer": f"http://localhost{PAGE}", "Origin": "http://localhost"}
    answer = visitor.client.post(PAGE, data={"csrf_token": token, "file": file}, headers=headers)
    return visitor.go(answer.headers["Location"]) if answer.status_code == 303 else visitor._look(PAGE, answer)


def applied(visitor: Visitor) -> Visitor:
    [form] = [one for one in visitor.page.select("#main form") if one.select("[name=fingerprint]")]
    return visitor.send(str(form["action"]))


def downloaded(visitor: Visitor) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(visitor.client.get("/admin/rooms.csv").get_data(as_text=True)[1:])))


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@reading
def row(key: Any) -> Room:
    return db.session.get_one(Room, key)


def facts(visitor: Visitor) -> dict[str, str]:
    pairs = visitor.page.select("#main dl.facts > div")
    return {str(one.dt and one.dt.get_text()): str(one.dd and one.dd.get_text()) for one in pairs}


def test_what_was_downloaded_comes_back_changed_as_it_was_shown(manager: Visitor, room: Room) -> None:
    other = beside(room, "Suite", 200)
    a_room(name="Of another house")
    rows = downloaded(manager)
    assert [one["name"] for one in rows] == [room.name, "Suite"]
    rows[0] |= {"name": "Loft", "price_per_night": "99.50", "beds": "1 king, 2 cots", "size_m2": "30"}
    uploaded(manager, written(rows))
    assert facts(manager) == {"New": "0", "Changed": "1", "Unchanged": "1", "Refused": "0"}
    [changed] = manager.page.select("section[aria-labelledby=changed] li")
    told = [" ".join(one.get_text().split()) for one in changed.select(".small")]
    assert told == [
        f"Name: {room.name} → Loft",
        "Price per night: €120.00 → €99.50",
        "Beds: – → 1 king bed, 2 cots",
        "Size: – → 30",
    ]
    assert row(room.id).name == room.name  # nothing is done yet
    assert "1 room was changed." in applied(manager).text
    now = row(room.id)
    assert (now.name, now.size_m2, now.beds[0], now.published) == ("Loft", 30, {"type": "king", "count": 1}, True)
    assert row(other.id).version == 1
    assert downloaded(manager)[0]["beds"] == "1 king, 2 cot"


def test_what_has_changed_meanwhile_is_shown_anew_and_not_written_over(manager: Visitor, room: Room) -> None:
    rows = downloaded(manager)
    uploaded(manager, written([rows[0] | {"name": "Loft"}]))
    catalogue.unpublish_room(SYSTEM, room.id)
    applied(manager)
    assert (manager.status, row(room.id).name) == (409, room.name)
    assert "Something has changed since the file was looked at." in manager.problems[0]
    assert "Published: no → yes" in " ".join(
        manager.page.select("section[aria-labelledby=changed]")[0].get_text().split()
    )
    applied(manager)
    assert (row(room.id).name, row(room.id).published) == ("Loft", True)


def test_a_row_that_cannot_go_in_is_named_and_stops_no_other(owner: Visitor) -> None:
    uploaded(owner, ours(OSLO, OSLO | {"capacity": "many"}, OSLO | {"beds": "1 throne"}, OSLO | {"source_id": "a1"}))
    assert facts(owner) == {
        "New": "1",
        "Changed": "0",
        "Unchanged": "0",
        "Refused": "3",
        "New properties": "Pier House",
    }
    assert [one.get_text() for one in owner.page.select("section[aria-labelledby=refused] strong")] == [
        "Line 3", "Line 4", "Line 5",
    ]  # fmt: skip
    assert "1 new room." in applied(owner).text
    assert (count(Room), count(Property)) == (1, 1)


def test_what_is_wrong_with_an_id_is_said_once_for_all_rows_that_have_it(owner: Visitor) -> None:
    spaced = [OSLO | {"source_id": f"Double {number}", "name": f"Room {number}"} for number in (101, 102, 103)]
    uploaded(owner, ours(*spaced, OSLO | {"source_id": "", "name": "Copied"}))
    many, empty = [" ".join(one.get_text(" ").split()) for one in owner.page.select("#main .desk-events > li")]
    assert many.startswith("3 rows: Source id: must not have a space or a letter with an accent; use letters, digits")
    assert many.endswith("Line 2, Room 101 Line 3, Room 102 Line 4, Room 103")
    assert empty.startswith("Line 5 Copied Source id: is empty; for a new room write an id of your own")
    assert facts(owner)["Refused"] == "4"
    assert "write an id of your own into source_id, such as double-102" in owner.go(PAGE).text


def test_who_comes_back_to_what_was_imported_is_told_so(manager: Visitor, room: Room) -> None:
    place = uploaded(manager, written([downloaded(manager)[0] | {"name": "Loft"}])).url
    [old] = [one for one in manager.page.select("#main form") if one.select("[name=fingerprint]")]
    sent = {str(one["name"]): str(one["value"]) for one in old.select("input")}
    assert "1 room was changed." in applied(manager).text
    again = manager.client.post(place, data=sent, headers={"Referer": f"http://localhost{place}"})
    assert (again.status_code, again.headers["Location"]) == (303, PAGE)
    for _ in range(2):
        told = manager.go(place)
        assert (told.status, told.url) == (200, PAGE)
        assert "This file was imported already. It was not imported again." in told.text
        assert "/admin/rooms" in told.links()
    assert row(room.id).version == 2


def test_a_manager_changes_no_house_but_their_own(manager: Visitor, room: Room, bob: User) -> None:
    elsewhere = a_room()
    for row_of in (
        OSLO,
        {"property_slug": _slug(elsewhere), "location": "antwerp", "time_zone": "Europe/Brussels", "currency": "EUR"},
    ):
        uploaded(manager, ours(row_of))
        assert facts(manager)["Refused"] == "1"
        assert "There is nothing to import." in manager.text
    assert count(Property) == 2
    stranger = Actor.signed_in(bob.id, (Membership(Role.DESK, room.property_id),), None)
    with pytest.raises(Forbidden):
        catalogue.keep_sheet(stranger, "rooms.csv", b"x")


@reading
def _slug(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def test_what_is_no_sheet_is_said(manager: Visitor) -> None:
    for content, told in {
        b"PK\x03\x04": "File is packed, or a spreadsheet; save it as CSV (UTF-8).",
        b"": "File is missing.",
        b"a,b\n1,2\n": "This is not a CSV of rooms.",
        b"source_id,name,capacity,price_per_night\n" + b"1,A,2,3\n" * 1001: "The file does not say its",
    }.items():
        uploaded(manager, content)
        assert (manager.status, manager.problems[0].startswith(told)) == (400, True), manager.problems


def test_a_file_is_its_uploaders_and_gone_once_it_is_applied(app: Flask, manager: Visitor, owner: Visitor) -> None:
    rows = downloaded(manager)
    place = uploaded(manager, written(rows)).url
    assert owner.go(place).status == 404
    manager.go(place)
    [form] = [one for one in manager.page.select("#main form") if str(one["action"]).endswith("/discard")]
    manager.send(str(form["action"]))
    assert manager.go(place).status == 404
