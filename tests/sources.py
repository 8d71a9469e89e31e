"""The product's source as trees: each file is parsed once for all tests of a process that look through it."""

from __future__ import annotations

import ast
import functools
from pathlib import Path


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def nodes_of(tree: ast.Module) -> list[ast.AST]:
    """All of them, in the order of ast.walk()."""
    return list(ast.walk(tree))
