"""Commands act as the system, by name and with who started them; roles and the audit log from the command line."""

from __future__ import annotations

import ast
import getpass
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import select

import booking
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import AccountDisabled
from booking.domain.people import audit_log, memberships, own_account, staff, users
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Event, Property, Room, User
from booking.infra.db import db, transaction
from booking.infra.ids import encode
from tests.cast import PASSWORD, SYSTEM, VISA, acting, later, order

ALICE = "alice@example.com"
ME = getpass.getuser()


def run(app: Flask, *words: str, text: str = "") -> Result:
    return app.test_cli_runner().invoke(args=list(words), input=text)


def actors() -> list[tuple[str, str]]:
    """What the audit log says was done and by whom, the oldest first."""
    return [(entry.action, entry.actor) for entry in audit_log.entries(SYSTEM)][::-1]


@transaction
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def held(user: User) -> set[Membership]:
    return set(transaction(memberships.all_of)(user.id))


def test_a_command_is_named_in_the_log_and_in_events(app: Flask, alice: User, room: Room, desk: BookingContext) -> None:
    holds.reserve(acting(alice), order(alice, room), desk)
    later(desk.hold_for * 2)
    assert run(app, "bookings", "expire").exit_code == 0
    assert run(app, "users", "disable", "alice@example.com", "--yes").exit_code == 0
    assert run(app, "users", "enable", "alice@example.com").exit_code == 0
    assert run(app, "users", "make-owner", "alice@example.com").exit_code == 0
    assert actors() == [
        ("booking.expired", f"system:cli bookings expire ({ME})"),
        ("account.disabled", f"system:cli users disable ({ME})"),
        ("account.enabled", f"system:cli users enable ({ME})"),
        ("role.changed", f"system:cli users make-owner ({ME})"),
    ]
    told: Any = select(Event.payload["actor"].astext).where(Event.type == "booking.expired")
    assert transaction(lambda: db.session.scalar(told))() == f"system:cli bookings expire ({ME})"


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_somebody_without_a_name_runs_commands_too(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nameless() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert run(app, "users", "disable", "alice@example.com", "--yes").exit_code == 0
    assert actors() == [("account.disabled", "system:cli users disable (unknown)")]


def test_what_changes_nothing_is_not_written_down(app: Flask, alice: User) -> None:
    for words in (("bookings", "expire"), ("bookings", "verify"), ("payments", "list"), ("events", "retry")):
        assert run(app, *words).exit_code == 0
    for _ in range(2):
        run(app, "users", "disable", "alice@example.com", "--yes")
    assert len(actors()) == 1


def test_a_role_is_given_and_taken_at_a_property(app: Flask, alice: User, room: Room) -> None:
    house = slug_of(room)
    given = run(app, "users", "give-role", "alice@example.com", "desk", "--property", house)
    assert given.output == f"alice@example.com is desk at {house}.\n"
    again = run(app, "users", "give-role", "alice@example.com", "desk", "--property", house)
    assert again.output == f"alice@example.com is desk at {house} already.\n"
    assert held(alice) == {Membership(Role.DESK, room.property_id)}
    taken = run(app, "users", "take-role", "alice@example.com", "--property", house)
    assert taken.stdout == f"alice@example.com has no role at {house} any more.\n"
    assert held(alice) == set()
    twice = run(app, "users", "take-role", "alice@example.com", "--property", house)
    assert (twice.exit_code, twice.output) == (1, f"Error: alice@example.com has no role at {house}.\n")


def test_a_role_at_all_properties_is_said_so(app: Flask, alice: User) -> None:
    given = run(app, "users", "give-role", "alice@example.com", "manager")
    assert given.output == "alice@example.com is manager at all properties.\n"
    taken = run(app, "users", "take-role", "alice@example.com")
    assert "Nobody is an owner now" in taken.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("alice@example.com", "desk", "--property", "nowhere"), "There is no property 'nowhere'."),
        (("alice@example.com", "desk", "--property", "house"), "There is no property 'house'. Did you mean house-"),
        (("nobody@example.com", "desk"), "There is no account for nobody@example.com."),
        (("alise@example.con", "desk"), "for alise@example.con. Did you mean alice@example.com?"),
        (("Alice", "desk"), "There is no account for Alice. Did you mean alice@example.com?"),
        (("alice@example.com", "king"), "'king' is not one of 'owner', 'manager', 'desk', 'housekeeping'"),
    ],
)
def test_a_wrong_word_is_named_and_nothing_is_given(
    app: Flask, alice: User, room: Room, words: tuple[str, ...], said: str
) -> None:
    refused = run(app, "users", "give-role", *words)
    assert refused.exit_code != 0
    assert said in refused.output
    assert held(alice) == set()


def test_an_owner_who_is_revoked_keeps_other_roles(app: Flask, alice: User, room: Room) -> None:
    staff.give_role(SYSTEM, alice.id, Role.DESK, room.property_id)
    run(app, "users", "make-owner", "alice@example.com")
    assert (
        "alice@example.com is no owner any more."
        in run(app, "users", "revoke-owner", "alice@example.com", "--force").stdout
    )
    assert held(alice) == {Membership(Role.DESK, room.property_id)}


# --- flask audit list


def test_the_log_is_listed_with_what_was_before_and_after(
    app: Flask, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(bob), order(bob, room), VISA, desk)
    clerk = Actor.signed_in(alice.id, (Membership(Role.DESK, room.property_id),), None)
    bookings.cancel(clerk, booked.id, desk)
    own_account.rename(clerk, "Alice Änderson")
    listed = run(app, "audit", "list")
    first, refunded, second = listed.stdout.splitlines()
    assert "refund.succeeded  payment_" in refunded
    assert f"staff:{encode('user', alice.id)}  account.renamed  {encode('user', alice.id)}" in first
    assert '{"fullName": "Alice"} -> {"fullName": "Alice Änderson"}' in first
    assert f"booking.cancelled  {encode('booking', booked.id)}" in second
    assert '{"status": "CONFIRMED"} -> {"status": "CANCELLED"' in second
    assert listed.stderr == "3 entries.\n"
    of_booking = run(app, "audit", "list", "--subject", encode("booking", booked.id))
    assert of_booking.stdout.splitlines() == [second]
    assert run(app, "audit", "list", "--by", "bob@example.com").stderr == "0 entries.\n"
    assert run(app, "audit", "list", "--by", "alice@example.com", "--limit", "1").stdout.splitlines() == [first]


def test_what_was_said_about_an_erased_person_is_not_listed(app: Flask, alice: User) -> None:
    clerk = Actor.signed_in(alice.id, (Membership(Role.DESK),), None)
    own_account.rename(clerk, "Alice Änderson")
    assert run(app, "users", "delete", "alice@example.com", "--yes").exit_code == 0
    listed = run(app, "audit", "list").stdout
    assert "Änderson" not in listed
    assert "account.renamed" in listed
    assert "(about somebody who was erased)" in listed


def test_an_unknown_account_did_nothing(app: Flask) -> None:
    refused = run(app, "audit", "list", "--by", "nobody@example.com")
    assert (refused.exit_code, refused.output) == (1, "Error: There is no account for nobody@example.com.\n")


def test_an_owner_made_by_a_command_is_written_down_without_a_readable_name(app: Flask) -> None:
    made = run(
        app,
        "users",
        "create-owner",
        "anna@hotel.example",
        "--name",
        "Anna Berg",
        "--password-stdin",
        text=f"{PASSWORD}\n",
    )
    assert made.exit_code == 0, made.output
    [entry] = audit_log.entries(SYSTEM)
    assert (entry.action, entry.actor) == ("account.made", f"system:cli users create-owner ({ME})")
    assert entry.personal is not None
    assert "Anna" not in str((entry.before, entry.after, entry.subject))


# --- accounts


def test_operators_disable_enable_and_delete(runner: FlaskCliRunner, app: Flask, alice: User) -> None:
    assert runner.invoke(args=["users", "disable", ALICE, "--yes"]).exit_code == 0
    with pytest.raises(AccountDisabled):
        users.with_password(ALICE, PASSWORD)
    assert runner.invoke(args=["users", "enable", "ALICE@example.com"]).exit_code == 0
    assert users.with_password(ALICE, PASSWORD)
    assert runner.invoke(args=["users", "delete", ALICE], input="n\n").exit_code == 1
    assert users.find(ALICE)
    assert runner.invoke(args=["users", "delete", ALICE, "--yes"]).exit_code == 0
    assert users.find(ALICE) is None
    again = runner.invoke(args=["users", "delete", ALICE, "--yes"])
    assert (again.exit_code, "There is no account for" in again.output) == (1, True)


# "mail server" and the names of settings and folders are no words for what we send.
MAIL = re.compile(r"(?<![\w./-])mails?(?![\w./-])(?! server)", re.IGNORECASE)


def test_operators_read_of_emails_never_of_mails() -> None:
    """Every text in the commands, the doctor and the complaints about settings, comments of code aside."""
    package = Path(booking.__file__).parent
    files = [*(package / "cli").glob("*.py"), *(package / "infra" / "doctor").glob("*.py"), package / "config.py"]
    texts = [
        (file.name, node.lineno, node.value)
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 500
    assert [text for text in texts if MAIL.search(text[2])] == []
