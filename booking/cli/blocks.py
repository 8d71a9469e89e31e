"""flask blocks: nights that are off sale, as the calendar under /admin shows them; also `flask rooms block ...`."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from typing import Any

import click

from booking.cli.json_output import as_json, show
from booking.cli.operator import Group, acting, refusals_said
from booking.cli.room_blocks import BLOCK, facts_of, line_of, rules, unblocked
from booking.cli.room_names import ROOM
from booking.cli.values import DATE
from booking.domain import catalogue, inventory
from booking.domain.errors import NotFound
from booking.domain.inventory import BlockDetails
from booking.domain.stays import Stay
from booking.infra.ids import encode
from booking.infra.words import count

group = Group("blocks", help="Nights that are off sale: list, show, add, remove.")


@group.command("list")
@click.option("--room", "room_id", type=ROOM, help="Only of this room.")
@click.option("--property", "slug", help="Only at this property, by its slug.")
@as_json
def list_them(room_id: uuid.UUID | None, slug: str | None, as_json: bool) -> None:
    """List what is off sale from today on, in the order of the nights.

    \b
    Example:
        flask blocks list --property seaside
    """
    with refusals_said():
        house = catalogue.get_property(slug) if slug else None
        found = inventory.blocks_ahead(acting(), rules(), property_id=house, room_id=room_id)
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        click.echo(_line(one))
    nights = sum(one.block.nights for one in found)
    click.echo(f"{count(len(found), 'block')}, {count(nights, 'night')} off sale.", err=True)


@group.command("show")
@click.argument("block_id", metavar="BLOCK", type=BLOCK)
@as_json
def show_one(block_id: uuid.UUID, as_json: bool) -> None:
    """Show which nights of which room a block takes off sale, and why.

    \b
    Example:
        flask blocks show block_01k5...
    """
    with refusals_said():
        found = inventory.get_block(acting(), block_id)
    _told(found, as_json)


@group.command("add")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@click.argument("check_in", metavar="CHECK_IN", type=DATE)
@click.argument("check_out", metavar="CHECK_OUT", type=DATE)
@click.option("--reason", default="", help="Why, for whoever looks at it later.")
@as_json
def add(room_id: uuid.UUID, check_in: dt.datetime, check_out: dt.datetime, reason: str, as_json: bool) -> None:
    """Take the nights from CHECK_IN to CHECK_OUT (the night of which stays on sale) off sale: all of them or none.

    \b
    Example:
        flask blocks add room_01k5... 2027-05-01 2027-05-04 --reason "painting"
    """
    with refusals_said():
        stay = Stay(check_in.date(), check_out.date())
        made = inventory.block(acting(), room_id, stay, rules=rules(), reason=reason)
        found = inventory.get_block(acting(), made.id)
    _told(found, as_json)


@group.command("remove")
@click.argument("block_ids", metavar="BLOCK...", nargs=-1, required=True, type=BLOCK)
@as_json
def remove(block_ids: tuple[uuid.UUID, ...], as_json: bool) -> None:
    """Put the nights of these blocks back on sale. Exits with 1 where one of them is not there.

    \b
    Example:
        flask blocks remove block_01k5...
    """
    if not as_json:
        missing = [block_id for block_id in block_ids if not unblocked(block_id)]
        sys.exit(1 if missing else 0)
    removed = [_removed(block_id) for block_id in block_ids]
    show(one for one in removed if one)
    sys.exit(0 if all(removed) else 1)


def _removed(block_id: uuid.UUID) -> dict[str, Any] | None:
    try:
        found = inventory.get_block(acting(), block_id)
        inventory.unblock(acting(), block_id)
    except NotFound:
        click.echo(f"{encode('block', block_id)} is not there.", err=True)
        return None
    return _facts(found)


def _told(found: BlockDetails, as_json: bool) -> None:
    if as_json:
        show([_facts(found)])
    else:
        click.echo(_line(found))


def _line(found: BlockDetails) -> str:
    return f"{line_of(found.block)} ({found.room_name})"


def _facts(found: BlockDetails) -> dict[str, Any]:
    where = {"room": found.room_name, "propertyId": encode("property", found.property_id)}
    return facts_of(found.block) | where
