"""mutmut leaves decorated functions alone, and here these hold the rules: `@transaction` is written in another way.

What builds statements while a module is imported is left out: by the time a mutant is chosen, that has been done.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

KEPT = {"staticmethod", "classmethod"}  # mutmut knows these two


def undecorated(source: str) -> str:
    """The same module with `name = decorator(name)` behind each function in place of `@decorator` above it."""
    lines = source.splitlines()
    for function in sorted(_decorated(ast.parse(source)), key=lambda one: -one.lineno):
        value = function.name
        for decorator in reversed(function.decorator_list):
            value = f"{ast.unparse(decorator)}({value})"
        lines.insert(function.end_lineno or 0, f"{' ' * function.col_offset}{function.name} = {value}")
        del lines[function.decorator_list[0].lineno - 1 : function.lineno - 1]
    return "\n".join(lines) + "\n"


def _decorated(parent: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef):
            yield from _decorated(node)
        elif isinstance(node, ast.FunctionDef) and {ast.unparse(one) for one in node.decorator_list} - KEPT:
            yield node


def left_alone(source: str) -> str:
    """The same module; functions that its own import calls are marked, for mutmut not to change."""
    module, lines = ast.parse(source), source.splitlines()
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    others = [node for node in module.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names = {node.id for other in others for node in ast.walk(other) if isinstance(node, ast.Name)}
    for name in functions.keys() & names:
        lines[functions[name].lineno - 1] += "  # pragma: no mutate block"
    return "\n".join(lines) + "\n"
