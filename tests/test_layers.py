"""Imports point down: doors to domain, domain to ground; and from subject to subject in one order, through front doors.

Found by `ast`, so imports inside functions count too. In the same way: only pricing makes prices.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, nodes

from tests.cases import each
from tests.sources import nodes_of, tree_of, walked

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
    "people",
    "catalogue",
    "inventory",
    "pricing",
    "search",
    "payments",
    "reservations",
    *("invoicing", "correspondence", "maintenance", "system"),
)
PACKAGES = {f"booking.domain.{subject}" for subject in SUBJECTS}
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


@functools.cache
def front_door(subject: str) -> set[str]:
    """The names that others may use."""
    tree = ast.parse((HOME / "booking" / "domain" / subject / "__init__.py").read_text())
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
    if there is None or here == there:
        return None
    if rank(module) == DOMAIN and (here is None or SUBJECTS.index(here) < SUBJECTS.index(there)):
        return "a subject knows only those before it"
    inside = name.split(".")[3:]
    if inside and inside[0] not in front_door(there):
        return f"the front door of {there} does not list it"
    return None


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


@each("subject", SUBJECTS)
def test_a_front_door_says_what_it_is_for_and_lists_what_it_imports(subject: str) -> None:
    tree = ast.parse((HOME / "booking" / "domain" / subject / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert {alias.asname or alias.name for node in imports for alias in node.names} == front_door(subject)
    assert {subject_of(str(node.module)) for node in imports} == {subject}


@each("subject", SUBJECTS)
def test_no_name_at_a_front_door_is_also_a_module_behind_it(subject: str) -> None:
    """`from booking.domain.people import sessions` would mean one or the other, depending on who came first."""
    behind = {module.split(".")[3] for module in MODULES if subject_of(module) == subject and module.count(".") > 2}
    assert front_door(subject).isdisjoint(behind)


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


# --- prices: only pricing.quote() and its short forms turn a room's base price into what a stay costs

BASE_PRICE = ("price_per_night", "pricePerNight")
KNOW_THE_BASE_PRICE = {
    **{f"booking.domain.catalogue.importing.{name}": "imports it" for name in ("drafts", "listings", "store")},
    **dict.fromkeys(("booking.api.schemas", "booking.web.room_cards", "booking.web.rooms"), "shown per night"),
    "booking.domain.catalogue.models": "stores it",
    "booking.domain.catalogue.rooms": "keeps it for showing",
    "booking.domain.catalogue.edit_inputs": "asks for it",
    "booking.domain.catalogue.as_said": "tells it as it was asked for",
    "booking.domain.catalogue.room_editing": "writes it",
    "booking.domain.catalogue.importing.sheet": "imports and exports it",
    "booking.demo.compose": "makes it up",
    "booking.domain.search.alternatives": "order goes by it, and it is read for quote()",
    "booking.domain.search.finder": "shown per night",
    "booking.domain.search.statements": "limits and order go by it",
    "booking.admin.house_forms": "asks for it",
    "booking.admin.stories": "tells that it has changed",
    "booking.cli.house_options": "asks for it",
    "booking.cli.room_editing": "shows it",
    "booking.http.words.fields": "names the field",
    "booking.api.texts": "explains it",
}
MAKES_A_PRICE = {*BASE_PRICE, "base_price", "nights"}


def words_in(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute, argument and text of the source."""
    for node in walked(tree):
        named = [getattr(node, part, None) for part in ("id", "attr", "arg", "value")]
        yield from (word for word in named if isinstance(word, str))


def tells_the_base_price(tree: ast.AST) -> bool:
    return any(name in word for word in words_in(tree) for name in BASE_PRICE)


def priced_by_hand(tree: ast.Module) -> list[str]:
    """What multiplies by nights or by a base price, or calculates with one in another way."""
    return [ast.unparse(node) for node in nodes_of(tree) if _makes_a_price(node)]


def _makes_a_price(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        by_nights = isinstance(node.op, ast.Mult) and not MAKES_A_PRICE.isdisjoint(words_in(node))
        return by_nights or tells_the_base_price(node)
    sums = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sum"
    return sums and tells_the_base_price(node)


@each("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_only_pricing_prices_a_stay(path: Path) -> None:
    module = module_of(path)
    if subject_of(module) != "pricing":
        assert priced_by_hand(tree_of(path)) == []
        assert tells_the_base_price(tree_of(path)) == (module in KNOW_THE_BASE_PRICE)


@each("path", sorted((HOME / "booking" / "templates").rglob("*.*")), ids=lambda path: path.name)
def test_no_template_prices_a_stay(path: Path) -> None:
    assert MAKES_A_PRICE.isdisjoint(multiplied_in_template(path.read_text()))


def multiplied_in_template(source: str) -> set[str]:
    """Names and attributes."""
    products = list(Environment(extensions=["jinja2.ext.i18n"]).parse(source).find_all(nodes.Mul))
    names = {name.name for product in products for name in product.find_all(nodes.Name)}
    return names | {part.attr for product in products for part in product.find_all(nodes.Getattr)}


def test_a_price_made_in_a_template_is_found() -> None:
    assert multiplied_in_template("{{ room.price_per_night * stay.nights }}") >= {"price_per_night", "nights"}


@each(
    "line",
    [
        "total = room.price_per_night * stay.nights",
        "total = nights * each",
        "total = Decimal(details['pricePerNight']) * 3",
        "total = sum(room.price_per_night for night in stay.dates())",
        "total = room.price_per_night + cleaning",
        "total *= booking.nights",
        "def total(room):\n    return (room.price_per_night - discount) * (check_out - check_in).days",
        "query = select(Room.price_per_night * bindparam('nights'))",
    ],
)
def test_a_price_made_elsewhere_is_found(line: str) -> None:
    assert priced_by_hand(ast.parse(line))


@each("line", ["pages = total * 2", "query.where(Room.price_per_night >= least)", "later(nights)"])
def test_what_makes_no_price_is_let_through(line: str) -> None:
    assert priced_by_hand(ast.parse(line)) == []
