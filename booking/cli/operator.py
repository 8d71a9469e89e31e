"""Who runs a command: the system, by the command's name and whoever started it. What a verb refuses is said to them."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator

import click

from booking.domain.actors import Actor
from booking.domain.errors import BookingError, Invalid
from booking.http import words

WAYS_TO_PAY = {"desk": "at the desk", "transfer": "by transfer", "later": "later"}  # of payments.GUARANTEES


def acting() -> Actor:
    """system:cli users delete (anna): what audit log and events say."""
    return Actor.system(f"cli {' '.join(_command(click.get_current_context()))} ({_person()})")


@contextlib.contextmanager
def refusals_said() -> Iterator[None]:
    """A refusal ends the command with its words."""
    try:
        yield
    except Invalid as problem:
        raise click.UsageError("; ".join(words.problem(*one) for one in problem.details.items())) from None
    except BookingError as refusal:
        raise click.ClickException(words.message(refusal)) from None


def _command(context: click.Context) -> list[str]:
    """users delete: without what stands before it, which may be `flask` or `python -m flask`."""
    return [*_command(context.parent), str(context.info_name)] if context.parent else []


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return "unknown"
