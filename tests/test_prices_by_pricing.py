"""Only pricing makes prices: quote() and its short forms alone turn a room's base price into what a stay costs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tests.cases import each
from tests.sources import nodes_of, tree_of, walked
from tests.test_layers import FILES, HOME, module_of, subject_of

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
