"""flask system: the house as a whole, as the page under /admin/system shows it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
from flask import current_app
from pydantic.alias_generators import to_camel

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.domain import system
from booking.domain.inputs import accept
from booking.domain.system import Maintenance, MaintenanceOrder, SystemStatus
from booking.http.services import current_services
from booking.infra.words import count

group = Group("system", help="The house as a whole: what state it is in, and maintenance mode.")


@group.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object.")
def status(as_json: bool) -> None:
    """Say what state the system is in: work, workers, servers, backups and the last drill.

    \b
    Example:
        flask system status
        flask system status --json
    """
    with refusals_said():
        found = system.get_status(acting(), current_services().settings)
    facts = _status_facts(found)
    if as_json:
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
    else:
        _tell_status(found, facts)


@group.command("maintenance")
@click.argument("state", type=click.Choice(["on", "off", "show"]))
@click.option("--notice", help="What guests are told. Needed to switch it on.")
@click.option("--from", "beginsAt", help="When it begins, such as '2026-12-01 02:00'. [default: now]")
@click.option("--until", help="When guests may expect it to be over. It does not end by itself.")
@click.option("--zone", "timeZone", default="UTC", show_default=True, help="In which times are meant, and told.")
@as_json
def maintenance(state: str, as_json: bool, **asked: str | None) -> None:
    """Close the site to guests with a notice, plan that, or let them in again. Staff pages and the worker go on.

    \b
    Example:
        flask system maintenance on --notice 'We move to a new server.' --until '2026-12-01 04:00' --zone Europe/Lisbon
        flask system maintenance off
    """
    ended = False
    if state == "on":
        with refusals_said():
            given = {name: value for name, value in asked.items() if value is not None}
            system.begin_maintenance(acting(), accept(MaintenanceOrder, given, strict=False))
    elif state == "off":
        ended = system.end_maintenance(acting())
    mode = system.get_maintenance(acting())
    if as_json:
        show([_facts(mode)] if mode else [])
    elif state == "off":
        click.echo("Guests are let in again." if ended else "The site was open already.")
    else:
        click.echo(_told(mode))


def _told(mode: Maintenance | None) -> str:
    if mode is None:
        return "The site is open."
    until = f", until {instant(mode.until)}" if mode.until else ""
    return (
        f"{'Closed to guests since' if mode.is_on else 'Planned from'} {instant(mode.begins_at)}{until}: {mode.notice}"
    )


def _facts(mode: Maintenance) -> dict[str, Any]:
    return {
        "state": "on" if mode.is_on else "planned",
        "beginsAt": instant(mode.begins_at),
        "until": instant(mode.until),
        "timeZone": mode.time_zone,
        "notice": mode.notice,
    }


def _status_facts(found: SystemStatus) -> dict[str, Any]:
    mode, alerts = system.current_maintenance(), system.list_alerts(acting())
    backups, drill = (found.noted.get(name) for name in (system.NOTED_BACKUPS, system.NOTED_DRILL))
    return {
        "version": current_app.config["VERSION"],
        "worker": found.database.is_led,
        "maintenance": _facts(mode) if mode else None,
        "alertsOpen": len(alerts),
        "unseenEvents": found.unseen_events,
        "secondsLate": round(found.seconds_late, 1),
        "consumers": [_camel(one) for one in found.consumers],
        "queue": {"jobs": found.queue.jobs, "workers": len(found.queue.workers)} if found.queue else None,
        "postgres": _camel(found.database) | {"startedAt": instant(found.database.started_at)},
        "redis": [_camel(one) for one in found.redis],
        "backups": dict(backups.facts) if backups else None,
        "drill": dict(drill.facts) | {"at": instant(drill.at)} if drill else None,
    }


def _camel(one: Any) -> dict[str, Any]:
    """A dataclass as programs read it."""
    return {to_camel(name): value for name, value in asdict(one).items()}


def _tell_status(found: SystemStatus, facts: dict[str, Any]) -> None:
    click.echo(f"Version {facts['version']}; {_told(system.current_maintenance())}")
    click.echo("A worker keeps the house." if facts["worker"] else "No worker keeps the house: `python worker.py`.")
    if found.queue:
        taken = count(len(found.queue.workers), "worker takes", "workers take")
        click.echo(f"Queue: {count(found.queue.jobs, 'job')}; {taken} them.")
    else:
        click.echo("Queue: Redis is away, work waits in Postgres.")
    click.echo(f"Waiting longest: {found.seconds_late:.0f} s; {count(found.unseen_events, 'event')} not yet looked at.")
    for one in found.consumers:
        click.echo(f"{one.name}: {one.waiting} waiting, {one.running} running, {one.given_up} given up")
    base = found.database
    click.echo(
        f"Postgres {base.version}: {base.connections} of {base.most_connections} connections, {base.size} bytes."
    )
    for server in found.redis:
        click.echo(f"{server.name}: {server.version}, {server.used} bytes.")
    backups, drill = facts["backups"], facts["drill"]
    click.echo(f"Newest backup: {(backups and backups['newest']) or 'none is known'}.")
    click.echo(f"Last drill: {drill['at'] + (', agrees' if drill['agrees'] else ', failed') if drill else 'never'}.")
    click.echo(f"{count(facts['alertsOpen'], 'alert')} open.")
