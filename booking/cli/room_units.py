"""`flask rooms units | link | unlink`: identical units made in one go, and rooms that contain others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.cli.room_names import ROOM
from booking.domain import catalogue, inventory
from booking.domain.catalogue import Room
from booking.domain.inventory import LinkedRooms
from booking.infra import ids
from booking.infra.words import count


@click.command("units")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--count", "number", type=click.IntRange(1, catalogue.MOST_UNITS), help="Name so many by numbers instead."
)
@click.option("--first", type=click.IntRange(min=0), default=1, show_default=True, help="The first of these numbers.")
@click.option("--title", help="What guests see them called. [default: the room's name]")
@as_json
@with_appcontext
def units(
    room_id: uuid.UUID, *, names: tuple[str, ...], number: int | None, first: int, title: str | None, as_json: bool
) -> None:
    """Make more units like ROOM, so that there is one of each NAME; without names, show those that there are.

    The room becomes the first of them, and the others are copies: guests see one room with how many are left, and get
    the one that fits best. Whichever of them is edited, all are. Names that are there already are left alone.

    \b
    Examples:
      flask rooms units room_01k5... "Double 101" "Double 102" --title "Double"
      flask rooms units room_01k5... --count 12 --first 101 --title "Double"
    """
    with refusals_said():
        named = [*names, *_numbered(room_id, number, first, title)]
        if named:
            made: Sequence[Room] = catalogue.make_units(acting(), room_id, named, title=title).units
        else:
            found = catalogue.units_beside(acting(), room_id)
            made = found.units if found else ()
    _tell(made, as_json)
    if not as_json:
        click.echo(f"{count(len(made), 'unit')}.")


@click.command("link")
@click.argument("whole_id", metavar="WHOLE", type=ROOM)
@click.argument("part_ids", metavar="PART...", nargs=-1, required=True, type=ROOM)
@as_json
@with_appcontext
def link(whole_id: uuid.UUID, part_ids: tuple[uuid.UUID, ...], as_json: bool) -> None:
    """Say that the room WHOLE contains the rooms or beds PART: it cannot be sold while one of them is, nor they while
    it is.

    Nights that it has sold already are theirs, too; where somebody has these of one of them, nothing is linked.

    \b
    Example:
      flask rooms link room_01k5... room_01k6... room_01k7...
    """
    with refusals_said():
        linked = inventory.link_rooms(acting(), whole_id, part_ids)
    _tell_parts(whole_id, linked, as_json)


@click.command("unlink")
@click.argument("whole_id", metavar="WHOLE", type=ROOM)
@click.argument("part_ids", metavar="PART...", nargs=-1, required=True, type=ROOM)
@as_json
@with_appcontext
def unlink(whole_id: uuid.UUID, part_ids: tuple[uuid.UUID, ...], as_json: bool) -> None:
    """Say that the room WHOLE does not contain these any more: each is sold by itself.

    What is in another room that WHOLE contains is taken out of that one.

    \b
    Example:
      flask rooms unlink room_01k5... room_01k6...
    """
    with refusals_said():
        linked = inventory.unlink_rooms(acting(), whole_id, part_ids)
    _tell_parts(whole_id, linked, as_json)


def _numbered(room_id: uuid.UUID, number: int | None, first: int, title: str | None) -> list[str]:
    if number is None:
        return []
    shown = title or catalogue.get_own_room(acting(), room_id).room.name
    return catalogue.numbered_units(shown, first, number)


def _tell_parts(whole_id: uuid.UUID, linked: LinkedRooms, as_json: bool) -> None:
    if as_json:
        show([{"roomId": ids.encode("room", whole_id), "parts": [_facts(one) for one in linked.parts]}])
        return
    _tell(linked.parts, as_json=False)
    click.echo(f"It contains {count(len(linked.parts), 'room')}.")


def _tell(rooms: Sequence[Room], as_json: bool) -> None:
    if as_json:
        show(_facts(one) for one in rooms)
        return
    for one in rooms:
        click.echo(f"{ids.encode('room', one.id)} {one.name}")


def _facts(one: Room) -> dict[str, Any]:
    return {"roomId": ids.encode("room", one.id), "name": one.name, "published": one.published}


COMMANDS = (units, link, unlink)
