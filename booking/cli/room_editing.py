"""`flask rooms list`, `show`, `create`, `edit`, `copy`, `publish`, `unpublish`, `archive`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.house_options import NAMES, OF_ROOM, accepted, fields, said
from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.cli.room_blocks import rules
from booking.cli.room_names import ROOM
from booking.domain import catalogue, inventory
from booking.domain.catalogue import NewRooms, Room, RoomEdit
from booking.domain.money import as_text
from booking.infra.ids import encode
from booking.infra.words import count


@click.command("list")
@click.option("--property", "slug", help="Only of this property, by its slug.")
@as_json
@with_appcontext
def list_them(slug: str | None, as_json: bool) -> None:
    """List rooms with their ids, published or not.

    \b
    Example:
      flask rooms list --property pier-house
    """
    with refusals_said():
        wanted = catalogue.get_property(slug) if slug else None
        houses = [one.house.id for one in catalogue.own_properties(acting()) if wanted in (None, one.house.id)]
        found = [room for house in houses for room in catalogue.own_rooms(acting(), house)]
    _told(found, as_json)
    if not as_json:
        click.echo(f"{count(len(found), 'room')}.", err=True)


@click.command("show")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@as_json
@with_appcontext
def show_one(room_id: uuid.UUID, as_json: bool) -> None:
    """Show everything that is kept of a room.

    \b
    Example:
      flask rooms show room_01k5...
    """
    with refusals_said():
        room = catalogue.get_own_room(acting(), room_id).room
    if as_json:
        show([_facts(room) | {"description": room.description}])
        return
    _told([room], as_json=False)
    for field, value in catalogue.room_as_said(room).items():
        if value:
            click.echo(f"  {field}: {', '.join(value) if isinstance(value, list) else value}")


@click.command("create")
@click.argument("slug", metavar="PROPERTY")
@click.argument("name")
@click.option("--count", "number", type=click.IntRange(1, catalogue.MOST_UNITS), default=1, help="So many alike.")
@click.option("--first", type=click.IntRange(min=0), default=1, show_default=True, help="Of several, the first number.")
@fields(OF_ROOM)
@as_json
@with_appcontext
def create(slug: str, name: str, number: int, first: int, as_json: bool, **given: str | None) -> None:
    """Add a room called NAME to PROPERTY, which its slug names. Guests do not see it until it is published.

    Several are identical units: NAME is what guests see them called, and each has a number of its own behind it.

    \b
    Examples:
      flask rooms create pier-house "Double 101" --capacity 2 --price 120 --beds "1 double"
      flask rooms create pier-house Double --count 12 --first 101 --capacity 2 --price 120
    """
    several = {"units": str(number), "firstNumber": str(first)}
    with refusals_said(**NAMES):
        details = accepted(NewRooms, {"name": name} | several | said(OF_ROOM, given))
        house = catalogue.get_own_property(acting(), catalogue.get_property(slug)).house
        made = catalogue.add_rooms(acting(), house.id, details)
        units = catalogue.units_beside(acting(), made)
    _told(units.units if units else [catalogue.get_own_room(acting(), made).room], as_json)


@click.command("edit")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@click.option("--name", help="What it is called.")
@fields(OF_ROOM)
@as_json
@with_appcontext
def edit(room_id: uuid.UUID, name: str | None, as_json: bool, **given: str | None) -> None:
    """Change what is given of a room; the rest stays as it is. An empty value takes away what was said.

    \b
    Example:
      flask rooms edit room_01k5... --price 130 --size 24
    """
    with refusals_said(**NAMES):
        room = catalogue.get_own_room(acting(), room_id).room
        whole = catalogue.room_as_said(room) | said(OF_ROOM, given) | ({"name": name} if name is not None else {})
        catalogue.edit_room(acting(), room_id, accepted(RoomEdit, whole | {"version": room.version}))
    _now(room_id, as_json)


@click.command("copy")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@click.argument("name")
@as_json
@with_appcontext
def copy(room_id: uuid.UUID, name: str, as_json: bool) -> None:
    """Add a room like ROOM, called NAME. Guests do not see it until it is published.

    \b
    Example:
      flask rooms copy room_01k5... "Double 102"
    """
    with refusals_said():
        made = catalogue.copy_room(acting(), catalogue.get_own_room(acting(), room_id).room.id, name)
    _now(made, as_json)


@click.command("publish")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@as_json
@with_appcontext
def publish(room_id: uuid.UUID, as_json: bool) -> None:
    """Let guests see and book a room; an archived one comes back.

    \b
    Example:
      flask rooms publish room_01k5...
    """
    _do(lambda: catalogue.publish_room(acting(), room_id), room_id, as_json)


@click.command("unpublish")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@as_json
@with_appcontext
def unpublish(room_id: uuid.UUID, as_json: bool) -> None:
    """Hide a room from guests; what is booked stands.

    \b
    Example:
      flask rooms unpublish room_01k5...
    """
    _do(lambda: catalogue.unpublish_room(acting(), room_id), room_id, as_json)


@click.command("archive")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@as_json
@with_appcontext
def archive(room_id: uuid.UUID, as_json: bool) -> None:
    """Hide a room in which nobody will stay from guests and from the desk's lists.

    \b
    Example:
      flask rooms archive room_01k5...
    """
    _do(lambda: inventory.archive_room(acting(), room_id, rules=rules()), room_id, as_json)


# --- around them


def _do(verb: Callable[[], object], room_id: uuid.UUID, as_json: bool) -> None:
    with refusals_said():
        catalogue.get_own_room(acting(), room_id)
        verb()
    _now(room_id, as_json)


def _now(room_id: uuid.UUID, as_json: bool) -> None:
    """The room as it is by now."""
    with refusals_said():
        room = catalogue.get_own_room(acting(), room_id).room
    _told([room], as_json)


def _told(found: Iterable[Room], as_json: bool) -> None:
    if as_json:
        show(map(_facts, found))
        return
    for room in found:
        amount = room.price_per_night
        price = "no price" if amount is None else f"{as_text(amount, room.currency)} {room.currency}"
        click.echo(f"{encode('room', room.id)} {room.name}: {_state(room)}, sleeps {room.capacity}, {price}")


def _state(room: Room) -> str:
    if room.archived_at is not None:
        return "archived"
    return "published" if room.published else "not published"


def _facts(room: Room) -> dict[str, Any]:
    """Without its description, which lists do not read."""
    price = room.price_per_night
    return {
        "roomId": encode("room", room.id),
        "propertyId": encode("property", room.property_id),
        "name": room.name,
        "kind": room.kind,
        "state": _state(room),
        "capacity": room.capacity,
        "beds": room.beds,
        "sizeM2": room.size_m2,
        "pricePerNight": None if price is None else as_text(price, room.currency),
        "currency": room.currency,
        "amenities": room.amenities,
        "minNights": room.min_nights,
        "maxNights": room.max_nights,
        "cancellationPolicy": room.cancellation_policy.get("name"),
        "version": room.version,
    }


COMMANDS = (list_them, show_one, create, edit, copy, publish, unpublish, archive)
