"""flask properties: what they are called, in sentences and in other commands."""

from __future__ import annotations

from typing import Any

import click

from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.domain import catalogue
from booking.domain.catalogue import ListedProperty
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("properties", help="Properties, with the slugs by which other commands know them.")


@group.command("list")
@as_json
def list_them(as_json: bool) -> None:
    """List every property by its slug, which `--property` of other commands takes.

    \b
    Example:
        flask properties list
    """
    with refusals_said():
        found = catalogue.list_properties(acting())
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        where = f"{one.city}, {one.time_zone}" if one.city else one.time_zone
        click.echo(f"{one.slug}: {one.name}, {where}, {one.currency}, {count(one.rooms, 'room')}")
    click.echo(f"{count(len(found), 'property', 'properties')}.", err=True)


def _facts(one: ListedProperty) -> dict[str, Any]:
    return {
        "propertyId": encode("property", one.id),
        "slug": one.slug,
        "name": one.name,
        "city": one.city or None,
        "timeZone": one.time_zone,
        "currency": one.currency,
        "rooms": one.rooms,
    }
