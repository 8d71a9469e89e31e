"""Where tables live, and who writes nights: the lists of tests/homes.py hold, and the watch over statements bites."""

from __future__ import annotations

import ast
import datetime as dt
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import inventory
from booking.domain.errors import PaymentFailed
from booking.domain.maintenance import retention, verification
from booking.domain.reservations import bookings, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.db import AUTOCOMMIT, SERIALIZABLE, db, execute, transaction
from tests.cases import each
from tests.cast import DECLINED, SYSTEM, VISA, acting, blocked, in_days, later, order
from tests.homes import JOINED, TABLES, TOGETHER, Facts, Watch, facts_of
from tests.sources import nodes_of, tree_of

HOME = Path(__file__).parents[2]
FILES = sorted((HOME / "booking").rglob("*.py"))
NIGHTS = HOME / "booking/domain/inventory/night_statements.py"  # which availability.py alone runs


def test_every_table_says_where_it_lives() -> None:
    assert {name: home for name, home in TABLES.items() if home not in {"global", "regional", "each"}} == {}


def test_no_foreign_key_leads_from_one_home_to_another() -> None:
    crossing = {
        key.name
        for table in db.metadata.sorted_tables
        for key in table.foreign_key_constraints
        if {table.info["home"], key.referred_table.info["home"]} == {"global", "regional"}
    }
    assert crossing == set()


@each("name", sorted({*JOINED, *TOGETHER}))
def test_what_is_listed_as_an_exception_is_there(name: str) -> None:
    module, _, function = name.rpartition(".")
    path = HOME / Path(*name.split(".")).with_suffix(".py")
    source = HOME / Path(*module.split(".")).with_suffix(".py")
    assert path.exists() or f"def {function}(" in source.read_text()


# --- raw SQL and statements, as they are written

WRITERS = {"insert", "update", "delete"}
VERBS = r"INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(\s+TABLE)?|COPY"
WRITING = re.compile(rf"\b({VERBS})\s+(ONLY\s+)?\"?availability\b", re.IGNORECASE)


def writers_of_nights(tree: ast.Module) -> set[int]:
    """The lines that write the table: SQL in a string, a statement made for its class, or a new row of it."""
    return {node.lineno for node in nodes_of(tree) if isinstance(node, ast.expr) and _writes(node)}


def _writes(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(WRITING.search(node.value))
    if isinstance(node, ast.JoinedStr):
        return bool(WRITING.search("".join(str(getattr(part, "value", "")) for part in node.values)))
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called == "Availability" or (called in WRITERS and any("Availability" in ast.unparse(a) for a in node.args))


def test_no_other_file_writes_nights() -> None:
    assert {str(path) for path in FILES if writers_of_nights(tree_of(path))} == {str(NIGHTS)}


@each(
    "line",
    [
        "run('DELETE FROM availability')",
        "run('UPDATE availability SET version = 2')",
        "run(f'INSERT INTO availability ({columns}) VALUES ()')",
        "insert(Availability)",
        "session.execute(delete(models.Availability).where())",
        "update(cast(Table, Availability.__table__))",
        "session.add(Availability(room_id=room.id))",
    ],
)
def test_a_line_that_writes_nights_is_found(line: str) -> None:
    assert writers_of_nights(ast.parse(line)) == {1}


@pytest.mark.parametrize("line", ["select(Availability)", "text('SELECT FROM availability FOR UPDATE')"])
def test_a_line_that_reads_nights_is_let_through(line: str) -> None:
    assert writers_of_nights(ast.parse(line)) == set()


# --- statements, as they run


@each(
    ("statement", "where", "writes"),
    [
        ("SELECT rooms.id FROM rooms JOIN properties ON true", {"global"}, False),
        ("SELECT 1 FROM bookings b, availability a", {"global", "regional"}, False),
        ("SELECT night FROM availability FOR UPDATE", {"global"}, False),
        ("DELETE FROM availability WHERE claim_id = %(bookings)s", {"global"}, True),
        ("UPDATE availability SET held_until = now() FROM bookings", {"global", "regional"}, True),
        ("INSERT INTO events (type) VALUES ('bookings of rooms')", set(), False),
        ("SELECT count(*) AS users FROM rooms", {"global"}, False),
        ("SELECT users(1) FROM rooms", {"global"}, False),
    ],
)
def test_what_a_statement_touches_is_read_off_its_text(statement: str, where: set[str], writes: bool) -> None:
    assert facts_of(statement) == Facts(frozenset(where), writes)


MADE_UP = """
def writes():
    execute(text("DELETE FROM availability"), {})

def writes_by_the_session():
    db.session.execute(text("DELETE FROM availability"))

def joins():
    execute(text("SELECT count(*) FROM bookings, rooms"), {})

def reads_both():
    execute(text("SELECT count(*) FROM bookings"), {})
    db.session.execute(text("SELECT count(*) FROM rooms"))

def reads_one():
    execute(text("SELECT count(*) FROM events, bookings"), {})
    execute(text("SELECT count(*) FROM users"), {})
"""


@pytest.fixture
def made_up() -> Any:
    """Functions of a module that could be the product's own."""
    module = ModuleType("booking.domain.search.made_up")
    vars(module).update(db=db, execute=execute, text=text)
    exec(MADE_UP, vars(module))
    return module


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("writes", "made_up.writes writes nights"),
        ("writes_by_the_session", "made_up.writes_by_the_session writes nights"),
        ("joins", "made_up.joins joins what is global with what is regional"),
        ("reads_both", "made_up.reads_both needs what is global and what is regional in one transaction"),
    ],
)
def test_whoever_is_not_listed_is_found(app: Flask, statements: Watch, made_up: Any, name: str, sentence: str) -> None:
    transaction(getattr(made_up, name))()
    found, statements.wrong = statements.wrong, []
    assert any(sentence in one for one in found), found


@pytest.mark.parametrize(("name", "isolation"), [("reads_one", SERIALIZABLE), ("reads_both", AUTOCOMMIT)])
def test_whoever_stays_in_one_home_is_let_through(
    app: Flask, statements: Watch, made_up: Any, name: str, isolation: str
) -> None:
    """Statements that stand by themselves are no transaction."""
    transaction(isolation=isolation)(getattr(made_up, name))()
    assert statements.wrong == []


def test_a_test_may_say_what_it_likes(app: Flask, statements: Watch) -> None:
    transaction(lambda: execute(text("DELETE FROM availability WHERE room_id IN (SELECT room_id FROM bookings)"), {}))()
    assert statements.wrong == []


def test_the_story_of_a_booking_is_listed_and_nothing_besides(
    app: Flask, statements: Watch, alice: User, room: Room, desk: BookingContext
) -> None:
    statements.heard.clear()
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    held = holds.reserve(acting(alice), order(alice, room, in_days(40)), desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, desk)
    later(desk.hold_for + dt.timedelta(minutes=1))
    bookings.expire_holds(SYSTEM)
    inventory.unblock(SYSTEM, blocked(room, in_days(50)).id)
    retention.prune(SYSTEM, dt.timedelta(days=90))
    verification.verify()
    assert statements.wrong == []
    story = "bookings._begin bookings._begin_payment_of charging._confirm_as_begun bookings._cancel holds._reserve"
    story += " charging.give_up"
    expected = {f"booking.domain.reservations.{one}" for one in [*story.split(), "hold_limits.expire"]}
    assert expected <= statements.heard
