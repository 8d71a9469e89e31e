"""flask properties: what they are called, made, changed, archived and published again."""

from __future__ import annotations

from typing import Any

import click

from booking.cli.house_options import NAMES, OF_PROPERTY, accepted, fields, said
from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.room_blocks import rules
from booking.domain import catalogue, inventory
from booking.domain.catalogue import ListedProperty, OwnProperty, PropertyDetails, PropertyEdit
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("properties", help="Properties: list, show, create, edit, archive, publish.")


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


@group.command("show")
@click.argument("slug", metavar="PROPERTY")
@as_json
def show_one(slug: str, as_json: bool) -> None:
    """Show everything that is kept of a property.

    \b
    Example:
        flask properties show pier-house
    """
    with refusals_said():
        seen = _seen(slug)
    _told(seen, as_json)
    for field, value in catalogue.property_as_said(seen.house).items():
        if value and not as_json:
            click.echo(f"  {field}: {value}")


@group.command("create")
@click.argument("name")
@fields(OF_PROPERTY)
@as_json
def create(name: str, as_json: bool, **given: str | None) -> None:
    """Add a property called NAME; it needs a city, a time zone and a currency.

    \b
    Example:
        flask properties create "Pier House" --city Oslo --country NO --time-zone Europe/Oslo --currency NOK
    """
    with refusals_said(**NAMES):
        details = accepted(PropertyDetails, {"name": name} | said(OF_PROPERTY, given))
        made = catalogue.add_property(acting(), details)
        seen = catalogue.get_own_property(acting(), made)
    _told(seen, as_json)


@group.command("edit")
@click.argument("known", metavar="PROPERTY")
@click.option("--name", help="What it is called.")
@fields(OF_PROPERTY)
@as_json
def edit(known: str, name: str | None, as_json: bool, **given: str | None) -> None:
    """Change what is given of a property; the rest stays as it is. An empty value takes away what was said.

    Currency, time zone and the city's name in addresses stay as they are once it has rooms.

    \b
    Example:
        flask properties edit pier-house --phone "+47 22 12 34 56" --check-in 16:00
    """
    with refusals_said(**NAMES):
        house = _seen(known).house
        whole = catalogue.property_as_said(house) | said(OF_PROPERTY, given)
        whole |= {"name": name} if name is not None else {}
        catalogue.edit_property(acting(), house.id, accepted(PropertyEdit, whole | {"version": house.version}))
        seen = catalogue.get_own_property(acting(), house.id)
    _told(seen, as_json)


@group.command("archive")
@click.argument("slug", metavar="PROPERTY")
@as_json
def archive(slug: str, as_json: bool) -> None:
    """Hide a property at which nobody will stay, with all of its rooms.

    \b
    Example:
        flask properties archive pier-house
    """
    with refusals_said():
        house = _seen(slug).house
        inventory.archive_property(acting(), house.id, rules=rules(), seen_version=house.version)
        seen = catalogue.get_own_property(acting(), house.id)
    _told(seen, as_json)


@group.command("publish")
@click.argument("slug", metavar="PROPERTY")
@click.option("--rooms", is_flag=True, help="And all of its rooms that are ready.")
@as_json
def publish(slug: str, rooms: bool, as_json: bool) -> None:
    """Bring an archived property back; --rooms publishes its rooms, too.

    \b
    Example:
        flask properties publish pier-house --rooms
    """
    with refusals_said():
        house = _seen(slug).house
        catalogue.publish_property(acting(), house.id, seen_version=house.version)
        if rooms:
            catalogue.publish_rooms(acting(), house.id)
        seen = catalogue.get_own_property(acting(), house.id)
    _told(seen, as_json)


def _seen(slug: str) -> OwnProperty:
    return catalogue.get_own_property(acting(), catalogue.get_property(slug))


def _told(seen: OwnProperty, as_json: bool) -> None:
    house = seen.house
    if as_json:
        said_of_it: dict[str, Any] = {name: value or None for name, value in catalogue.property_as_said(house).items()}
        facts = {"rooms": seen.rooms, "published": seen.published, "archived": seen.is_archived}
        show([{"propertyId": encode("property", house.id), **said_of_it, **facts, "version": house.version}])
        return
    state = "archived" if seen.is_archived else f"{count(seen.rooms, 'room')}, {seen.published} published"
    click.echo(f"{house.slug}: {house.name}, {house.time_zone}, {house.currency}, {state}")


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
