"""flask alerts: what is wrong in the house, and who is told of it, as the page under /admin/alerts shows it."""

from __future__ import annotations

from typing import Any

import click

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import Group, acting, refusals_said
from booking.domain import catalogue, people, system
from booking.domain.people import ALERT_KINDS, ALERT_WAYS, AlertReader
from booking.domain.system import ShownAlert
from booking.http import words
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("alerts", help="What is wrong in the house, and who is told of it by email.")


@group.command("list")
@click.option("--all", "closed", is_flag=True, help="Those that are over, too.")
@as_json
def list_them(closed: bool, as_json: bool) -> None:
    """List what is wrong now, the newest first.

    \b
    Example:
        flask alerts list
        flask alerts list --all --json
    """
    with refusals_said():
        found = system.list_alerts(acting(), closed=closed)
    if as_json:
        show(map(_facts, found))
        return
    for alert in found:
        over = f", over {instant(alert.closed_at)}" if alert.closed_at else ""
        click.echo(f"{instant(alert.opened_at)}{over}  {alert.kind}: {_told(alert)}")
    click.echo(f"{count(len(found), 'alert')}.", err=True)


@group.command("readers")
@as_json
def list_readers(as_json: bool) -> None:
    """List who is told of what, and how.

    \b
    Example:
        flask alerts readers
    """
    with refusals_said():
        found = people.list_alert_readers(acting())
    if as_json:
        show(map(_reader_facts, found))
        return
    for reader, email in found:
        told = ", ".join(f"{kind} {how.replace('_', ' ')}" for kind, how in _ways(reader).items())
        click.echo(f"{email}: {told or 'nothing'}")


@group.command("subscribe")
@click.argument("email")
@click.argument("kind", type=click.Choice(ALERT_KINDS))
@click.argument("how", type=click.Choice(ALERT_WAYS))
@as_json
def subscribe(email: str, kind: str, how: str, as_json: bool) -> None:
    """Have somebody who works here told of a kind: at once, daily, or not (off).

    \b
    Example:
        flask alerts subscribe dana@hotel.example bookings daily
        flask alerts subscribe dana@hotel.example bookings off
    """
    with refusals_said():
        user = people.get_user(acting(), email.strip())
        people.choose_alerts(acting(), {kind: how}, whose=user.id)
        changed = [one for one in people.list_alert_readers(acting()) if one[0].user_id == user.id]
    if as_json:
        show(map(_reader_facts, changed))
    else:
        click.echo(f"{user.email} is told of {kind}: {how.replace('_', ' ')}.")


# --- around them


def _ways(reader: AlertReader) -> dict[str, str]:
    return {kind: reader.way(kind) for kind in ALERT_KINDS if reader.way(kind) != "off"}


def _reader_facts(found: tuple[AlertReader, str]) -> dict[str, Any]:
    reader, email = found
    return {"userId": encode("user", reader.user_id), "email": email, "told": _ways(reader)}


def _told(alert: ShownAlert) -> str:
    where = f" ({catalogue.get_property_name(alert.property_id)})" if alert.property_id else ""
    return f"{words.alert(alert.code, alert.facts)}{where}"


def _facts(alert: ShownAlert) -> dict[str, Any]:
    return {
        "alertId": encode("alert", alert.id),
        "kind": alert.kind,
        "code": alert.code,
        "text": words.alert(alert.code, alert.facts),
        "propertyId": encode("property", alert.property_id) if alert.property_id else None,
        "openedAt": instant(alert.opened_at),
        "closedAt": instant(alert.closed_at),
    }
