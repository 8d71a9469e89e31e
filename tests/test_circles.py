"""No two modules need each other, not even by way of others; imports inside functions count."""

from __future__ import annotations

from collections.abc import Mapping, Set

from tests.sources import tree_of
from tests.test_layers import FILES, MODULES, imported, module_of


def needed_modules(names: Set[str]) -> set[str]:
    """The modules that are imported, or from which a name is."""
    whole = {name if name in MODULES else name.rpartition(".")[0] for name in names}
    return whole & MODULES


def in_circles(needs: Mapping[str, Set[str]]) -> list[str]:
    """Modules on a circle, or on a way from one to another: those left when who needs none, and then whom none needs,
    have been taken away.
    """
    left = {module: set(needed) - {module} for module, needed in needs.items()}
    while gone := {module for module, needed in left.items() if not needed}:
        left = {module: needed - gone for module, needed in left.items() if module not in gone}
    while gone := left.keys() - {one for needed in left.values() for one in needed}:
        left = {module: needed for module, needed in left.items() if module not in gone}
    return sorted(left)


def test_no_modules_need_each_other() -> None:
    needs = {module_of(path): needed_modules(set(imported(tree_of(path)))) for path in FILES}
    assert in_circles(needs) == []


def test_a_circle_is_found() -> None:
    chain: dict[str, set[str]] = {"a": {"b"}, "b": {"c"}, "c": set(), "d": {"a"}}
    assert in_circles(chain) == []
    assert in_circles({**chain, "c": {"a"}}) == ["a", "b", "c"]
