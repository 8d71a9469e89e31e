"""Who runs a command: the system, by the command's name and whoever started it."""

from __future__ import annotations

import getpass

import click

from booking.domain.actors import Actor


def acting() -> Actor:
    """system:cli users delete (anna): what audit log and events say."""
    return Actor.system(f"cli {' '.join(_command(click.get_current_context()))} ({_person()})")


def _command(context: click.Context) -> list[str]:
    """users delete: without what stands before it, which may be `flask` or `python -m flask`."""
    return [*_command(context.parent), str(context.info_name)] if context.parent else []


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return "unknown"
