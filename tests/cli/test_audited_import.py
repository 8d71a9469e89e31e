"""Whoever imports rooms is written down with what changed of each; who may not, changes nothing."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain.actors import VISITOR, Actor, Membership, Role
from booking.domain.catalogue.importing import store
from booking.domain.errors import Forbidden
from booking.domain.people import audit_log
from booking.domain.people.audit_log import AuditEntry
from booking.domain.tables import Room, User
from tests.cast import SYSTEM, a_room, acting, count
from tests.room_files import ANTWERP, Files, listings, ours


def entries() -> list[AuditEntry]:
    """The oldest first."""
    return audit_log.entries(SYSTEM)[::-1]


def test_a_new_room_is_written_down_with_what_it_is(app: Flask, files: Files) -> None:
    files.import_(listings({"name": "A room", "price": "$120.00"}), *ANTWERP)
    house, entry = entries()
    assert (house.action, house.actor) == ("property.created", entry.actor)
    assert (house.before, house.after["location"], house.after["currency"]) == ({}, "antwerp", "EUR")
    assert (entry.action, entry.actor.partition(" (")[0]) == ("room.created", "system:cli rooms import")
    assert entry.before == {}
    assert (entry.after["name"], entry.after["price_per_night"], entry.after["published"]) == ("A room", "120", True)


def test_a_changed_room_is_written_down_with_what_changed_alone(app: Flask, files: Files) -> None:
    files.import_(listings({"price": "$120.00"}, {"price": "$80.00"}), *ANTWERP)
    files.import_(listings({"price": "$130.00"}, {"price": "$80.00"}), *ANTWERP)
    changed = entries()[3:]
    assert [(entry.action, dict(entry.before), dict(entry.after)) for entry in changed] == [
        ("room.changed", {"price_per_night": "120"}, {"price_per_night": "130"})
    ]


def test_whatever_an_import_changes_of_a_room_is_told_or_named(app: Flask, files: Files) -> None:
    files.import_(ours({}), *ANTWERP)
    strict = '{"name": "strict", "tiers": [{"daysBefore": 14, "percent": 50}]}'
    files.import_(ours({"cancellation_policy": strict}), *ANTWERP)
    picture = '[{"url": "https://example.com/blue.jpg", "alt": "A blue wall"}]'
    long = {"description": "Newly painted.", "amenities": '["Wifi"]', "images": picture}
    for column, value in long.items():
        files.import_(ours({column: value}), *ANTWERP)
    policy, *named = entries()[2:]
    assert (policy.before["cancellation_policy"]["name"], policy.after["cancellation_policy"]["tiers"]) == (
        "moderate",
        [{"daysBefore": 14, "percent": 50}],
    )
    for entry, column in zip(named, long, strict=True):
        assert entry.after[column] == "changed"


def test_an_import_that_changes_or_keeps_nothing_is_not_written_down(app: Flask, files: Files) -> None:
    files.import_(listings({}), *ANTWERP, "--dry-run")
    assert entries() == []
    for _ in range(2):
        files.import_(listings({}), *ANTWERP)
    assert [entry.action for entry in entries()] == ["property.created", "room.created"]


def test_rooms_are_an_owners_and_an_operators_business(app: Flask, alice: User) -> None:
    here = a_room().property_id
    for actor in (
        VISITOR,
        acting(alice),
        Actor.signed_in(alice.id, (Membership(Role.DESK),), None),
        Actor.signed_in(alice.id, (Membership(Role.HOUSEKEEPING, here),), None),
    ):
        with pytest.raises(Forbidden):
            store.put(actor, [])
        with pytest.raises(Forbidden):
            next(store.exported(actor, None))
    assert count(Room) == 1
    assert len(list(store.exported(Actor.signed_in(alice.id, (Membership(Role.OWNER),), None), None))) == 1
