"""Who runs a command: the system, by the command's name and whoever started it.

What a verb refuses is said to them, and so is what Postgres cannot do: a sentence, never a traceback.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator
from typing import Any

import click
from flask.cli import AppGroup

from booking.domain.actors import Actor
from booking.domain.errors import BookingError, Invalid
from booking.http import words
from booking.infra import sql_errors
from booking.infra.db import OutcomeUnknown, Unavailable
from booking.infra.doctor.report import said

WAYS_TO_PAY = {"desk": "at the desk", "transfer": "by transfer", "later": "later"}  # of payments.GUARANTEES


def acting() -> Actor:
    """system:cli users delete (anna): what audit log and events say."""
    return Actor.system(f"cli {' '.join(_command(click.get_current_context()))} ({_person()})")


class Group(AppGroup):
    """Commands that end with a sentence and 1 where they are refused, or Postgres cannot work: every group is one."""

    def invoke(self, ctx: click.Context) -> Any:
        with refusals_said():
            return super().invoke(ctx)


@contextlib.contextmanager
def refusals_said() -> Iterator[None]:
    """A refusal ends the command with its words, and so does a Postgres that cannot work."""
    try:
        yield
    except Invalid as problem:
        raise click.UsageError("; ".join(words.problem(*one) for one in problem.details.items())) from None
    except BookingError as refusal:
        raise click.ClickException(words.message(refusal)) from None
    except Unavailable as trouble:
        raise click.ClickException(f"{unavailable(trouble)} See `flask doctor`.") from trouble


def unavailable(trouble: Unavailable) -> str:
    """What Postgres did not do, and why; what the command did before stays done."""
    why = said(trouble.__cause__ or trouble)
    if isinstance(trouble, OutcomeUnknown):
        return f"Postgres went away while this was written; it may be done or not ({why}). Look before you repeat it."
    able = "takes no writes now" if sql_errors.is_read_only(trouble.__cause__) else "cannot do this now"
    return f"Postgres {able}; the step that failed changed nothing ({why})."


def _command(context: click.Context) -> list[str]:
    """users delete: without what stands before it, which may be `flask` or `python -m flask`."""
    return [*_command(context.parent), str(context.info_name)] if context.parent else []


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return "unknown"
