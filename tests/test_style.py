"""Short functions in short files; `-s` prints the figures."""

from __future__ import annotations

import ast
import functools
import statistics
from pathlib import Path
from typing import Any

import pytest

HOME = Path(__file__).parents[1]
FILES = {part: sorted((HOME / part).rglob("*.py")) for part in ("booking", "tests")}
LONGEST_FUNCTION, LONGEST_FILE, MEDIAN_FUNCTION = 60, 400, 10
EVERYTHING = [path for files in FILES.values() for path in files]


@functools.cache
def functions(path: Path) -> dict[str, int]:
    """Every function of a file and how many lines it has, its decorators and docstring not counted."""
    return {
        f"{path.relative_to(HOME)}:{node.lineno} {node.name}": _lines(node)
        for node in ast.walk(ast.parse(path.read_text()))
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


def test_lines_are_counted_without_docstring_and_decorators() -> None:
    sample = HOME / "tests" / "test_style.py"
    assert functions(sample)[next(name for name in functions(sample) if name.endswith(" _lines"))] == 4
