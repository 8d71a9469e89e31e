"""The audit log: written with the change; edited by nobody; it says nothing readable about whoever was erased."""

from __future__ import annotations

import uuid
from contextlib import closing
from functools import partial
from typing import Any

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import make_url, select, text
from structlog.testing import capture_logs

from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import NotFound
from booking.domain.people import audit_log, personal_data
from booking.domain.people.audit_log import Personal, entries, record
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import AuditRecord, PersonKey, User
from booking.infra import sealing
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import SYSTEM, acting, all_at_once, count

WORKER = Actor.system("worker")
SOMEBODY = uuid.UUID(int=7)


@transaction
def changed(actor: Actor, *names: str, person: uuid.UUID | None = None) -> None:
    """As many changes in one transaction, of whoever is named."""
    for name in names:
        personal = Personal(person, {"fullName": "Alice"}, {"fullName": name}) if person else None
        record(actor, "thing.changed", name, before={"size": 1}, after={"size": 2}, personal=personal)


@transaction
def rows() -> list[AuditRecord]:
    return list(db.session.scalars(select(AuditRecord).order_by(AuditRecord.id)))


def owner_of_all() -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(Role.OWNER),), uuid.uuid4())


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        (Actor.system("cli rooms import (anna)"), "system:cli rooms import (anna)"),
        (Actor.program("channel manager", (Membership(Role.DESK),)), "program:channel manager"),
        (
            Actor.signed_in(uuid.UUID(int=7), (Membership(Role.DESK),), None),
            f"staff:{encode('user', uuid.UUID(int=7))}",
        ),
    ],
)
def test_a_change_names_who_did_what_to_what(app: Flask, actor: Actor, said: str) -> None:
    changed(actor, "one")
    [entry] = entries(SYSTEM)
    assert (entry.actor, entry.action, entry.subject) == (said, "thing.changed", "one")
    assert (entry.before, entry.after, entry.personal) == ({"size": 1}, {"size": 2}, None)
    assert [row.actor_id for row in rows()] == [actor.user_id]


def test_a_guest_in_their_own_name_leaves_none(app: Flask, alice: User) -> None:
    changed(acting(alice), "one")
    assert rows() == []


def test_an_entry_comes_and_goes_with_its_change(app: Flask) -> None:
    @transaction
    def breaks() -> None:
        record(WORKER, "thing.changed", "one")
        raise LookupError

    with pytest.raises(LookupError):
        breaks()
    assert rows() == []


def test_all_entries_of_a_change_are_there_newest_first_and_as_many_as_asked_for(app: Flask) -> None:
    changed(WORKER, "one", "two", "three")
    assert [entry.subject for entry in entries(SYSTEM)] == ["three", "two", "one"]
    assert [entry.subject for entry in entries(SYSTEM, limit=1)] == ["three"]
    assert [entry.subject for entry in entries(SYSTEM, subject="two")] == ["two"]


def test_one_finds_what_somebody_did(app: Flask) -> None:
    owner = owner_of_all()
    changed(owner, "theirs")
    changed(owner_of_all(), "others")
    assert [entry.subject for entry in entries(SYSTEM, by=owner.user_id)] == ["theirs"]


def test_only_owners_managers_and_operators_may_look(app: Flask, alice: User) -> None:
    changed(WORKER, "one")
    assert len(entries(owner_of_all())) == 1
    assert len(entries(Actor.signed_in(alice.id, (Membership(Role.MANAGER),), None))) == 1
    for actor in (acting(alice), Actor.signed_in(alice.id, (Membership(Role.DESK),), None)):
        with pytest.raises(NotFound):
            entries(actor)


# --- nobody edits it


def refusals(url: str, *statements: str) -> list[str]:
    """What Postgres says to each, by its code; empty where it did it."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    found = []
    for statement in statements:
        with closing(psycopg2.connect(plain)) as connection, connection.cursor() as cursor:
            try:
                cursor.execute(statement)
            except psycopg2.Error as error:
                found.append(str(error.pgcode))
            else:
                found.append("")
    return found


EDITS = (
    "UPDATE audit_log SET actor = 'nobody'",
    "DELETE FROM audit_log",
    "TRUNCATE audit_log",
    "UPDATE audit_log_2026 SET actor = 'nobody'",
    "DELETE FROM audit_log_2026",
    "TRUNCATE audit_log_2026",
)
INSUFFICIENT_PRIVILEGE = "42501"


@pytest.mark.parametrize("role", ["DATABASE_URL", "MIGRATION_DATABASE_URL"])
def test_postgres_lets_nobody_edit_it(app: Flask, environ: dict[str, str], role: str) -> None:
    changed(WORKER, "one")
    year = rows()[0].at.year
    edits = [edit.replace("2026", str(year)) for edit in EDITS]
    assert refusals(environ[role], *edits) == [INSUFFICIENT_PRIVILEGE] * len(edits)
    assert [row.actor for row in rows()] == ["system:worker"]


def test_the_application_has_no_right_to_edit_it_nor_to_see_its_parts(app: Flask, environ: dict[str, str]) -> None:
    """Also where no row is there, for which the trigger would refuse."""
    edits = (*EDITS, "SELECT * FROM audit_log_2026", "INSERT INTO audit_log_2026 SELECT * FROM audit_log")
    assert refusals(environ["DATABASE_URL"], *edits) == [INSUFFICIENT_PRIVILEGE] * len(edits)


def test_the_application_cannot_switch_that_off(app: Flask, environ: dict[str, str]) -> None:
    switches = (
        "ALTER TABLE audit_log DISABLE TRIGGER append_only",
        "DROP TABLE audit_log_2026",
        "DROP TRIGGER append_only ON audit_log",
        "SET session_replication_role = replica",
    )
    assert refusals(environ["DATABASE_URL"], *switches) == [INSUFFICIENT_PRIVILEGE] * len(switches)


@pytest.mark.parametrize("year", [2019, 2026, 2035, 2060])
def test_no_year_is_refused_and_the_owner_lets_go_of_one_as_a_whole(
    app: Flask, environ: dict[str, str], year: int
) -> None:
    values = f"gen_random_uuid(), '{year}-06-01', 'system:tests', 'tested', 'this'"
    into = f"INSERT INTO audit_log (id, at, actor, action, subject) VALUES ({values})"
    assert refusals(environ["DATABASE_URL"], into) == [""]
    known = 2026 <= year <= 2035
    dropping = f"DROP TABLE {f'audit_log_{year}' if known else 'audit_log_other'}"
    assert refusals(environ["MIGRATION_DATABASE_URL"], f"{into}; {dropping}") == [""]


# --- what it says about persons


def test_what_it_says_about_a_person_is_sealed_and_can_be_read_with_their_key(app: Flask, alice: User) -> None:
    changed(WORKER, "Alicia Keys", person=alice.id)
    [row] = rows()
    assert row.sealed is not None
    assert b"Alic" not in row.sealed
    [entry] = entries(SYSTEM)
    assert entry.personal == Personal(alice.id, {"fullName": "Alice"}, {"fullName": "Alicia Keys"})


def test_a_damaged_entry_is_shown_as_such_and_logged_and_hides_no_other(
    app: Flask, runner: FlaskCliRunner, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as damaged:
        damaged.setattr(audit_log, "_place", lambda *_: b"elsewhere")
        changed(WORKER, "damaged", person=alice.id)
    changed(WORKER, "whole", person=alice.id)
    with capture_logs() as logged:
        found = {entry.subject: (entry.personal is None, entry.unreadable) for entry in entries(SYSTEM)}
    assert found == {"damaged": (True, True), "whole": (False, False)}
    assert [line["event"] for line in logged] == ["audit_entry_unreadable"]
    said = runner.invoke(args=["audit", "list"])
    assert said.exit_code == 0
    assert "(unreadable: damaged, or put here by hand)" in said.stdout
    told = transaction(personal_data.about)(acting(alice))["auditLog"]
    assert [entry.get("unreadable") for entry in told] == [None, True]


def test_each_person_has_one_key(app: Flask, alice: User, bob: User) -> None:
    for person in (alice, bob, alice):
        changed(WORKER, "one", person=person.id)
    assert count(PersonKey) == 2
    assert len({key.key for key in keys()}) == 2


@transaction
def keys() -> list[PersonKey]:
    return list(db.session.scalars(select(PersonKey)))


def test_erasing_a_person_destroys_the_key_and_the_entry_stays(app: Flask, alice: User, bob: User) -> None:
    changed(WORKER, "Alicia", person=alice.id)
    changed(WORKER, "Robert", person=bob.id)
    account_deletion.remove(SYSTEM, alice.id)
    found = {entry.subject: entry.personal for entry in entries(SYSTEM) if entry.action == "thing.changed"}
    assert found["Alicia"] is None
    assert found["Robert"] is not None
    gone = {key.user_id: key for key in keys()}[alice.id]
    assert gone.key is None
    assert gone.destroyed_at is not None


def test_whoever_the_version_before_erases_cannot_be_read_about_either(app: Flask, alice: User) -> None:
    changed(WORKER, "Alicia", person=alice.id)
    erased: Any = text("UPDATE users SET disabled_at = now(), deleted_at = now() WHERE id = :id")
    transaction(lambda: db.session.execute(erased, {"id": alice.id}))()
    assert [entry.personal for entry in entries(SYSTEM)] == [None]
    assert [key.key for key in keys()] == [None]


def test_nothing_brings_the_key_of_an_erased_person_back(app: Flask, alice: User) -> None:
    account_deletion.remove(SYSTEM, alice.id)
    changed(WORKER, "Alicia", person=alice.id)
    assert [(row.sealed, row.person_id) for row in rows() if row.action == "thing.changed"] == [(None, alice.id)]
    assert [key.key for key in keys()] == [None]


def test_an_erasure_and_a_change_at_once_leave_nothing_to_read(app: Flask, alice: User) -> None:
    acts = [partial(changed, WORKER, f"Alicia {n}", person=alice.id) for n in range(6)]
    results = all_at_once(app, [*acts, partial(account_deletion.remove, SYSTEM, alice.id)])
    assert results == [None] * 7
    assert {entry.personal for entry in entries(SYSTEM)} == {None}
    assert len([row for row in rows() if row.action == "thing.changed"]) == 6


def test_what_is_sealed_is_opened_by_its_key_at_its_place_alone() -> None:
    key, other = sealing.new_key(), sealing.new_key()
    sealed = sealing.seal({"name": "Ålice"}, key, b"here")
    assert sealing.opened(sealed, key, b"here") == {"name": "Ålice"}
    assert sealing.seal({"name": "Ålice"}, key, b"here") != sealed
    wrong: list[tuple[bytes, bytes, bytes]] = [
        (sealed, other, b"here"),
        (sealed, key, b"there"),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), key, b"here"),
    ]
    for attempt in wrong:
        with pytest.raises(ValueError, match="not sealed"):
            sealing.opened(*attempt)


def test_an_entry_that_was_put_elsewhere_by_hand_cannot_be_read(app: Flask, alice: User) -> None:
    changed(WORKER, "Alicia", person=alice.id)
    copied: Any = text(
        "INSERT INTO audit_log (id, actor, action, subject, person_id, sealed)"
        " SELECT gen_random_uuid(), actor, 'forged', subject, person_id, sealed FROM audit_log"
    )
    transaction(lambda: db.session.execute(copied))()
    found = {entry.action: (entry.unreadable, entry.personal is None) for entry in entries(SYSTEM)}
    assert found == {"forged": (True, True), "thing.changed": (False, False)}
