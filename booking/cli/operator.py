"""Who runs a command: the system, by the command's name and whoever started it.

What a verb refuses is said to them, and so is what Postgres cannot do: a sentence, never a traceback.
"""

from __future__ import annotations

import contextlib
import getpass
import re
from collections.abc import Iterator
from typing import Any

import click
from flask.cli import AppGroup

from booking.domain.actors import Actor
from booking.domain.errors import BookingError, Invalid
from booking.domain.notices import Notice
from booking.http import words
from booking.infra import callers, deadline, sql_errors
from booking.infra.db import OutcomeUnknown, Unavailable
from booking.infra.doctor.report import said

WAYS_TO_PAY = {"desk": "at the desk", "transfer": "by transfer", "later": "later"}  # of payments.GUARANTEES
# Of payments.BY_HAND.
WAYS_PAID = {"desk": "in cash", "terminal": "by card at the desk", "transfer": "by transfer", "elsewhere": "elsewhere"}


def acting() -> Actor:
    """system:cli users delete (anna): what audit log and events say."""
    return Actor.system(f"cli {' '.join(_command(click.get_current_context()))} ({_person()})")


class Group(AppGroup):
    """Commands that end with a sentence and 1 where they are refused, or Postgres cannot work: every group is one.

    None waits for a Postgres that is silent.
    """

    def invoke(self, ctx: click.Context) -> Any:
        callers.came_by(lambda: f"flask {' '.join(_command(click.get_current_context()))}")
        try:
            with refusals_said(), deadline.limit(deadline.COMMAND):
                return super().invoke(ctx)
        finally:
            callers.forget()


@contextlib.contextmanager
def refusals_said(**options: str) -> Iterator[None]:
    """A refusal ends the command with its words, and so does a Postgres that cannot work.

    `options` are those that are called otherwise than their field.
    """
    try:
        yield
    except Invalid as problem:
        problems = [_problem(field, notice, options) for field, notice in problem.details.items()]
        raise click.UsageError("; ".join(problems)) from None
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


def _problem(field: str, notice: Notice, options: dict[str, str]) -> str:
    """What is wrong with an option or argument, with its name as the operator types it."""
    snake = re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", field)
    named = {param.name: _typed(param) for param in click.get_current_context().command.params} | options
    shown = named.get(field) or named.get(snake)
    wrong = words.problem(shown or field, notice)
    return f"{shown}: {wrong}" if shown and shown not in wrong else wrong


def _typed(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


def _command(context: click.Context) -> list[str]:
    """users delete: without what stands before it, which may be `flask` or `python -m flask`."""
    return [*_command(context.parent), str(context.info_name)] if context.parent else []


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return "unknown"
