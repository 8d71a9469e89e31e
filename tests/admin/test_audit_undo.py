"""The audit log says by which page or command, is linked from things, and takes back what is safe."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain import inventory, people
from booking.domain.actors import Role
from booking.domain.errors import NotFound
from booking.domain.inventory.audit_undoing import ChangedSince, EntryNotUndoable
from booking.domain.maintenance import verification
from booking.domain.people import AuditEntry
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import Room, User
from booking.http import date_format
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.cast import SYSTEM, acting, all_at_once, blocked, in_days, nights_of, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


@pytest.fixture
def owner(app: Flask) -> Visitor:
    return at_work(app, person("olga"), Role.OWNER)


def newest(action: str = "") -> AuditEntry:
    entries = people.audit_entries(SYSTEM, limit=20)
    return next(entry for entry in entries if entry.action.startswith(action))


def undo(entry: AuditEntry, desk: BookingContext, actor: Any = SYSTEM) -> None:
    inventory.undo_entry(actor, entry.id, desk.rules)


def test_an_entry_says_by_which_page_or_command_it_was_made(
    owner: Visitor, runner: FlaskCliRunner, room: Room, desk: BookingContext
) -> None:
    stay = in_days(30)
    key = encode("room", room.id)
    asked = f"/admin/calendar/nights?room={key}&checkIn={stay.check_in}&checkOut={stay.check_out}"
    owner.go(asked).send("/admin/calendar/nights", reason="secret?token=1")
    assert newest().door == "POST /admin/calendar/nights"
    block = str(newest().after["block"])
    details = owner.go("/admin/audit").page.select_one(".desk-log details")
    assert details is not None
    assert "Technical details By POST /admin/calendar/nights, request " in details.get_text(" ")
    assert "From the page Calendar" in owner.text
    shown = owner.page.select_one(".desk-log time")
    assert shown is not None
    assert str(shown["title"]).endswith(" UTC")
    assert shown.text == date_format.moment(newest().at, "Europe/Brussels")
    assert runner.invoke(args=["blocks", "remove", block]).exit_code == 0
    assert newest().door == "flask blocks remove"
    blocked(room, stay)
    assert newest().door == "tests"
    [told, *_] = json.loads(runner.invoke(args=["audit", "list", "--subject", key, "--json"]).stdout)
    assert (told["door"], told["action"]) == ("tests", "nights.blocked")


def test_things_lead_to_their_history_and_a_block_is_found_there(owner: Visitor, room: Room) -> None:
    block, _ = blocked(room, in_days(30), reason="paint"), blocked(room, in_days(50), reason="paint")
    key, house = encode("block", block.id), encode("property", room.property_id)
    assert f"/admin/audit?thing={key}" in owner.go(f"/admin/calendar/blocks/{key}").links()
    assert len(owner.go(f"/admin/audit?thing={key}").page.select(".desk-log > li")) == 1
    inventory.unblock(SYSTEM, block.id)
    assert len(owner.go(f"/admin/audit?thing={key}").page.select(".desk-log > li")) == 2
    asked = f"/admin/calendar/nights?room={encode('room', room.id)}&checkIn={in_days(9).check_in}"
    assert f"/admin/audit?thing={encode('room', room.id)}" in owner.go(asked).links()
    assert f"/admin/audit?thing={house}" in owner.go(f"/admin/calendar/?property={house}").links()
    for place, key in (("rooms", encode("room", room.id)), ("properties", house)):
        for page in ("", "/photos"):
            assert f"/admin/audit?thing={key}" in owner.go(f"/admin/{place}/{key}{page}").links()


def test_a_block_is_taken_back_and_put_there_again_from_the_log(owner: Visitor, room: Room) -> None:
    blocked(room, in_days(30), reason="paint")
    taken_back = owner.go("/admin/audit").press("Undo")
    assert "Taken back. The log has a new entry." in taken_back.text
    assert (nights_of(room), newest().action) == ({}, "nights.unblocked")
    first = taken_back.page.select_one(".desk-log form")
    assert first is not None
    owner.send(str(first["action"]))
    assert set(nights_of(room).values()) == {"blocked"}
    assert [one.block.reason for one in inventory.blocks_ahead(SYSTEM, StayRules())] == ["paint"]
    [*_, oldest] = owner.go("/admin/audit").page.select(".desk-log form")
    assert "changed since" in owner.send(str(oldest["action"])).text
    assert verification.verify().findings == []


def test_the_state_of_a_room_is_taken_back_unless_it_has_changed_since(room: Room, desk: BookingContext) -> None:
    inventory.set_room_status(SYSTEM, room.id, "dirty", StayRules())
    dirty = newest("room_status")
    inventory.set_room_status(SYSTEM, room.id, "inspected", StayRules())
    with pytest.raises(ChangedSince):
        undo(dirty, desk)
    undo(newest("room_status"), desk)
    assert inventory.get_room_state(SYSTEM, room.id, StayRules()).status == "dirty"
    inventory.put_out_of_order(SYSTEM, room.id, in_days(1), rules=desk.rules, reason="no water")
    undo(newest("room_status"), desk)
    assert (inventory.get_room_state(SYSTEM, room.id, StayRules()).status, nights_of(room)) == ("dirty", {})
    with pytest.raises(EntryNotUndoable):  # for which nights it was out of order, the log does not say
        undo(newest("room_status"), desk)
    assert verification.verify().findings == []


def test_nights_that_were_sold_or_blocked_meanwhile_are_not_taken_back(room: Room, desk: BookingContext) -> None:
    block = blocked(room, in_days(30), reason="paint")
    inventory.unblock(SYSTEM, block.id)
    lifted = newest("nights.unblocked")
    blocked(room, in_days(31, 1))
    with pytest.raises(inventory.NightsTaken):
        undo(lifted, desk)
    blocked(room, in_days(60))
    feed = inventory.block(SYSTEM, room.id, in_days(70), rules=desk.rules, reason="", source="feed", uid="x")
    with pytest.raises(EntryNotUndoable):
        undo(newest("nights.blocked"), desk)
    assert feed.id


def test_of_many_at_once_one_takes_it_back(app: Flask, room: Room, desk: BookingContext) -> None:
    blocked(room, in_days(30), reason="paint")
    entry = newest()
    results = all_at_once(app, [lambda: undo(entry, desk)] * 4)
    assert sorted(type(one).__name__ for one in results) == ["ChangedSince"] * 3 + ["NoneType"]
    assert [one.action for one in people.audit_entries(SYSTEM)].count("nights.unblocked") == 1


def test_who_may_not_look_into_the_log_undoes_nothing(
    app: Flask, owner: Visitor, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    blocked(room, in_days(30), reason="paint")
    entry = newest()
    with pytest.raises(NotFound):
        undo(entry, desk, acting(alice))
    clerk = at_work(app, bob, Role.MANAGER, room)
    clerk.go("/admin/")
    answer = clerk.client.post(
        f"/admin/audit/{encode('entry', entry.id)}/undo",
        data={"csrf_token": clerk.token()},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 404
    assert set(nights_of(room).values()) == {"blocked"}
    assert owner.go("/admin/audit").send(f"/admin/audit/{encode('entry', entry.id)}/undo").status == 200


def test_a_command_takes_back_too(runner: FlaskCliRunner, room: Room) -> None:
    blocked(room, in_days(30), reason="paint")
    entry = encode("entry", newest().id)
    said = runner.invoke(args=["audit", "undo", entry])
    assert said.output == f"Taken back: nights.blocked {encode('room', room.id)}.\n"
    again = runner.invoke(args=["audit", "undo", entry, "--json"])
    assert (again.exit_code, "changed since" in again.output) == (1, True)
    assert runner.invoke(args=["audit", "undo", "entry_1"]).exit_code == 2


def test_the_log_is_listed_by_person_and_day(runner: FlaskCliRunner, room: Room) -> None:
    blocked(room, in_days(30), reason="paint")
    assert len(json.loads(runner.invoke(args=["audit", "list", "--person", "system", "--json"]).stdout)) == 1
    assert json.loads(runner.invoke(args=["audit", "list", "--until", "2001-01-01", "--json"]).stdout) == []
    wrong = runner.invoke(args=["audit", "list", "--since", "May"])
    assert (wrong.exit_code, "--since" in wrong.output) == (2, True)
