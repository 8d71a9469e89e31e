"""`flask people`: what an operator and a program read, and what happens."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain import people
from booking.domain.actors import Role
from booking.domain.people import memberships, staff
from booking.domain.tables import Invitation, Property, Room, User
from booking.infra.db import db, reading, transaction
from tests.cast import SYSTEM, count


def run(runner: FlaskCliRunner, *words: str, text: str = "") -> Result:
    return runner.invoke(args=["people", *words], input=text)


@reading
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def held(user: User) -> list[str]:
    return [one.role for one in transaction(memberships.all_of)(user.id)]


def test_people_are_listed_and_shown_with_their_roles(
    runner: FlaskCliRunner, alice: User, bob: User, room: Room
) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    staff.give_role(SYSTEM, bob.id, Role.DESK, room.property_id)
    said = run(runner, "list")
    assert said.stdout.splitlines()[0] == "Alice <alice@example.com>: owner at all properties; password only"
    assert said.stderr == "2 people.\n"
    [first, second] = json.loads(run(runner, "list", "--json").stdout)
    assert (first["email"], second["roles"][0]["role"]) == ("alice@example.com", "desk")
    assert json.loads(run(runner, "show", "bob@example.com", "--json").stdout) == [second]
    staff.take_role(SYSTEM, bob.id, room.property_id)
    assert "bob@example.com works at no house." in run(runner, "show", "bob@example.com").output


def test_somebody_is_invited_in_the_name_of_who_may_and_not_of_others(
    runner: FlaskCliRunner, alice: User, bob: User, room: Room
) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    words = ["invite", "eve@example.com", "desk", "--property", slug_of(room), "--by"]
    refused = run(runner, *words, "bob@example.com")
    assert (refused.exit_code, count(Invitation)) == (1, 0)
    [invited] = json.loads(run(runner, *words, "alice@example.com", "--json").stdout)
    assert (invited["state"], invited["invitedBy"], count(Invitation)) == ("invited", "Alice", 1)
    assert json.loads(run(runner, *words, "alice@example.com", "--json").stdout) == [invited]  # twice is once
    assert "1 open invitation" in run(runner, "list").stderr
    assert run(runner, "withdraw", invited["invitationId"]).exit_code == 0
    assert people.pending_invitations(SYSTEM) == []
    assert run(runner, "invite", "no address", "desk", "--by", "alice@example.com").exit_code != 0


def test_a_role_is_changed_and_access_ended_and_a_house_without_an_owner_is_told_so(
    runner: FlaskCliRunner, alice: User, bob: User, room: Room
) -> None:
    staff.give_role(SYSTEM, alice.id, Role.OWNER)
    assert run(runner, "role", "bob@example.com", "manager", "--property", slug_of(room)).exit_code == 0
    [changed] = json.loads(run(runner, "role", "bob@example.com", "desk", "--property", slug_of(room), "--json").stdout)
    assert ([one["role"] for one in changed["roles"]], held(bob)) == (["desk"], ["desk"])
    assert run(runner, "end", "bob@example.com", text="n\n").exit_code == 1
    assert held(bob) == ["desk"]
    assert (
        run(runner, "end", "bob@example.com", "--yes").output
        == "bob@example.com has no access any more: 1 role ended.\n"
    )
    assert (held(bob), run(runner, "end", "bob@example.com", "--yes").exit_code) == ([], 1)
    refused = run(runner, "end", "alice@example.com", "--yes")
    assert (refused.exit_code, held(alice)) == (1, ["owner"])
    assert refused.stderr == "Error: This is the only owner. Make somebody else an owner first.\n"
    last: Any = run(runner, "end", "alice@example.com", "--yes", "--force")
    assert (last.exit_code, held(alice)) == (0, [])
    assert last.stderr == "Nobody is an owner now: `flask users make-owner` names one.\n"
    assert people.audit_entries(SYSTEM, limit=1)[0].now["lastOwner"] is True
