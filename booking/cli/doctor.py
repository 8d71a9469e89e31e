"""`flask doctor`: what is wrong with this copy, and what to do.

It needs nothing of the application, so that it works when nothing does.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import click

from booking.config import Settings
from booking.http.checkup import plan
from booking.infra import embedded
from booking.infra.doctor import report
from booking.infra.doctor.report import OK, PROBLEM, SKIPPED, WARNING, Check, Diagnosis, Line, examine

PATIENCE = 5.0  # seconds for the servers of development, where others start them
COLOURS = {OK: "green", WARNING: "yellow", PROBLEM: "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> None:
    """Look at settings, versions, database, Redis, email and what waits; say what is wrong and what to do.

    Changes nothing, and ends within some 20 seconds whatever is down. Exits with 1 where there is a problem.

    \b
    Example:
        flask doctor
        flask doctor --json | python3 -m json.tool
    """
    lines = _lines()
    counts = Counter(line.state for line in lines)
    if as_json:
        click.echo(json.dumps({"healthy": not counts[PROBLEM], "checks": [asdict(line) for line in lines]}, indent=1))
    else:
        _show(lines, counts)
    sys.exit(1 if counts[PROBLEM] else 0)


def _lines() -> list[Line]:
    servers = [Check("servers", partial(iter, trouble))] if (trouble := _servers()) else []
    settings, problems = Settings.as_far_as_readable()
    return examine([*servers, *plan(settings, problems)], report.secrets_of(settings))


def _servers() -> list[Diagnosis]:
    """Where development brings its own servers, they are started or joined, as for every other command."""
    try:
        embedded.provide(os.environ, within=PATIENCE)
    except (embedded.EmbeddedError, OSError) as error:
        return [report.problem(report.said(error), "mend what it names; the servers of development are not there")]
    return []


def _show(lines: Sequence[Line], counts: Counter[str]) -> None:
    for line in lines:
        if line.state != SKIPPED:
            state = click.style(f"{line.state:8}", fg=COLOURS[line.state], bold=line.state == PROBLEM)
            click.echo(f"{line.check:11} {state} {line.finding}{line.advice and f' -> {line.advice}'}")
    if skipped := [line.check for line in lines if line.state == SKIPPED]:
        click.echo(f"Not looked at before that is mended: {', '.join(skipped)}.")
    if counts[PROBLEM] or counts[WARNING]:
        click.echo(f"Problems: {counts[PROBLEM]}, warnings: {counts[WARNING]}.")
    else:
        click.echo("All is well.")
