"""A test counts its days from the one on which it begins; what a file takes as it is imported may be over by then."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.sources import tree_of, walked

FILES = sorted(Path(__file__).parent.rglob("*.py"))
OF_THE_DAY = {"in_days", "today", "now", "utcnow"}
LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def taken_at_import(tree: ast.Module) -> list[str]:
    """Calls that ask for the day as the file is imported, by themselves or by a function of the file that does."""
    made = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return [
        ast.unparse(call)
        for call in at_import(tree)
        if isinstance(call, ast.Call) and not OF_THE_DAY.isdisjoint(_reached(_name(call), made))
    ]


def _reached(name: str, made: dict[str, ast.FunctionDef]) -> set[str]:
    """What a call of this name calls in the end, itself included."""
    seen, left = set[str](), {name}
    while left:
        seen |= left
        left = {called for one in left if one in made for called in _called(made[one])} - seen
    return seen


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs then: everything but the bodies of functions; their decorators and defaults do."""
    yield node
    for part in ast.iter_child_nodes(node):
        if not isinstance(part, LATER):
            yield from () if _is_program(part) else at_import(part)
            continue
        given = [*part.args.defaults, *(default for default in part.args.kw_defaults if default)]
        for now in [*getattr(part, "decorator_list", []), *given]:
            yield from at_import(now)


def _is_program(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _called(node: ast.FunctionDef) -> set[str]:
    return {_name(call) for part in node.body for call in walked(part) if isinstance(call, ast.Call)}


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_no_file_takes_its_day_as_it_is_imported() -> None:
    found = {str(path.relative_to(FILES[0].parent)): taken_at_import(tree_of(path)) for path in FILES}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_a_day_that_is_taken_at_import_is_found() -> None:
    code = """
STAY = in_days(30)
DATES = f"checkIn={dates().check_in}"
@pytest.mark.parametrize("stay", [cast.today(), lambda: in_days(1)])
def test_it(stay, now=dt.datetime.now(dt.UTC)): assert in_days(3)
def dates(): return in_days(30)
class House: first = cast.today()
if __name__ == "__main__": dates()
"""
    found = ["in_days(30)", "dates()", "cast.today()", "dt.datetime.now(dt.UTC)", "cast.today()"]
    assert taken_at_import(ast.parse(code)) == found
