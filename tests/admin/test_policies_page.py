"""Cancellation policies and rate plans at the desk: made, changed, given to rooms, ended, brought back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from booking.domain.actors import Role
from booking.domain.people import staff
from booking.domain.tables import AuditRecord, RateRule, Room
from booking.infra.db import db
from booking.infra.ids import encode
from tests.cast import SYSTEM, beside, person
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
ROW: dict[str, Any] = {"before-1": "48", "unit-1": "h", "refund-1": "1", "back-1": "nights"}


@pytest.fixture
def manager(app: Flask, room: Room) -> Visitor:
    mia = person("mia")
    staff.give_role(SYSTEM, mia.id, Role.MANAGER, room.property_id)
    return Visitor(app).signed_in(mia)


def here(room: Room) -> str:
    return encode("property", room.property_id)


def rules(kind: str) -> list[RateRule]:
    db.session.expire_all()
    found = select(RateRule).where(RateRule.kind == kind).order_by(RateRule.rule_id, RateRule.version)
    return list(db.session.scalars(found))


def add_policy(manager: Visitor, room: Room, name: str = "First night", **row: Any) -> RateRule:
    manager.go(f"/admin/policies/new?kind=policy&property={here(room)}")
    manager.send("/admin/policies/new?kind=policy", {"name": name, **(row or ROW)})
    return rules("policy")[-1]


def test_a_policy_is_made_given_to_rooms_changed_and_followed(manager: Visitor, room: Room) -> None:
    beside(room, "Attic", 90)
    policy = add_policy(manager, room)
    key = encode("rate", policy.rule_id)
    manager.go(f"/admin/policies?property={here(room)}")
    assert "First night All but 1 night back until 48 hours before check-in; then no refund." in manager.text
    manager.send("/admin/policies/use", {"policy": key, "room": encode("room", room.id)})
    assert "The rooms have this policy now." in manager.text
    manager.go(f"/admin/policies/{key}").send(f"/admin/policies/{key}", {**ROW, "before-1": "24", "unit-1": "h"})
    db.session.expire_all()
    assert db.session.get_one(Room, room.id).cancellation_policy["tiers"][0]["hoursBefore"] == 24
    assert [one.version for one in rules("policy")] == [1, 2]
    manager.go(f"/admin/policies/{key}").send(f"/admin/policies/{key}/end")
    assert manager.status == 409
    assert "Give them another one first." in manager.text
    actions = db.session.scalars(select(AuditRecord.action).where(AuditRecord.action.like("rate.%"))).all()
    assert sorted(actions) == ["rate.added", "rate.changed"]


def test_a_plan_is_made_ended_and_brought_back(manager: Visitor, room: Room) -> None:
    manager.go(f"/admin/policies/new?kind=plan&property={here(room)}")
    said = {"name": "Cheap", "percent": "10", "way": "less", "policy": "non-refundable"}
    manager.send("/admin/policies/new?kind=plan", said)
    [plan] = rules("plan")
    assert plan.terms == {"percent": "-10", "policy": "non-refundable"}
    key = encode("rate", plan.rule_id)
    manager.go(f"/admin/policies?property={here(room)}")
    assert "Cheap 10% less, Non-refundable All rooms" in manager.text
    manager.go(f"/admin/policies/{key}").send(
        f"/admin/policies/{key}", {"percent": "15", "way": "less", "policy": "strict"}
    )
    manager.go(f"/admin/policies/{key}").press("Bring back version 1")
    assert [one.terms["percent"] for one in rules("plan")] == ["-10", "-15", "-10"]
    manager.go(f"/admin/policies/{key}").send(f"/admin/policies/{key}/end")
    assert all(one.until is not None for one in rules("plan"))
    manager.go(f"/admin/policies/{key}").press("Bring back version 2")
    assert [one.terms["policy"] for one in rules("plan") if one.until is None] == ["strict"]


def test_a_policy_has_a_deposit_which_is_said_and_comes_back_into_its_form(manager: Visitor, room: Room) -> None:
    said = {"deposit": "30", "deposit-of": "percent", "restDays": "30", "cancelAfter": "3"}
    policy = add_policy(manager, room, **ROW, **said)
    assert policy.terms == {
        "tiers": [{"before": "48h", "refund": "-1n"}], "deposit": "30%", "restDays": 30, "cancelAfter": 3
    }  # fmt: skip
    key = encode("rate", policy.rule_id)
    manager.go(f"/admin/policies?property={here(room)}")
    told = "30% is paid when booking, the rest 30 days before check-in. If it can’t be charged, the stay is cancelled 3"
    assert told in manager.text
    manager.send("/admin/policies/use", {"policy": key, "room": encode("room", room.id)})
    db.session.expire_all()
    terms = db.session.get_one(Room, room.id).cancellation_policy["depositTerms"]
    assert terms == {"percent": "30", "balanceDays": 30, "cancelAfterDays": 3}
    manager.go(f"/admin/policies/{key}")
    shown = {name: manager.page.select_one(f"[name={name}]") for name in ("deposit", "restDays", "cancelAfter")}
    assert {name: field["value"] for name, field in shown.items() if field} == {
        "deposit": "30", "restDays": "30", "cancelAfter": "3"
    }  # fmt: skip
    manager.send(f"/admin/policies/{key}", {"deposit": "99.999", "deposit-of": "amount", "restDays": ""})
    assert manager.status == 400
    assert manager.page.select_one("[name=deposit]")["value"] == "99.999"  # type: ignore[index]
    manager.send(f"/admin/policies/{key}", {"deposit": "100", "deposit-of": "amount", "restDays": "14"})
    assert rules("policy")[-1].terms["deposit"] == "100"
    manager.go(f"/admin/policies/{key}")
    manager.send(f"/admin/policies/{key}", {"deposit": "", "restDays": "", "cancelAfter": ""})
    assert "deposit" not in rules("policy")[-1].terms


def test_bad_input_is_told_at_its_row_and_loses_nothing_typed(manager: Visitor, room: Room) -> None:
    manager.go(f"/admin/policies/new?kind=policy&property={here(room)}")
    wrong = {"before-1": "5", "refund-1": "50", "before-2": "1", "refund-2": "80"}
    manager.send("/admin/policies/new?kind=policy", {"name": "Odd", **wrong})
    assert manager.status == 400
    assert manager.problems
    assert manager.page.select_one("input[name=before-2]")["value"] == "1"  # type: ignore[index]
    manager.send("/admin/policies/new?kind=policy", {"name": "Odd", "before-1": "5", "refund-1": "101"})
    assert manager.status == 400
    assert rules("policy") == []


def test_what_somebody_else_has_changed_since_is_not_overwritten(manager: Visitor, room: Room) -> None:
    policy = add_policy(manager, room)
    key = encode("rate", policy.rule_id)
    manager.go(f"/admin/policies/{key}")
    stale = manager.form(f"/admin/policies/{key}")
    manager.send(f"/admin/policies/{key}", {**ROW, "before-1": "24"})
    assert stale.select_one("input[name=version]")["value"] == "1"  # type: ignore[index]
    manager.go(f"/admin/policies/{key}").send(f"/admin/policies/{key}", {**ROW, "before-1": "12", "version": "1"})
    assert manager.status == 409
    assert len(rules("policy")) == 2


def test_at_the_desk_they_are_seen_and_not_changed(app: Flask, manager: Visitor, room: Room) -> None:
    key = encode("rate", add_policy(manager, room).rule_id)
    dave = person("dave")
    staff.give_role(SYSTEM, dave.id, Role.DESK, room.property_id)
    desk = Visitor(app).signed_in(dave)
    desk.go(f"/admin/policies?property={here(room)}")
    assert "First night" in desk.text
    assert "New policy" not in desk.text
    assert desk.go(f"/admin/policies/{key}").page.select("main form") == []
