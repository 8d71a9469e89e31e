"""Short functions in short files, and nobody's private names; `-s` prints the figures."""

from __future__ import annotations

import ast
import functools
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.sources import nodes_of, tree_of

HOME = Path(__file__).parents[1]
FILES = {part: sorted((HOME / part).rglob("*.py")) for part in ("booking", "tests")}
LONGEST_FUNCTION, LONGEST_FILE, MEDIAN_FUNCTION = 60, 400, 10
EVERYTHING = [path for files in FILES.values() for path in files]
# Names with an underscore that their owners document: of named tuples, of Werkzeug's proxies, and the words of gettext.
PUBLIC = {"_asdict", "_fields", "_make", "_replace", "_get_current_object", "_", "_n"}
PUBLIC |= {"_typeshed"}  # the types of what has none at run time
BY_NAME = {"getattr", "setattr", "hasattr", "g.pop", "g.get"}


@functools.cache
def functions(path: Path) -> dict[str, int]:
    """Every function of a file and how many lines it has, its decorators and docstring not counted."""
    return {
        f"{path.relative_to(HOME)}:{node.lineno} {node.name}": _lines(node)
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = node.body[0] if ast.get_docstring(node) else None
    told = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (node.end_lineno or 0) - node.lineno + 1 - told


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(HOME)): len(path.read_text().splitlines()) for path in EVERYTHING}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {name: lines for path in EVERYTHING for name, lines in functions(path).items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("part", FILES)
def test_a_function_fits_into_ten_lines(part: Any) -> None:
    lengths = sorted(lines for path in FILES[part] for lines in functions(path).values())
    sizes = sorted(len(path.read_text().splitlines()) for path in FILES[part])
    median, p90 = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]
    print(
        f"\n{part}: {len(sizes)} files, {sum(sizes)} lines, median {statistics.median(sizes):.0f}, longest {sizes[-1]};"
        f" {len(lengths)} functions, median {median:.0f}, 90 % up to {p90}, longest {lengths[-1]}"
    )
    assert median <= MEDIAN_FUNCTION


def private_names(nodes: Iterable[ast.AST]) -> list[str]:
    """What it asks of somebody else's inside: names with an underscore of anything but self and cls."""
    return [ast.unparse(node) for node in nodes if any(_is_private(name) for name in _asked(node))]


def _asked(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Attribute) and _dotted(node.value) not in {"self", "cls"}:
        return [node.attr]
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(name.name for name in node.names)]
    if isinstance(node, ast.Call) and _dotted(node.func) in BY_NAME:
        return [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return []


def _dotted(node: ast.AST) -> str:
    """`g.pop` of a name and its attribute; empty for what is longer (ast.unparse() would take most of the time)."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def test_the_product_asks_for_nobodys_private_names() -> None:
    """A new version of a library may take them away without a word."""
    found = {str(path.relative_to(HOME)): private_names(nodes_of(tree_of(path))) for path in FILES["booking"]}
    assert {name: names for name, names in found.items() if names} == {}


def test_private_names_are_found() -> None:
    code = "engine.pool._invalidate(c); super()._token(); self._own; row._replace(a=1); g.pop('_user'); g.get('user')"
    assert private_names(ast.walk(ast.parse(code))) == ["g.pop('_user')", "engine.pool._invalidate", "super()._token"]
    imports = "from a._b import c\nfrom d import _e\nfrom _typeshed.wsgi import F"
    assert private_names(ast.walk(ast.parse(imports))) == ["from a._b import c", "from d import _e"]


def test_lines_are_counted_without_docstring_and_decorators() -> None:
    sample = HOME / "tests" / "test_style.py"
    assert functions(sample)[next(name for name in functions(sample) if name.endswith(" _lines"))] == 4
