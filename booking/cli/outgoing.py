"""What the commands that list messages, emails and text messages have in common: what narrows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from booking.domain import catalogue
from booking.domain.inputs import Input, accept
from booking.infra.ids import encode

M = TypeVar("M", bound=Input)
Command = TypeVar("Command", bound=Callable[..., Any])
MOST = 1000


def narrowed(states: Sequence[str], search: str) -> Callable[[Command], Command]:
    """Options that a list of what was sent takes: its states as the domain calls them, and what --search finds."""
    options = (
        click.option("--state", type=click.Choice([as_typed(one) for one in states]), help="Only those in this state."),
        click.option("--property", "slug", help="Only at this property, by its slug (`flask properties list`)."),
        click.option("--search", default="", help=search),
        click.option("--limit", default=50, show_default=True, type=click.IntRange(1, MOST), help="At most so many."),
    )

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def sought(model: type[M], search: str, state: str | None, slug: str | None) -> M:
    """The input that the options stand for. Raises Invalid, UnknownProperty."""
    place = encode("property", catalogue.get_property(slug)) if slug else None
    asked = {"q": search, "state": state and state.replace("-", "_"), "property": place}
    return accept(model, {name: value for name, value in asked.items() if value}, strict=False)


def house(slug: str | None) -> str | None:
    """The property's id as it is shown. Raises UnknownProperty."""
    return encode("property", catalogue.get_property(slug)) if slug else None


def as_typed(state: str) -> str:
    """to-send"""
    return state.replace("_", "-")
