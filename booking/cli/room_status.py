"""`flask rooms status`: which rooms are clean, dirty, inspected or out of order."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import click
from flask.cli import with_appcontext

from booking.cli.json_output import as_json, show
from booking.cli.operator import acting, refusals_said
from booking.cli.room_names import ROOM
from booking.cli.values import DATE
from booking.domain import inventory
from booking.domain.inventory import ROOM_OUT_OF_ORDER, SETTABLE_STATUSES, RoomState
from booking.domain.stays import Stay
from booking.http.services import current_services
from booking.infra import ids

OUT_OF_ORDER = ROOM_OUT_OF_ORDER.replace("_", "-")


@click.command("status")
@click.argument("room_id", metavar="[ROOM]", type=ROOM, required=False)
@click.option("--set", "status", type=click.Choice([*SETTABLE_STATUSES, OUT_OF_ORDER]), help="What the room is now.")
@click.option("--from", "first", type=DATE, help="Out of order from this day on; without it, from today on.")
@click.option("--to", "last", type=DATE, help="Out of order up to this day, the night of which is on sale.")
@click.option("--reason", default="", help="Why it is out of order.")
@click.option("--undo", is_flag=True, help="As it was before the last change, within a minute.")
@as_json
@with_appcontext
def status(room_id: uuid.UUID | None, as_json: bool, **wanted: Any) -> None:
    """Show which rooms are clean, dirty, inspected or out of order; with ROOM, show or set its state.

    A room that is out of order is off sale meanwhile. Clean, dirty or inspected, it is back on sale.

    \b
    Example:
      flask rooms status
      flask rooms status room_01k5... --set clean
      flask rooms status room_01k5... --set out-of-order --to 2027-05-04 --reason "no hot water"
      flask rooms status room_01k5... --undo
    """
    with refusals_said(checkIn="--from", checkOut="--to", status="--set"):
        found = _done(room_id, **wanted)
    if as_json:
        show(map(_facts, found))
        return
    for one in found:
        click.echo(_line(one))


def _done(
    room_id: uuid.UUID | None,
    *,
    status: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    reason: str,
    undo: bool,
) -> Sequence[RoomState]:
    rules = current_services().booking_context.rules
    if room_id is None:
        if status or undo:
            raise click.UsageError("Name the room: its id ends the address of its page.")
        return inventory.room_states(acting(), rules)
    if undo:
        return [inventory.undo_room_status(acting(), room_id, rules)]
    if status is None:
        return [inventory.get_room_state(acting(), room_id, rules)]
    if status != OUT_OF_ORDER:
        return [inventory.set_room_status(acting(), room_id, status, rules)]
    if last is None:
        raise click.UsageError("Say with --to until when it is out of order.")
    begins = first.date() if first else rules.today(inventory.get_room_state(acting(), room_id, rules).time_zone)
    return [inventory.put_out_of_order(acting(), room_id, Stay(begins, last.date()), rules=rules, reason=reason)]


def _line(one: RoomState) -> str:
    """room_01k5… Room with a view: dirty since 2030-05-01 11:02Z, system:…"""
    said = f"{ids.encode('room', one.room_id)} {one.room_name}: {one.status.replace('_', ' ')}"
    if one.out_of_order:
        said += f" from {one.out_of_order.check_in} to {one.out_of_order.check_out} ({one.reason})"
    return f"{said}, since {one.since.astimezone(dt.UTC):%Y-%m-%d %H:%M}Z, {one.by}" if one.since else said


def _facts(one: RoomState) -> dict[str, Any]:
    off = one.out_of_order
    return {
        "roomId": ids.encode("room", one.room_id),
        "room": one.room_name,
        "propertyId": ids.encode("property", one.property_id),
        "status": one.status,
        "since": one.since and one.since.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "by": one.by,
        "outOfOrder": off and {"from": off.check_in.isoformat(), "to": off.check_out.isoformat(), "reason": one.reason},
        "version": one.version,
    }


COMMANDS = (status,)
