"""Imports point down: doors to domain, domain to ground. Found by `ast`, so imports inside functions count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[1]
FILES = sorted((HOME / "booking").rglob("*.py"))

CONFIG, GROUND, DOMAIN, SHARED, DOORS, ROOT = range(6)
RANK = {
    "booking.config": CONFIG,
    "booking.infra": GROUND,
    "booking.domain": DOMAIN,
    # booking/*.py beside them is what the doors share: doors.py, limits.py, ...
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
    return RANK.get(part, SHARED) if part != "booking" else ROOT


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
@pytest.mark.parametrize("area", sorted({*RANK, "booking.doors"} - {"booking.admin"}))
def test_every_floor_is_there(area: Any) -> None:
    """An area that was renamed would otherwise be checked by nobody."""
    assert any(module == area or module.startswith(f"{area}.") for module in MODULES)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("booking.domain.search", "from booking.api import shapes"),
        ("booking.domain.search", "from booking import doors"),
        ("booking.domain.search", "import booking.doors"),
        ("booking.domain.search", "from flask import g"),
        ("booking.domain.search", "import redis.asyncio"),
        ("booking.domain.search", "from rq import Queue"),
        ("booking.domain.search", "def late():\n    from werkzeug.exceptions import NotFound"),
        ("booking.domain.search", "from booking import create_app"),
        ("booking.infra.cache", "from booking.domain.stays import Stay"),
        ("booking.infra.cache", "from booking.domain import stays"),
        ("booking.infra.cache", "if TYPE_CHECKING:\n    from booking.domain.stays import Stay"),
        ("booking.config", "from booking.infra import clock"),
        ("booking.doors", "from booking.api.shapes import Refusal"),
        ("booking.api.rooms", "from booking.web import pages"),
        ("booking.web", "import booking.api.shapes"),
        ("booking.jobs.mails", "from booking.cli import rooms"),
        ("booking.api.rooms", "from booking import create_app"),
    ],
)
def test_an_import_that_is_turned_up_is_found(module: str, line: str) -> None:
    assert len(wrong_imports(module, line)) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("booking.api.rooms", "from booking import doors"),
        ("booking.api.rooms", "from booking.domain import search"),
        ("booking.api.rooms", "from flask import g"),
        ("booking.web", "from booking.web import pages"),
        ("booking.domain.search", "from booking.infra import cache"),
        ("booking.infra.db", "from booking.config import Settings"),
        ("booking", "from booking import api, cli"),
    ],
)
def test_an_import_that_points_down_is_let_through(module: str, line: str) -> None:
    assert wrong_imports(module, line) == []


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError):
        wrong_imports("booking.api.rooms", "from . import shapes")
