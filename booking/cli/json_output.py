"""What a command tells programs: one array, whatever it is about."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="For programs: one array.")


def show(facts: Iterable[Mapping[str, Any]]) -> None:
    """One array, on standard output."""
    click.echo(json.dumps(list(facts), indent=1, ensure_ascii=False))


def instant(at: dt.datetime | None) -> str | None:
    """In UTC."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds") if at else None
