"""Imports point down: doors to domain, domain to ground; and from subject to subject in one order, through front doors.

Found by `ast`, so imports inside functions count too.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cases import each
from tests.sources import nodes_of, tree_of

HOME = Path(__file__).parents[1]
FILES = sorted((HOME / "booking").rglob("*.py"))

CONFIG, GROUND, DOMAIN, DEMO, SHARED, PAGES, DOORS, ROOT = range(8)
RANK = {
    **dict.fromkeys(("booking.config", "booking.config_values"), CONFIG),
    "booking.infra": GROUND,
    "booking.domain": DOMAIN,
    "booking.demo": DEMO,
    "booking.http": SHARED,
    "booking.pages": PAGES,
    "booking.web": DOORS,
    "booking.admin": DOORS,
    "booking.api": DOORS,
    "booking.cli": DOORS,
    "booking.jobs": DOORS,
}
# A later subject may use an earlier one. What lies beside them in booking/domain are words that all of them use.
SUBJECTS = (
    "messages",
    *("people", "texting"),
    "catalogue",
    "inventory",
    "pricing",
    "search",
    "payments",
    "reservations",
    *("invoicing", "correspondence", "figures", "maintenance", "system"),
)
# A large subject has rooms with front doors of their own. What they have in common lies before them and knows none of
# them; a later one may use an earlier one.
ROOMS = {"reservations": ("importing", "guest_register", "front_desk", "personal_data")}
DOORS_OF_SUBJECTS = (*SUBJECTS, *(f"{subject}.{room}" for subject, rooms in ROOMS.items() for room in rooms))
PACKAGES = {f"booking.domain.{door}" for door in DOORS_OF_SUBJECTS}
TABLES = "booking.domain.tables"  # every table at once, for migrations and tests
# The rules know neither HTTP nor queues.
FOREIGN_TO_DOMAIN = {"flask", "werkzeug", "redis", "rq", "granian", "flask_limiter", "flask_login", "flask_wtf"}
FOUNDATION = {
    "flask",
    "flask_login",
    "flask_wtf",
    "flask_limiter",
    "flask_sqlalchemy",
    "flask_migrate",
    "psycopg2",
    "redis",
    "rq",
    "jinja2",
}
# What starts the product is above all of it.
PROGRAMS = {"wsgi", "worker", "bench", "tests"}
# The demo house belongs to the command that puts it in, the chore that plays its days, and the page that shows it.
KNOW_THE_DEMO = {"booking.cli.demo", "booking.jobs.demo_days", "booking.web.rooms"}


def module_of(path: Path) -> str:
    """booking/api/auth.py -> booking.api.auth; a package is called by its folder's name."""
    return ".".join(path.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path) for path in FILES}


def rank(module: str) -> int:
    part = ".".join(module.split(".")[:2])
    return RANK[part] if part != "booking" else ROOT


def subject_of(module: str) -> str | None:
    """booking.domain.people.users -> people; None outside of the subjects."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["booking", "domain"] and len(parts) > 2 and parts[2] in SUBJECTS else None


def room_of(module: str) -> str | None:
    """booking.domain.reservations.front_desk.undoing -> front_desk; None for what lies before the rooms."""
    subject, inside = subject_of(module), module.split(".")[3:4]
    return inside[0] if subject and inside and inside[0] in ROOMS.get(subject, ()) else None


@functools.cache
def source_of(door: str) -> ast.Module:
    return ast.parse(HOME.joinpath("booking", "domain", *door.split("."), "__init__.py").read_text())


@functools.cache
def front_door(door: str) -> set[str]:
    """The names that others may use, of a subject or of a room in it."""
    tree = source_of(door)
    [listed] = [node.value for node in tree.body if isinstance(node, ast.Assign) and _names(node) == ["__all__"]]
    names: list[str] = ast.literal_eval(listed)
    return set(names)


def _names(node: ast.Assign) -> list[str]:
    return [target.id for target in node.targets if isinstance(target, ast.Name)]


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module, or name of a module, that the source imports, anywhere in it: booking.domain.people.CurrentUser."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that anybody can see where they point"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def used_of_subjects(tree: ast.Module) -> Iterator[str]:
    """Every attribute of a subject that was imported whole: `people.register` -> booking.domain.people.register."""
    whole = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in nodes_of(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if f"{node.module}.{alias.name}" in PACKAGES
    }
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
            yield f"{whole[node.value.id]}.{node.attr}"


def wrong_imports(module: str, tree: ast.Module) -> list[str]:
    """What the module may not import, and why."""
    names = [*imported(tree), *used_of_subjects(tree)]
    return [f"{module} imports {name}: {reason}" for name in names if (reason := objection(module, name))]


def objection(module: str, name: str) -> str | None:
    package, *inside = name.split(".")
    if package in PROGRAMS:
        return "that points up"
    if package != "booking":
        known_better = rank(module) == DOMAIN and package in FOREIGN_TO_DOMAIN
        return "the domain knows nothing of it" if known_better else None
    if _is_root(name) or rank(name) > rank(module):
        return "that points up" if rank(module) != ROOT else None
    if rank(name) == rank(module) == DOORS and inside[0] != module.split(".")[1]:
        return "doors do not know each other"
    if rank(name) == DEMO != rank(module) and rank(module) != ROOT and module not in KNOW_THE_DEMO:
        return "the demo is nobody's business"
    return objection_to_subject(module, name)


def _is_root(name: str) -> bool:
    """booking itself, or one of its own names."""
    return name == "booking" or (name.count(".") == 1 and name not in RANK)


def objection_to_subject(module: str, name: str) -> str | None:
    here, there = subject_of(module), subject_of(name)
    if module == TABLES:
        return None
    if name == TABLES or name.startswith(f"{TABLES}."):
        return "it knows all subjects: take the table from its subject"
    if there is None:
        return None
    if here == there:
        return objection_to_room(there, room_of(module), room_of(name))
    if rank(module) == DOMAIN and (here is None or SUBJECTS.index(here) < SUBJECTS.index(there)):
        return "a subject knows only those before it"
    return objection_to_way(there, room_of(name), name.split(".")[3:])


def objection_to_room(subject: str, here: str | None, there: str | None) -> str | None:
    """From one part of a subject to another."""
    order = [None, *ROOMS.get(subject, ())]
    return "a room knows only those before it" if order.index(here) < order.index(there) else None


def objection_to_way(subject: str, room: str | None, inside: list[str]) -> str | None:
    """From outside."""
    door, wanted = (f"{subject}.{room}", inside[1:]) if room else (subject, inside)
    return f"the front door of {door} does not list it" if wanted and wanted[0] not in front_door(door) else None


def test_the_product_stands_on_what_was_chosen_for_it() -> None:
    """None of these is replaced by code of our own."""
    assert {name.split(".")[0] for path in FILES for name in imported(tree_of(path))} >= FOUNDATION


def test_imports_point_down() -> None:
    assert [wrong for path in FILES for wrong in wrong_imports(module_of(path), tree_of(path))] == []


@each("area", sorted(RANK))
def test_every_floor_is_there(area: Any) -> None:
    """An area that was renamed would otherwise be checked by nobody."""
    assert any(module == area or module.startswith(f"{area}.") for module in MODULES)


def test_every_package_of_the_domain_has_its_place_in_the_order() -> None:
    packages = {path.parent.name for path in (HOME / "booking" / "domain").glob("*/__init__.py")}
    assert packages == set(SUBJECTS)


@each("subject", sorted(ROOMS))
def test_every_package_of_a_subject_with_rooms_is_one_of_them(subject: str) -> None:
    packages = {path.parent.name for path in (HOME / "booking" / "domain" / subject).glob("*/__init__.py")}
    assert packages == set(ROOMS[subject])


@each("door", DOORS_OF_SUBJECTS)
def test_a_front_door_says_what_it_is_for_and_lists_what_it_imports(door: str) -> None:
    tree = source_of(door)
    assert ast.get_docstring(tree)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert {alias.asname or alias.name for node in imports for alias in node.names} == front_door(door)
    behind = {str(node.module) for node in imports}
    subject, _, room = door.partition(".")
    assert {(subject_of(module), room_of(module) or "") for module in behind} == {(subject, room)}


@each("door", DOORS_OF_SUBJECTS)
def test_no_name_at_a_front_door_is_also_a_module_behind_it(door: str) -> None:
    """`from booking.domain.people import sessions` would mean one or the other, depending on who came first."""
    package = f"booking.domain.{door}."
    behind = {module.removeprefix(package).split(".")[0] for module in MODULES if module.startswith(package)}
    assert front_door(door).isdisjoint(behind)


@each(
    ("module", "line"),
    [
        ("booking.domain.search.finder", "from booking.api import schemas"),
        ("booking.domain.search.finder", "from booking.http import services"),
        ("booking.domain.search.finder", "import booking.http.services"),
        ("booking.domain.search.finder", "from booking.demo import compose"),
        ("booking.domain.search.finder", "from flask import g"),
        ("booking.domain.search.finder", "import redis.asyncio"),
        ("booking.domain.search.finder", "from rq import Queue"),
        ("booking.domain.search.finder", "def late():\n    from werkzeug.exceptions import NotFound"),
        ("booking.domain.search.finder", "from booking import create_app"),
        ("booking.infra.cache", "from booking.domain.stays import Stay"),
        ("booking.infra.cache", "from booking.domain import stays"),
        ("booking.infra.cache", "if TYPE_CHECKING:\n    from booking.domain.stays import Stay"),
        ("booking.config", "from booking.infra import clock"),
        ("booking.http.requests", "from booking.api.schemas import Refusal"),
        ("booking.http.requests", "from booking.demo import load"),
        ("booking.api.rooms", "from booking.web import rooms"),
        ("booking.admin.today", "from booking.web import rooms"),
        ("booking.web.rooms", "from booking.admin import today"),
        ("booking.pages.rendering", "from booking.web import listing"),
        ("booking.http.services", "from booking.pages import security"),
        ("booking.api.rooms", "from booking.demo.pictures import room_picture"),
        ("booking.web", "import booking.api.schemas"),
        ("booking.jobs.mails", "from booking.cli import rooms"),
        ("booking.cli.up", "from wsgi import app"),
        ("booking.api.rooms", "from booking import create_app"),
        ("booking.demo.compose", "from booking.http import services"),
    ],
)
def test_an_import_that_is_turned_up_is_found(module: str, line: str) -> None:
    assert len(wrong_imports(module, ast.parse(line))) == 1


@each(
    ("module", "line"),
    [
        # against the order
        ("booking.domain.people.users", "from booking.domain import reservations"),
        ("booking.domain.people.users", "from booking.domain.reservations import Booking"),
        ("booking.domain.payments.ledger", "def late():\n    from booking.domain import reservations"),
        ("booking.domain.money", "from booking.domain import pricing"),
        ("booking.domain.inputs", "import booking.domain.people"),
        # past the front door
        ("booking.domain.reservations.bookings", "from booking.domain.inventory import availability"),
        ("booking.domain.reservations.bookings", "from booking.domain.inventory.availability import claim"),
        ("booking.domain.reservations.bookings", "import booking.domain.inventory.availability"),
        ("booking.api.rooms", "from booking.domain.search import finder"),
        ("booking.demo.occupancy", "from booking.domain.reservations.models import Booking"),
        ("booking.cli.users", "from booking.domain.people.users import find"),
        ("booking.web.rooms", "from booking.domain import search\nsearch.finder"),
        ("booking.web.rooms", "from booking.domain import search as found\nfound.no_such_verb()"),
        # past the front door of a room, and against the order of the rooms
        ("booking.admin.today", "from booking.domain.reservations import front_desk\nfront_desk.presence"),
        ("booking.admin.today", "from booking.domain.reservations import front_desk\nfront_desk.see()"),
        ("booking.admin.today", "from booking.domain.reservations.front_desk import undoing"),
        ("booking.admin.today", "from booking.domain.reservations.front_desk.presence import check_in"),
        ("booking.domain.reservations.bookings", "from booking.domain.reservations.front_desk import notes"),
        ("booking.domain.reservations.guest_register.keeping", "from booking.domain.reservations import front_desk"),
        ("booking.domain.payments.ledger", "from booking.domain.reservations import front_desk"),
        # every table at once
        ("booking.domain.reservations.bookings", "from booking.domain.tables import Room"),
        ("booking.api.rooms", "from booking.domain import tables"),
    ],
)
def test_a_way_round_a_front_door_is_found(module: str, line: str) -> None:
    assert len(wrong_imports(module, ast.parse(line))) == 1


@each(
    ("module", "line"),
    [
        ("booking.api.rooms", "from booking.http import services"),
        ("booking.api.rooms", "from booking.domain import search\nsearch.find_rooms()"),
        ("booking.api.rooms", "from booking.domain.search import RoomSearch"),
        ("booking.api.rooms", "from booking.domain import stays\nstays.Stay"),
        ("booking.api.rooms", "from flask import g"),
        ("booking.web", "from booking.web import rooms"),
        ("booking.admin.today", "from booking.pages.rendering import page"),
        ("booking.cli.demo", "from booking import demo"),
        ("booking.admin.today", "from booking.domain.reservations import front_desk\nfront_desk.check_in()"),
        ("booking.admin.today", "from booking.domain.reservations.front_desk import HouseDay"),
        ("booking.domain.reservations.front_desk.notes", "from booking.domain.reservations import bookings"),
        (
            "booking.domain.reservations.front_desk.notes",
            "from booking.domain.reservations import guest_register",
        ),
        ("booking.domain.search.finder", "from booking.infra import cache"),
        ("booking.domain.search.finder", "from booking.domain.search import words"),
        ("booking.domain.search.finder", "from booking.domain.catalogue import Room"),
        ("booking.domain.tables", "from booking.domain.catalogue.models import Room"),
        ("booking.infra.db", "from booking.config import Settings"),
        ("booking", "from booking import api, cli"),
    ],
)
def test_an_import_that_points_down_is_let_through(module: str, line: str) -> None:
    assert wrong_imports(module, ast.parse(line)) == []


PERMISSIONS = {"Action", "may", "require"}


@each("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_only_verbs_ask_what_somebody_may_do(path: Any) -> None:
    """A door hides what would be refused; it decides nothing."""
    tree, module = tree_of(path), module_of(path)
    asked = {name.rpartition(".")[2] for name in [*imported(tree), *used_of_subjects(tree)] if ".people." in name}
    assert rank(module) <= DOMAIN or asked.isdisjoint(PERMISSIONS)


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError):
        wrong_imports("booking.api.rooms", ast.parse("from . import schemas"))
