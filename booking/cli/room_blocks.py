"""`flask rooms block | unblock | blocks`: nights that are not for sale."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, instant, show
from booking.cli.operator import acting
from booking.cli.room_names import ROOM
from booking.cli.values import DATE, Id
from booking.domain import inventory
from booking.domain.errors import BookingError, Invalid
from booking.domain.inventory import Block
from booking.domain.stays import Stay, StayRules
from booking.http import words
from booking.http.services import current_services
from booking.infra import ids
from booking.infra.words import count

BLOCK = Id("block", "see `flask rooms blocks`")


@click.command("block")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@click.argument("check_in", metavar="CHECK_IN", type=DATE)
@click.argument("check_out", metavar="CHECK_OUT", type=DATE)
@click.option("--reason", default="", help="Why, for whoever looks at it later.")
@as_json
@with_appcontext
def block(room_id: uuid.UUID, check_in: dt.datetime, check_out: dt.datetime, reason: str, as_json: bool) -> None:
    """Take the nights from CHECK_IN to CHECK_OUT (the night of which stays on sale) off sale.

    All of them or none: nights that are held, booked or blocked already are named, and nothing changes then. Where
    exactly these nights are blocked already, the block is shown with its reason, and stays as it is.
    CHECK_IN is today at the property or later, and no further ahead than guests may book.

    \b
    Example:
      flask rooms block room_01k5... 2027-05-01 2027-05-04 --reason "painting"
    """
    try:
        stay = Stay(check_in.date(), check_out.date())
        made = inventory.block(acting(), room_id, stay, rules=rules(), reason=reason)
    except Invalid as problem:
        raise click.UsageError("; ".join(words.problem(*one) for one in problem.details.items())) from problem
    except BookingError as refusal:
        raise click.ClickException(f"Nothing was blocked: {words.message(refusal)}") from refusal
    _tell([made], as_json)
    if reason and made.reason != reason:
        stays = "These nights were blocked already, so the reason stays as it is. To change it, unblock them first."
        click.echo(stays, err=True)


@click.command("unblock")
@click.argument("block_ids", metavar="BLOCK...", nargs=-1, required=True, type=BLOCK)
@as_json
@with_appcontext
def unblock(block_ids: tuple[uuid.UUID, ...], as_json: bool) -> None:
    """Put the nights of these blocks back on sale. Exits with 1 where one of them is not there.

    \b
    Example:
      flask rooms blocks room_01k5...
      flask rooms unblock block_01k5...
    """
    gone = [unblocked(block_id, quietly=as_json) for block_id in block_ids]
    if as_json:
        show(facts_of(one) for one in gone if one)
    sys.exit(0 if all(gone) else 1)


@click.command("blocks")
@click.argument("room_id", metavar="ROOM", type=ROOM)
@as_json
@with_appcontext
def blocks(room_id: uuid.UUID, as_json: bool) -> None:
    """List the room's nights that are off sale, from today on.

    \b
    Example:
      flask rooms blocks room_01k5...
    """
    try:
        found = inventory.list_blocks(acting(), room_id, rules())
    except BookingError as refusal:
        raise click.ClickException(words.message(refusal)) from refusal
    _tell(found, as_json)
    if not as_json:
        click.echo(f"{count(len(found), 'block')}, {count(sum(one.nights for one in found), 'night')} off sale.")


def rules() -> StayRules:
    """Of this house."""
    return current_services().booking_context.rules


def unblocked(block_id: uuid.UUID, *, quietly: bool = False) -> Block | None:
    """Put back on sale, and said so unless `quietly`; None, and said in any case, where it was not there."""
    try:
        gone = inventory.unblock(acting(), block_id)
    except BookingError as refusal:
        click.echo(f"{ids.encode('block', block_id)}: {words.message(refusal)}", err=True)
        return None
    if not quietly:
        click.echo(f"{ids.encode('block', block_id)}: {count(gone.nights, 'night')} put back on sale.")
    return gone


def facts_of(block: Block) -> dict[str, Any]:
    """For programs."""
    return {
        "blockId": ids.encode("block", block.id),
        "roomId": ids.encode("room", block.room_id),
        "checkIn": block.check_in.isoformat(),
        "checkOut": block.check_out.isoformat(),
        "reason": block.reason,
        "source": block.source,
        "uid": block.uid,
        "createdBy": block.created_by,
        "createdAt": instant(block.created_at),
    }


def _tell(blocks: Sequence[Block], as_json: bool) -> None:
    if as_json:
        show(map(facts_of, blocks))
        return
    for one in blocks:
        click.echo(line_of(one))


def line_of(one: Block) -> str:
    """block_01k5… 2030-05-01 to 2030-05-04 (3 nights), staff: painting."""
    dates = f"{one.check_in.isoformat()} to {one.check_out.isoformat()} ({count(one.nights, 'night')})"
    source = f"{one.source} {one.uid}" if one.uid else one.source
    return f"{ids.encode('block', one.id)} {dates}, {source}: {one.reason or 'no reason given'}"


COMMANDS = (block, unblock, blocks)
