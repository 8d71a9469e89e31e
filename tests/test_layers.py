"""Imports point down: doors to domain, domain to ground. Found by `ast`, so imports inside functions count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[1]
FILES = sorted((HOME / "booking").rglob("*.py"))

CONFIG, GROUND, DOMAIN, DEMO, SHARED, DOORS, ROOT = range(7)
RANK = {
    "booking.config": CONFIG,
    "booking.infra": GROUND,
    "booking.domain": DOMAIN,
    "booking.demo": DEMO,
    "booking.http": SHARED,
    "booking.web": DOORS,
    "booking.admin": DOORS,
    "booking.api": DOORS,
    "booking.cli": DOORS,
    "booking.jobs": DOORS,
}
# The rules know neither HTTP nor queues.
FOREIGN_TO_DOMAIN = {"flask", "werkzeug", "redis", "rq", "granian", "flask_limiter", "flask_login", "flask_wtf"}


def module_of(path: Path) -> str:
    """booking/api/auth.py -> booking.api.auth; a package is called by its folder's name."""
    return ".".join(path.relative_to(HOME).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path) for path in FILES}


def rank(module: str) -> int:
    part = ".".join(module.split(".")[:2])
    return RANK[part] if part != "booking" else ROOT


def imported(source: str) -> Iterator[str]:
    """Every module that the source imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that anybody can see where they point"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else str(node.module) for name in names)


def wrong_imports(module: str, source: str) -> list[str]:
    """What the module may not import, and why."""
    return [f"{module} imports {name}: {reason}" for name in imported(source) if (reason := objection(module, name))]


def objection(module: str, name: str) -> str | None:
    package, *inside = name.split(".")
    if package != "booking":
        known_better = rank(module) == DOMAIN and package in FOREIGN_TO_DOMAIN
        return "the domain knows nothing of it" if known_better else None
    if rank(name) > rank(module):
        return "that points up"
    if rank(name) == rank(module) == DOORS and inside[0] != module.split(".")[1]:
        return "doors do not know each other"
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_imports_point_down(path: Any) -> None:
    assert wrong_imports(module_of(path), path.read_text()) == []


# The staff pages come later; their floor is known already.
@pytest.mark.parametrize("area", sorted(set(RANK) - {"booking.admin"}))
def test_every_floor_is_there(area: Any) -> None:
    """An area that was renamed would otherwise be checked by nobody."""
    assert any(module == area or module.startswith(f"{area}.") for module in MODULES)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("booking.domain.search.finder", "from booking.api import schemas"),
        ("booking.domain.search.finder", "from booking.http import services"),
        ("booking.domain.search.finder", "import booking.http.services"),
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
        ("booking.api.rooms", "from booking.web import pages"),
        ("booking.web", "import booking.api.schemas"),
        ("booking.jobs.mails", "from booking.cli import rooms"),
        ("booking.api.rooms", "from booking import create_app"),
    ],
)
def test_an_import_that_is_turned_up_is_found(module: str, line: str) -> None:
    assert len(wrong_imports(module, line)) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("booking.api.rooms", "from booking.http import services"),
        ("booking.api.rooms", "from booking.domain.search import finder"),
        ("booking.api.rooms", "from flask import g"),
        ("booking.web", "from booking.web import pages"),
        ("booking.domain.search.finder", "from booking.infra import cache"),
        ("booking.infra.db", "from booking.config import Settings"),
        ("booking", "from booking import api, cli"),
    ],
)
def test_an_import_that_points_down_is_let_through(module: str, line: str) -> None:
    assert wrong_imports(module, line) == []


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError):
        wrong_imports("booking.api.rooms", "from . import schemas")
