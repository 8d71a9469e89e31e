"""Every command: what it asks the permissions table for, what it does to the house, and what it says to programs.

Commands act as the system, so it is not a role that they are tried with: whoever starts one may do what the table lets
the system do. Each is run where that is taken from it, about something that is not there, without a yes where it asks
for one, and as it is meant. A command that is added and does not stand here fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskCliRunner

from booking.domain.people import Action, permissions
from booking.domain.people.permissions import Who
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.storage import Storage
from tests.cast import PASSWORD
from tests.cli.command_house import House, everything, unknown
from tests.cli.command_kinds import (
    ACCOUNTS,
    ARRAYS,
    CHANGES,
    FILES,
    LISTS,
    NIGHTS,
    NOBODY,
    OF_READERS,
    OF_REPORTS,
    OTHER_JSON,
    OUTSIDE,
    OWN_CASH,
    SWEEPS,
    A,
    Command,
    of,
)
from tests.cli.house_commands import ROOMS
from tests.cli.photo_commands import PHOTOS

pytestmark = pytest.mark.slow

# What Flask and Flask-Migrate bring: they know nothing of the house.
NOT_OURS = {"run", "shell", "routes", "db"}

COMMANDS: dict[str, Command] = {
    # --- rooms and nights
    **ROOMS,
    **PHOTOS,
    "blocks list": Command(LISTS, {A.BLOCK_NIGHTS}, of(), of("--property", "nowhere")),
    "blocks show": Command(LISTS, {A.BLOCK_NIGHTS}, lambda h: [h.block()], of(unknown("block"))),
    "blocks add": Command(CHANGES, {A.BLOCK_NIGHTS}, lambda h: [h.room_id, *h.nights()], of(unknown("room"), *NIGHTS)),
    "blocks remove": Command(CHANGES, {A.BLOCK_NIGHTS}, lambda h: [h.block()], of(unknown("block"))),
    # --- people
    "users create-owner": Command(
        CHANGES,
        {A.MAKE_ACCOUNT_FOR_OTHERS},
        of("new@hotel.example", "--name", "Anna Berg", "--password-stdin"),
        lambda h: [h.owner.email, "--name", "Anna Berg", "--password-stdin"],
        typed=f"{PASSWORD}\n",
    ),
    "users make-owner": Command(CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.somebody()], of(NOBODY)),
    "users revoke-owner": Command(CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.revocable()], of(NOBODY)),
    "users give-role": Command(
        CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.somebody(), "desk"], of(NOBODY, "desk")
    ),
    "users take-role": Command(
        CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.clerk(), "--property", h.slug], of(NOBODY)
    ),
    "users set-password": Command(
        CHANGES,
        {A.SEE_ACCOUNT, A.SET_PASSWORD_OF_OTHERS},
        lambda h: [h.somebody(), "--password-stdin"],
        of(NOBODY, "--password-stdin"),
        typed=f"another {PASSWORD}\n",
    ),
    "users reset-second-factor": Command(
        CHANGES, {A.SEE_ACCOUNT, A.RESET_SECOND_FACTOR}, lambda h: [h.with_an_app(), "--yes"], of(NOBODY, "--yes")
    ),
    "users seal-second-factors": Command(SWEEPS, {A.SEAL_SECRETS_ANEW}, of()),
    "users disable": Command(
        CHANGES, {A.SEE_ACCOUNT, A.DISABLE_ACCOUNT}, lambda h: [h.somebody(), "--yes"], of(NOBODY, "--yes")
    ),
    "users enable": Command(CHANGES, {A.SEE_ACCOUNT, A.ENABLE_ACCOUNT}, lambda h: [h.disabled()], of(NOBODY)),
    "users delete": Command(
        CHANGES, {A.SEE_ACCOUNT, A.DELETE_ACCOUNT}, lambda h: [h.somebody(), "--yes"], of(NOBODY, "--yes")
    ),
    "people list": Command(LISTS, {A.GIVE_ROLES}, of()),
    "people show": Command(LISTS, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.clerk()], of(NOBODY)),
    "people invite": Command(
        CHANGES,
        {A.SEE_ACCOUNT, A.GIVE_ROLES},
        lambda h: ["new@hotel.example", "desk", "--by", h.owner.email],
        of("new@hotel.example", "desk", "--by", NOBODY),
    ),
    "people withdraw": Command(CHANGES, {A.GIVE_ROLES}, lambda h: [h.invitation()], of(unknown("invitation"))),
    "people role": Command(
        CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.clerk(), "manager"], of(NOBODY, "manager")
    ),
    "people end": Command(CHANGES, {A.SEE_ACCOUNT, A.GIVE_ROLES}, lambda h: [h.clerk(), "--yes"], of(NOBODY, "--yes")),
    # --- bookings
    "bookings verify": Command(SWEEPS, {A.CHECK_BOOKS}, of()),
    "bookings seal-registers": Command(SWEEPS, {A.SEAL_SECRETS_ANEW}, of()),
    "bookings expire": Command(SWEEPS, {A.EXPIRE_HOLDS}, of()),
    "bookings list": Command(LISTS, {A.SEE_BOOKING}, lambda h: [h.booked()], of("--property", "nowhere")),
    "bookings show": Command(LISTS, {A.SEE_BOOKING}, lambda h: [h.booked()], of("NOSUCHXX")),
    "bookings import": Command(
        CHANGES,
        {A.IMPORT_BOOKINGS},
        lambda h: [h.reservations_file(), "--property", h.slug],
        lambda h: [h.reservations_file(), "--property", "nowhere"],
    ),
    "bookings cancel": Command(
        CHANGES,
        {A.CANCEL_BOOKING, A.DECIDE_REFUNDS},
        lambda h: [h.booked(), "--yes", "--refund", "50", "--reason", "fell ill"],
        of("NOSUCHXX", "--yes"),
    ),
    "bookings guarantee": Command(
        CHANGES, {A.SEE_BOOKING, A.GUARANTEE}, lambda h: [h.held(), "--how", "desk"], of("NOSUCHXX", "--how", "desk")
    ),
    "bookings change": Command(
        CHANGES,
        {A.CHANGE_BOOKING, A.WAIVE_DEBTS},
        lambda h: [*h.dearer(), "--how", "waived", "--reason", "moved for repairs", "--yes"],
        of("NOSUCHXX", "--guests", "1"),
        looks=frozenset({A.CHECK_IN}),  # who may that moves guests who are in the house, too
    ),
    "bookings contact": Command(
        CHANGES,
        {A.SEE_BOOKING, A.CHANGE_CONTACTS},
        lambda h: [h.vouched(), "--email", "carol.calls@example.com"],
        of("NOSUCHXX", "--name", "Carol"),
    ),
    "bookings resend": Command(CHANGES, {A.SEE_BOOKING, A.RESEND_EMAILS}, lambda h: [h.written_to()], of("NOSUCHXX")),
    "bookings payment-link": Command(
        CHANGES, {A.SEE_BOOKING, A.REQUEST_PAYMENTS}, lambda h: [h.vouched()], of("NOSUCHXX")
    ),
    "bookings check-in": Command(CHANGES, {A.CHECK_IN}, lambda h: [h.expected()], of("NOSUCHXX")),
    "bookings check-out": Command(CHANGES, {A.CHECK_IN}, lambda h: [h.arrived(), "--yes"], of("NOSUCHXX", "--yes")),
    "bookings no-show": Command(CHANGES, {A.CHECK_IN}, lambda h: [h.expected(), "--yes"], of("NOSUCHXX", "--yes")),
    "bookings undo": Command(CHANGES, {A.CHECK_IN}, lambda h: [h.arrived()], of("NOSUCHXX")),
    # --- money
    "payments list": Command(LISTS, {A.SEE_PAYMENTS}, lambda h: [h.to_refund()][:0]),
    **OF_REPORTS,
    "payments look": Command(SWEEPS, {A.SETTLE_PAYMENTS}, of()),
    "payments recover": Command(SWEEPS, {A.SETTLE_PAYMENTS}, of()),
    "payments retry": Command(CHANGES, {A.SETTLE_PAYMENTS}, lambda h: [h.declined()], of(unknown("payment"))),
    "payments received": Command(
        CHANGES,
        {A.SEE_BOOKING, A.RECORD_PAYMENTS},
        lambda h: [h.vouched(), "10", "--by", "desk", "--reference", "receipt 2"],
        of("NOSUCHXX", "10", "--by", "desk", "--reference", "receipt 2"),
    ),
    "payments returned": Command(
        CHANGES,
        {A.SEE_BOOKING, A.RECORD_PAYMENTS},
        lambda h: [h.to_refund(), "--reference", "cash 3"],
        of(unknown("payment"), "--reference", "cash 3"),
    ),
    "payments waive": Command(
        CHANGES,
        {A.SEE_BOOKING, A.WAIVE_DEBTS},
        lambda h: [h.vouched(), "10", "--reason", "heating was out"],
        of("NOSUCHXX", "--reason", "heating was out"),
    ),
    "payments correct": Command(
        CHANGES,
        {A.SEE_BOOKING, A.CORRECT_PAYMENTS},
        lambda h: [h.received(), "--reason", "another guest"],
        of(unknown("payment"), "--reason", "another guest"),
    ),
    "cash list": Command(
        LISTS, {A.SEE_DRAWERS}, lambda h: [h.drawer()][:0], of("--property", "nowhere"), looks=OWN_CASH
    ),
    "cash show": Command(LISTS, {A.SEE_DRAWERS}, lambda h: [h.counted()], of(unknown("closing")), looks=OWN_CASH),
    "cash close": Command(
        CHANGES,
        {A.SEE_DRAWERS},
        lambda h: [h.drawer(), "0", "--note", "all gone", "--yes"],
        of("nowhere", "0", "--yes"),
        looks=OWN_CASH,
    ),
    # --- messages
    "messages list": Command(LISTS, {A.SEE_BOOKING}, lambda h: [h.asked()][:0], of("--property", "nowhere")),
    "messages show": Command(LISTS, {A.SEE_BOOKING}, lambda h: [h.asked()], of("NOSUCHXX")),
    "messages answer": Command(
        CHANGES, {A.SEE_BOOKING, A.ANSWER_GUESTS}, lambda h: [h.asked(), "There is."], of("NOSUCHXX", "There is.")
    ),
    "messages settle": Command(CHANGES, {A.SEE_BOOKING, A.ANSWER_GUESTS}, lambda h: [h.asked()], of("NOSUCHXX")),
    "messages emails": Command(
        LISTS, {A.SEE_BOOKING}, lambda h: [h.booked()][:0], of("--property", "nowhere"), looks=ACCOUNTS
    ),
    "messages email": Command(LISTS, {A.SEE_BOOKING}, lambda h: [h.email()], of(unknown("email"))),
    "messages resend": Command(CHANGES, {A.SEE_BOOKING, A.RESEND_EMAILS}, lambda h: [h.email()], of(unknown("email"))),
    "messages texts": Command(
        LISTS, {A.SEE_BOOKING}, lambda h: [h.text()][:0], of("--property", "nowhere"), looks=ACCOUNTS
    ),
    "messages try-text": Command(CHANGES, {A.RESEND_EMAILS}, lambda h: [h.text()], of(unknown("text"))),
    "messages stop-texts": Command(CHANGES, {A.STOP_TEXTS}, lambda h: [h.phone()], of("0471 23 45 67")),
    # --- what guests ask about their data
    "data-requests list": Command(LISTS, {A.EXPORT_GUESTS}, lambda h: [h.request()][:0], of("--nonsense")),
    "data-requests record": Command(
        CHANGES, {A.SEE_BOOKING, A.EXPORT_GUESTS}, lambda h: [h.booked(), "export"], of("NOSUCHXX", "export")
    ),
    "data-requests export": Command(CHANGES, {A.SEE_BOOKING, A.EXPORT_GUESTS}, lambda h: [h.booked()], of("NOSUCHXX")),
    "data-requests erase": Command(
        CHANGES, {A.SEE_BOOKING, A.ERASE_GUESTS}, lambda h: [h.forgettable(), "--yes"], of("NOSUCHXX", "--yes")
    ),
    "data-requests settle": Command(
        CHANGES, {A.EXPORT_GUESTS}, lambda h: [h.request(), "refused"], of(unknown("request"), "refused")
    ),
    # --- what was done, and what follows
    "audit list": Command(LISTS, {A.SEE_AUDIT_LOG}, of(), of("--by", NOBODY)),
    "audit undo": Command(CHANGES, {A.SEE_AUDIT_LOG, A.BLOCK_NIGHTS}, lambda h: [h.entry()], of(unknown("entry"))),
    "events status": Command(SWEEPS, set(), of()),
    "events retry": Command(SWEEPS, {A.RETRY_MESSAGES}, of()),
    "alerts list": Command(LISTS, {A.SEE_PAYMENTS}, lambda h: h.alert()),
    "alerts readers": Command(LISTS, {A.GIVE_ROLES}, lambda h: h.clerk()[:0].split(), looks=OF_READERS),
    "alerts subscribe": Command(
        CHANGES,
        {A.SEE_ACCOUNT, A.GIVE_ROLES},
        lambda h: [h.clerk(), "bookings", "daily"],
        of(NOBODY, "bookings", "daily"),
        looks=frozenset({A.SEE_BOOKING}),
    ),
    "system status": Command(SWEEPS, {A.SEE_SYSTEM}, of(), looks=frozenset({A.SEE_PAYMENTS})),
    "system maintenance": Command(
        CHANGES, {A.KEEP_SYSTEM}, of("on", "--notice", "New pipes."), of("on", "--notice", "x", "--until", "soon")
    ),
    # --- around the house
    "doctor": Command(OUTSIDE, set(), of()),
    "demo load": Command(OUTSIDE, set(), of()),
    "backup create": Command(OUTSIDE, set(), of()),
    "backup list": Command(OUTSIDE, set(), of()),
    "backup prune": Command(OUTSIDE, set(), of()),
    "backup receive": Command(OUTSIDE, set(), of()),
    "backup restore": Command(OUTSIDE, set(), of("--to", "/no/such/place")),
    "backup drill": Command(OUTSIDE, set(), of()),
}


@pytest.fixture
def house(
    alice: User, bob: User, room: Room, desk: BookingContext, runner: FlaskCliRunner, storage: Storage, tmp_path: Path
) -> House:
    made = House(runner, desk, alice, bob, room, tmp_path)
    made.begin()
    return made


class Table(dict[Action, Who]):
    """The permissions table, and what it was asked for."""

    def __init__(self, table: Mapping[Action, Who], withdrawn: Action | None = None) -> None:
        super().__init__(table)
        self.asked: set[Action] = set()
        if withdrawn:
            self[withdrawn] &= ~Who.SYSTEM

    def __getitem__(self, action: Action) -> Who:
        self.asked.add(action)
        return super().__getitem__(action)


def walked(app: Flask) -> Iterator[tuple[str, click.Command]]:
    """Every command that is ours, as it is typed."""
    context = click.Context(app.cli)
    for name in app.cli.list_commands(context):
        found = app.cli.get_command(context, name)
        assert found
        if name not in NOT_OURS:
            nested = found.commands.items() if isinstance(found, click.Group) else ()
            yield from ((f"{name} {inner}", one) for inner, one in nested)
            yield from [] if nested else [(name, found)]


def run(house: House, name: str, words: list[str], *, typed: str = "") -> Result:
    return house.runner.invoke(args=[*name.split(), *words], input=typed)


def expect_none(tried: Callable[[str, Command], Iterator[str]], *does: str) -> None:
    """Nothing is wrong with any of the commands that do this."""
    chosen = [(name, one) for name, one in COMMANDS.items() if one.does in does]
    assert chosen
    wrong = [f"{name}: {sentence}" for name, one in chosen for sentence in tried(name, one)]
    assert not wrong, "\n".join(wrong)


def test_every_command_stands_in_the_table(app: Flask) -> None:
    assert {name for name, _ in walked(app)} == set(COMMANDS)


def test_every_command_says_how_it_is_used_and_prints_an_array_where_programs_want_one(app: Flask) -> None:
    wrong: list[str] = []
    for name, command in walked(app):
        said = app.test_cli_runner().invoke(args=[*name.split(), "--help"])
        _, _, examples = said.output.partition("Example")
        if said.exit_code or f"flask {name}" not in examples:
            wrong.append(f"{name}: its help has no example")
        has_json = any(option.name == "as_json" for option in command.params)
        if has_json is not (COMMANDS[name].does in ARRAYS or name in OTHER_JSON):
            wrong.append(f"{name}: {'has' if has_json else 'lacks'} --json")
    assert wrong == []


def test_what_is_not_there_is_said_and_nothing_happens(house: House) -> None:
    def tried(name: str, one: Command) -> Iterator[str]:
        words = one.wrong(house)
        before = everything()
        said = run(house, name, words, typed=one.typed)
        if said.exit_code not in (1, 2) or not isinstance(said.exception, SystemExit):
            yield f"ends with {said.exit_code}: {said.exception!r}"
        if not said.stderr.strip() or "Traceback" in said.output:
            yield f"says {said.output!r}"
        if everything() != before:
            yield "has changed something"

    expect_none(tried, LISTS, CHANGES, SWEEPS, FILES)


def test_what_the_system_may_not_do_no_command_does(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(name: str, one: Command) -> Iterator[str]:
        for action in sorted(one.asks):
            words, before = one.words(house), everything()
            with monkeypatch.context() as patched:
                patched.setattr(permissions, "ALLOWED", Table(permissions.ALLOWED, withdrawn=action))
                said = run(house, name, words, typed=one.typed)
            if said.exit_code == 0 and (one.does != LISTS or said.stdout):
                yield f"goes on without {action}"
            if said.exit_code and not isinstance(said.exception, SystemExit):
                yield f"without {action} it breaks: {said.exception!r}"
            if everything() != before:
                yield f"changes something without {action}"

    expect_none(tried, LISTS, CHANGES, SWEEPS, FILES)


def test_each_asks_for_what_it_does_and_does_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(name: str, one: Command) -> Iterator[str]:
        words = one.words(house)
        before, table = everything(), Table(permissions.ALLOWED)
        with monkeypatch.context() as patched:
            patched.setattr(permissions, "ALLOWED", table)
            said = run(house, name, words, typed=one.typed)
        if said.exit_code or not said.stdout:
            yield f"ends with {said.exit_code}: {said.output}"
        if table.asked != one.asks | one.looks:
            yield f"asks for {sorted(table.asked)}"
        if one.does in ARRAYS and (everything() != before) is not (one.does == CHANGES):
            yield "changes nothing" if one.does == CHANGES else "changes something"

    expect_none(tried, LISTS, CHANGES, SWEEPS, FILES)


def test_programs_get_an_array_of_each_that_lists_or_changes(house: House) -> None:
    def tried(name: str, one: Command) -> Iterator[str]:
        said = run(house, name, [*one.words(house), "--json"], typed=one.typed)
        found = json.loads(said.stdout) if said.exit_code == 0 else said.output
        if not (isinstance(found, list) and found and all(isinstance(each, dict) for each in found)):
            yield f"prints {found!r}"

    expect_none(tried, LISTS, CHANGES)


def test_what_asks_for_a_yes_does_nothing_without_one(house: House, app: Flask) -> None:
    asking = {name for name, one in walked(app) if any(option.name == "yes" for option in one.params)}
    assert asking >= {"bookings cancel", "users delete", "people end"}

    def tried(name: str, one: Command) -> Iterator[str]:
        # A no-show that frees nothing asks for nothing.
        words = [*one.words(house), *{"bookings no-show": ["--free-nights"]}.get(name, [])]
        for answer in ("n\n", ""):  # of a person, and of a script that has nothing to say
            before = everything()
            said = run(house, name, [word for word in words if word != "--yes"], typed=answer)
            if (said.exit_code, "Aborted!" in said.output) != (1, True):
                yield f"ends with {said.exit_code}: {said.output}"
            if everything() != before:
                yield "has changed something"

    assert [wrong for name in sorted(asking) for wrong in tried(name, COMMANDS[name])] == []


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.does == OUTSIDE and name != "doctor"])
def test_what_knows_no_house_says_why_it_cannot_work(house: House, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Demo accounts have known passwords, so never in production; without an archive there is nothing to back up to."""
    settings = house.runner.app.extensions["services"].settings
    monkeypatch.setattr(type(settings), "production", property(lambda _: True))
    before = everything()
    said = run(house, name, COMMANDS[name].words(house))
    assert (said.exit_code, isinstance(said.exception, SystemExit)) == (1, True), said.output
    assert said.stderr.startswith("Error: ")
    assert everything() == before
