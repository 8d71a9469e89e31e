"""Promotions at the desk: listed by their state, made, changed, ended, resumed, and taken back from the log."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain import pricing
from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import AuditRecord, Promotion, Room, User
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import SYSTEM, VISA, a_room, acting, in_days, order, person, today
from tests.promotions import as_kept, promotion, said
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


def at_work(app: Flask, name: str, role: Role, room: Room | None) -> Visitor:
    somebody = person(name)
    staff.give_role(SYSTEM, somebody.id, role, room.property_id if room else None)
    return Visitor(app).signed_in(somebody)


@pytest.fixture
def manager(app: Flask, room: Room) -> Visitor:
    return at_work(app, "mia", Role.MANAGER, room)


def here(room: Room) -> str:
    return f"/admin/promotions?property={encode('property', room.property_id)}"


def page_of(kept: Promotion) -> str:
    return f"/admin/promotions/{encode('promotion', kept.id)}"


def kept() -> Promotion:
    db.session.expire_all()
    return db.session.scalars(select(Promotion)).one()


def add(manager: Visitor, room: Room, **said: Any) -> Visitor:
    manager.go(here(room)).go(f"/admin/promotions/new?property={encode('property', room.property_id)}")
    return manager.send("/admin/promotions/new", {"code": "spring", "name": "Spring sale", "off": "10", **said})


def book(guest: User, room: Room, desk: BookingContext, day: int) -> None:
    bookings.book(acting(guest), replace(order(guest, room, in_days(day)), code="SPRING"), VISA, desk)


def test_one_is_made_used_changed_ended_and_resumed(
    manager: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    add(manager, room, mostUses="2", minNights="2")
    made = kept()
    assert (made.code, int(made.percent or 0), made.property_ids) == ("SPRING", 10, [room.property_id])
    book(alice, room, desk, 30)
    assert "SPRING Spring sale Running 10% off" in manager.go(here(room)).text
    assert "stays of 2 nights or more 1 of 2" in manager.text
    manager.go(page_of(made)).send(page_of(made), {"off": "25", "unit": "EUR", "mostUses": "1"})
    assert "Saved. What was sold before keeps its price." in manager.text
    assert "Used up €25 off" in manager.text
    manager.go(page_of(made)).press("End this promotion")
    assert "1 promotion has ended" in manager.text
    manager.go(page_of(made)).press("Resume this promotion")
    assert kept().ended_at is None
    actions = db.session.scalars(select(AuditRecord.action).where(AuditRecord.action.like("promotion.%")))
    assert sorted(actions) == [f"promotion.{step}" for step in ("added", "changed", "ended", "resumed")]


def test_the_list_says_what_runs_is_planned_and_is_over(manager: Visitor, room: Room) -> None:
    day = today()
    promotion(code="NOW", properties=[room.property_id])
    promotion(code="SOON", validFrom=in_days(3).check_in)
    promotion(code="PAST", validTo=day - (in_days(3).check_in - in_days(2).check_in))
    promotion(code="ELSEWHERE", properties=[a_room().property_id])
    manager.go(here(room))
    states = {row.th.a.text: row.find(class_="badge").text for row in manager.page.select("tbody tr")}
    assert states == {"NOW": "Running", "SOON": "Planned", "PAST": "Ended"}


def test_bad_input_is_told_at_its_field_and_loses_nothing_typed(
    manager: Visitor, room: Room, alice: User, desk: BookingContext
) -> None:
    add(manager, room, code="!", off="0", staysFrom="2031-05-02", staysTo="2031-05-01", mostPerGuest="none")
    assert manager.status == 400
    for field, typed in (("code", "!"), ("off", "0"), ("staysTo", "2031-05-01"), ("mostPerGuest", "none")):
        assert manager.page.select_one(f"#f-{field}-problem") is not None, field
        assert manager.page.select_one(f"#f-{field}")["value"] == typed  # type: ignore[index]
    add(manager, room, off="")
    assert manager.page.select_one("#f-off-problem") is not None
    add(manager, room)
    for day in (30, 40):
        book(alice, room, desk, day)
    manager.go(page_of(kept())).send(page_of(kept()), {"mostUses": "1", "mostPerGuest": "1"})
    assert manager.status == 400
    assert "Limit for all guests cannot be less than the 2 uses there have been." in manager.text
    assert "Limit for each guest cannot be less than the 2 uses that one guest has." in manager.text


def test_what_somebody_else_has_changed_since_is_not_overwritten(manager: Visitor, room: Room) -> None:
    add(manager, room)
    made = kept()
    manager.go(page_of(made)).send(page_of(made), {"off": "20"})
    manager.go(page_of(made)).send(page_of(made), {"off": "30", "version": "1"})
    assert manager.status == 409
    assert int(kept().percent or 0) == 20
    assert manager.go(page_of(made)).send(f"{page_of(made)}/end", {"version": "1"}).status == 409


def test_strangers_change_nothing_and_the_desk_only_looks(app: Flask, manager: Visitor, room: Room) -> None:
    add(manager, room)
    made = kept()
    dave = at_work(app, "dave", Role.DESK, room)
    assert "SPRING" in dave.go(here(room)).text
    assert "New promotion" not in dave.text
    assert dave.go(page_of(made)).page.select("main form") == []
    elsewhere = at_work(app, "eve", Role.MANAGER, a_room())
    assert elsewhere.go(page_of(made)).status == 404
    add(manager, room, code="ALL", properties=[])  # is for owners of all
    assert (manager.status, manager.page.select_one("#properties-problem") is None) == (400, True)
    assert kept().code == "SPRING"


def test_each_step_is_taken_back_from_the_log(app: Flask, room: Room) -> None:
    owner = at_work(app, "oda", Role.OWNER, None)
    made = promotion(mostUses=5)
    other = said(percent=None, amount=5, currency="EUR", properties=[room.property_id])
    pricing.change_promotion(SYSTEM, made, other)
    undo(owner, "changed")
    assert (as_kept(made).percent, as_kept(made).amount, as_kept(made).most_uses) == (Decimal(10), None, 5)
    assert as_kept(made).property_ids == []
    pricing.end_promotion(SYSTEM, made)
    undo(owner, "ended")
    assert as_kept(made).ended_at is None
    undo(owner, "resumed")
    assert as_kept(made).ended_at is not None
    undo(owner, "added")  # was changed since
    assert as_kept(made).version == 6


def undo(owner: Visitor, step: str) -> None:
    """The newest entry of the log about this step."""
    newest = select(AuditRecord.id).where(AuditRecord.action == f"promotion.{step}").order_by(AuditRecord.id.desc())
    db.session.rollback()
    entry = db.session.scalars(newest.limit(1)).one()
    owner.go("/admin/audit").send(f"/admin/audit/{encode('entry', entry)}/undo")
