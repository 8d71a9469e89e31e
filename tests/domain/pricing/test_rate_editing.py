"""Rate rules are added, changed and ended; every version stays, by the number of rates that it began with."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from booking.domain.actors import Actor, ActorKind, Membership, Role
from booking.domain.catalogue import PropertyNotFound
from booking.domain.errors import Invalid
from booking.domain.pricing import rate_editing, tariffs
from booking.domain.pricing.policy_rules import RateNotFound
from booking.domain.pricing.rate_editing import RateModified
from booking.domain.pricing.rate_inputs import RateInput
from booking.domain.pricing.tariffs import Tariff
from booking.domain.tables import AuditRecord, Event, Property, RateDecision, RateRule, Room
from booking.infra.db import db, transaction
from booking.infra.ids import new_id
from tests.cases import each
from tests.cast import SYSTEM, all_at_once, count

pytestmark = pytest.mark.slow
WEEKEND: dict[str, Any] = {"kind": "adjust", "name": "Weekend", "terms": {"percent": 20}, "weekdays": [5, 6]}


def said(**changes: Any) -> RateInput:
    return RateInput.model_validate(WEEKEND | changes)


def version_of(room: Room) -> int:
    db.session.expire_all()
    return int(db.session.get_one(Property, room.property_id).rates_version)


def in_force(room: Room, version: int | None = None) -> Tariff:
    return tariffs.of(room.property_id, version_of(room) if version is None else version)


def test_a_rule_counts_from_its_version_on_and_every_version_can_still_be_read(room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said())
    [first] = in_force(room).rules
    assert (first.id, first.version, first.name, first.weekdays) == (rule_id, 1, "Weekend", frozenset({5, 6}))
    assert rate_editing.change(SYSTEM, rule_id, said(terms={"percent": 25}), seen_version=1) == 2
    rate_editing.end(SYSTEM, rule_id, seen_version=2)
    assert [[(one.version, one.terms.as_json()) for one in in_force(room, at).rules] for at in (1, 2, 3)] == [
        [(1, {"percent": "20"})],
        [(2, {"percent": "25"})],
        [],
    ]
    assert [row.version for row in rate_editing.versions(SYSTEM, rule_id)] == [1, 2]
    assert rate_editing.of_property(SYSTEM, room.property_id) == []
    assert count(Event, type="rates.changed") == 3
    log = db.session.query(AuditRecord).filter(AuditRecord.action.like("rate.%")).order_by(AuditRecord.id).all()
    assert [one.action for one in log] == ["rate.added", "rate.changed", "rate.ended"]
    assert (log[1].before, log[1].after) == (
        {"kind": "adjust", "terms": "percent=20"},
        {"kind": "adjust", "terms": "percent=25"},
    )


def test_the_same_twice_is_once_and_what_was_not_seen_is_not_overwritten(room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said())
    assert rate_editing.change(SYSTEM, rule_id, said(name="Fri, Sat"), seen_version=1) == 2
    assert rate_editing.change(SYSTEM, rule_id, said(name="Fri, Sat"), seen_version=1) == 2
    with pytest.raises(RateModified):
        rate_editing.change(SYSTEM, rule_id, said(name="Party"), seen_version=1)
    rate_editing.end(SYSTEM, rule_id)
    rate_editing.end(SYSTEM, rule_id)
    with pytest.raises(RateModified):
        rate_editing.change(SYSTEM, rule_id, said())
    assert version_of(room) == 3


def test_two_who_change_the_same_version_at_once_do_not_both(app: Flask, room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said())
    names = ("Fri, Sat", "Party")
    acts: list[Callable[[], Any]] = [
        partial(rate_editing.change, SYSTEM, rule_id, said(name=name), seen_version=1) for name in names
    ]
    found = all_at_once(app, acts)
    assert sorted(type(one).__name__ for one in found) == ["RateModified", "int"]
    assert [row.version for row in rate_editing.versions(SYSTEM, rule_id)] == [1, 2]


def test_strangers_and_other_houses_find_nothing(room: Room) -> None:
    rule_id = rate_editing.add(SYSTEM, room.property_id, said())
    elsewhere = Actor(ActorKind.STAFF, new_id(), (Membership(Role.MANAGER, new_id()),))
    desk = Actor(ActorKind.STAFF, new_id(), (Membership(Role.DESK, room.property_id),))
    for nobody in (elsewhere, desk):
        with pytest.raises(PropertyNotFound):
            rate_editing.add(nobody, room.property_id, said())
        with pytest.raises(RateNotFound):
            rate_editing.end(nobody, rule_id)
    assert len(rate_editing.of_property(desk, room.property_id)) == 1
    with pytest.raises(RateNotFound):
        rate_editing.versions(elsewhere, rule_id)
    with pytest.raises(RateNotFound):
        rate_editing.change(SYSTEM, new_id(), said())


@each(
    "changes, field",
    [
        ({"kind": "price", "terms": {"amount": "99.999"}}, "amount"),
        ({"kind": "price", "terms": {}}, "amount"),
        ({"roomId": str(uuid.UUID(int=7))}, "roomId"),
        ({"roomKind": "Igloo"}, "roomKind"),
        ({"terms": {"percent": -101}}, "percent"),
    ],
)
def test_what_no_rule_of_the_house_can_say_is_refused_by_field(room: Room, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        rate_editing.add(SYSTEM, room.property_id, said(**changes))
    assert set(refused.value.details) == {field}
    assert version_of(room) == 0


@each(
    "statement",
    [
        "UPDATE rate_rules SET terms = '{}'",
        "UPDATE rate_rules SET until = NULL",
        "DELETE FROM rate_rules",
        "UPDATE rate_decisions SET percent = 9",
        "DELETE FROM rate_decisions",
    ],
)
def test_nobody_rewrites_what_was_in_force(room: Room, statement: str) -> None:
    if not count(RateRule):
        rule_id = rate_editing.add(SYSTEM, room.property_id, said())
        _decide(room, rule_id)
    with pytest.raises(DBAPIError, match="P0001"):
        _write(statement)


@transaction
def _decide(room: Room, rule_id: uuid.UUID) -> None:
    night = dt.date(2031, 5, 1)
    made = {"property_id": room.property_id, "rule_id": rule_id, "rule_version": 1, "night": night}
    db.session.add(RateDecision(**made, percent=5, inputs={}, since=1))


@transaction
def _write(statement: str) -> None:
    db.session.execute(text(statement))
