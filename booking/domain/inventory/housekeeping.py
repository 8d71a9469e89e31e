"""Whether a room is clean, dirty, inspected or out of order: said by staff, and by a check-out, which leaves it dirty.

A room that is out of order is off sale for as long as somebody says, by a block of its own: where the block ends or is
taken away, the room is dirty until somebody has been there. Each change can be undone for a minute.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room, UnitGroup
from booking.domain.errors import Conflict, Invalid, NotFound, RoomNotFound
from booking.domain.inventory import blocks
from booking.domain.inventory.housekeeping_models import (
    CLEAN,
    DIRTY,
    INSPECTED,
    OUT_OF_ORDER,
    RoomStatus,
)
from booking.domain.inventory.models import Block
from booking.domain.names import natural
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.stays import Stay, StayRules
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode

SETTABLE = (CLEAN, DIRTY, INSPECTED)
UNDO_WITHIN = dt.timedelta(minutes=1)  # whatever staff does by one press, here and at the desk
FIRST_OF_ROOM = ("pk_room_statuses",)  # two at once say the first about a room: the second finds the first's


class StatusModified(Conflict):
    """Somebody else has said something about the room since it was looked at."""

    code = "ROOM_STATUS_MODIFIED"


class StatusNotUndoable(Conflict):
    """It is older than a minute, has been undone, or nobody has changed it."""

    code = "ROOM_STATUS_NOT_UNDOABLE"


@dataclass(frozen=True, slots=True)
class RoomState:
    """What is known of a room. `since` and `by` are None where nobody has said anything; the block's dates and reason
    belong to one that is out of order. `undo_until`: until when the last word can be taken back.
    """

    room_id: uuid.UUID
    room_name: str
    property_id: uuid.UUID
    time_zone: str
    published: bool
    sold_as: str | None  # of one of identical units: what guests see all called
    status: str
    since: dt.datetime | None
    by: str | None
    version: int
    out_of_order: Stay | None = None
    reason: str = ""
    undo_until: dt.datetime | None = None


# --- saying so


@transaction(retry_on=FIRST_OF_ROOM)
def set_status(
    actor: Actor, room_id: uuid.UUID, status: str, rules: StayRules, *, seen_version: int | None = None
) -> RoomState:
    """Clean, dirty or inspected. A room that was out of order is in order then, and its nights are on sale again.

    What it is already it stays. Raises RoomNotFound, Invalid, StatusModified.
    """
    room = _permitted(actor, room_id)
    if status not in SETTABLE:
        raise Invalid(details={"status": Notice("not_one_of", choices=SETTABLE)})
    row, block = _locked(room_id)
    if _shown(row, block, rules.today(room.time_zone)) != status:
        _refuse_if_modified(row, seen_version)
        before = _before(row, block, rules.today(room.time_zone))
        if block and row:
            row.block_id = None
            db.session.flush()
            blocks.put_on_sale(actor, block.id)
        row = _become(actor, row, room_id, status, before=before)
        block = None
    return _state(room, row, block, rules)


@transaction(retry_on=(*FIRST_OF_ROOM, blocks.SAME_UID))
def put_out_of_order(
    actor: Actor, room_id: uuid.UUID, stay: Stay, *, rules: StayRules, reason: str, seen_version: int | None = None
) -> RoomState:
    """Off sale for these nights, whose first is today or earlier than the room could be used again; with a reason.

    Other dates take the place of what was said before. Raises RoomNotFound, Forbidden, Invalid, NightsTaken,
    StatusModified.
    """
    room = _permitted(actor, room_id)
    if not reason.strip():
        raise Invalid(details={"reason": Notice("missing")})
    row, block = _locked(room_id)
    if block and (block.check_in, block.check_out, block.reason) == (stay.check_in, stay.check_out, reason):
        return _state(room, row, block, rules)
    _refuse_if_modified(row, seen_version)
    before = _before(row, block, rules.today(room.time_zone))
    if block and row:
        row.block_id = None
        db.session.flush()
        blocks.put_on_sale(actor, block.id)
    made = blocks.take_off_sale(actor, room_id, stay, rules=rules, reason=reason, uid=None)
    row = _become(actor, row, room_id, OUT_OF_ORDER, before=before, block_id=made.id)
    return _state(room, row, made, rules)


@transaction(retry_on=(*FIRST_OF_ROOM, blocks.SAME_UID))
def undo(actor: Actor, room_id: uuid.UUID, rules: StayRules, *, seen_version: int | None = None) -> RoomState:
    """As it was before the last change, within a minute of that. Asked again, it is as it was already.

    A room that was out of order is off sale again, where nobody has sold its nights. Raises RoomNotFound,
    StatusNotUndoable, StatusModified, NightsTaken.
    """
    room = _permitted(actor, room_id)
    row, block = _locked(room_id)
    if row is None or row.before is None:
        if row is not None and seen_version is not None and seen_version == row.version - 1:
            return _state(room, row, block, rules)  # asked for twice
        raise StatusNotUndoable
    _refuse_if_modified(row, seen_version)
    if clock.now() > row.since + UNDO_WITHIN:
        raise StatusNotUndoable
    was, block_id = row.before, None
    if block:
        row.block_id = None
        row.status = DIRTY
        db.session.flush()
        blocks.put_on_sale(actor, block.id)
    if was.get("block"):
        block = _block_again(actor, room_id, was["block"], rules, room.time_zone)
        block_id = block.id if block else None
    else:
        block = None
    status = was["status"] if block_id or was["status"] != OUT_OF_ORDER else DIRTY
    before = {"status": _shown(row, None, rules.today(room.time_zone))}
    _note(actor, room_id, "room_status.undone", before, {"status": status})
    row.become(status, was["by"] or str(actor)[:255], _since(was) or clock.now(), block_id=block_id)
    row.before = None
    db.session.flush()
    return _state(room, row, block, rules)


def soil(actor: Actor, room_id: uuid.UUID) -> None:
    """Inside the caller's transaction: somebody has left the room. What is out of order stays so."""
    row, _ = _locked(room_id)
    if row is None or row.status in (CLEAN, INSPECTED):
        _become(actor, row, room_id, DIRTY, before=_before(row, None, clock.now().date()))


def unsoil(actor: Actor, room_id: uuid.UUID, at: dt.datetime) -> None:
    """Inside the caller's transaction: nobody has left the room after all, as soil() was told at about this moment.

    What somebody has said since stays.
    """
    row, _ = _locked(room_id)
    if row and row.before and row.status == DIRTY and abs(row.since - at) < UNDO_WITHIN and not row.block_id:
        was = row.before
        _note(actor, room_id, "room_status.undone", {"status": DIRTY}, {"status": was["status"]})
        row.become(was["status"], was["by"] or str(actor)[:255], _since(was) or clock.now())
        row.before = None
        db.session.flush()


# --- looking


@reading
def states(
    actor: Actor, rules: StayRules, property_id: uuid.UUID | None = None, *, to_be_seen_to: bool = False
) -> Sequence[RoomState]:
    """All rooms of a property, or of all that the actor may see, by their names, in one statement. Raises NotFound.

    Room 9 comes before room 10. `to_be_seen_to`: only those that are not fit for a guest.
    """
    own = people.reach(actor, Action.SET_ROOM_STATUS).properties
    if own is not None and (not own if property_id is None else property_id not in own):
        raise NotFound
    found = _ROOMS.order_by(Room.property_id, Room.id)
    if property_id is not None:
        found = found.where(Room.property_id == property_id)
    elif own is not None:
        found = found.where(Room.property_id.in_(own))
    if to_be_seen_to:
        found = found.where(RoomStatus.status.in_((DIRTY, OUT_OF_ORDER)))
    rows = sorted(db.session.execute(found), key=_by_name)
    return [_state(row, row.RoomStatus, row.Block, rules) for row in rows]


@reading
def state(actor: Actor, room_id: uuid.UUID, rules: StayRules) -> RoomState:
    """One room's. Raises RoomNotFound."""
    room = _permitted(actor, room_id)
    row = db.session.get(RoomStatus, room_id)
    return _state(room, row, db.session.get(Block, row.block_id) if row and row.block_id else None, rules)


# --- around them


def _by_name(row: Any) -> tuple[Any, ...]:
    return row.property_name, row.property_id, natural(row.room_name)


_FACTS = (
    Room.id.label("room_id"),
    Room.name.label("room_name"),
    Room.property_id,
    Property.time_zone,
    Room.published,
    UnitGroup.name.label("sold_as"),
)
_ROOMS = (
    select(*_FACTS, Property.name.label("property_name"), RoomStatus, Block)
    .join(Property, Property.id == Room.property_id)
    .outerjoin(UnitGroup, UnitGroup.id == Room.unit_group_id)
    .outerjoin(RoomStatus, RoomStatus.room_id == Room.id)
    .outerjoin(Block, Block.id == RoomStatus.block_id)
    .where(Room.archived_at.is_(None))
)
_ONE = (
    select(*_FACTS)
    .join(Property, Property.id == Room.property_id)
    .outerjoin(UnitGroup, UnitGroup.id == Room.unit_group_id)
)


def _permitted(actor: Actor, room_id: uuid.UUID) -> Any:
    room = db.session.execute(_ONE.where(Room.id == room_id)).one_or_none()
    people.require(actor, Action.SET_ROOM_STATUS, at=room.property_id if room else None, otherwise=RoomNotFound)
    if room is None:
        raise RoomNotFound
    return room


def _locked(room_id: uuid.UUID) -> tuple[RoomStatus | None, Block | None]:
    row = db.session.scalar(select(RoomStatus).where(RoomStatus.room_id == room_id).with_for_update())
    return row, db.session.get(Block, row.block_id) if row and row.block_id else None


def _refuse_if_modified(row: RoomStatus | None, seen_version: int | None) -> None:
    if seen_version is not None and seen_version != (row.version if row else 0):
        raise StatusModified


def _become(
    actor: Actor,
    row: RoomStatus | None,
    room_id: uuid.UUID,
    status: str,
    *,
    before: dict[str, Any],
    block_id: uuid.UUID | None = None,
) -> RoomStatus:
    if row is None:
        row = RoomStatus(room_id=room_id, version=0)
        db.session.add(row)
    row.become(status, str(actor)[:255], clock.now(), block_id=block_id)
    row.before = before
    _note(actor, room_id, "room_status.changed", {"status": before["status"]}, {"status": status})
    db.session.flush()
    return row


def _note(actor: Actor, room_id: uuid.UUID, action: str, before: dict[str, str], after: dict[str, str]) -> None:
    people.audit(actor, action, encode("room", room_id), before=before, after=after)


def _shown(row: RoomStatus | None, block: Block | None, today: dt.date) -> str:
    """Out of order only while its block stands: its last night is over when the house's next day begins."""
    if row is None:
        return CLEAN
    if row.status == OUT_OF_ORDER and (block is None or block.check_out <= today):
        return DIRTY
    return row.status


def _before(row: RoomStatus | None, block: Block | None, today: dt.date) -> dict[str, Any]:
    was: dict[str, Any] = {
        "status": _shown(row, block, today),
        "since": row.since.isoformat() if row else None,
        "by": row.set_by if row else None,
    }
    if block and was["status"] == OUT_OF_ORDER:
        was["block"] = {"from": block.check_in.isoformat(), "to": block.check_out.isoformat(), "reason": block.reason}
    return was


def _since(was: dict[str, Any]) -> dt.datetime | None:
    return dt.datetime.fromisoformat(was["since"]) if was["since"] else None


def _block_again(
    actor: Actor, room_id: uuid.UUID, was: dict[str, str], rules: StayRules, time_zone: str
) -> Block | None:
    """What is left of it, from today on; None where that is nothing."""
    first = max(dt.date.fromisoformat(was["from"]), rules.today(time_zone))
    last = dt.date.fromisoformat(was["to"])
    if first >= last:
        return None
    return blocks.take_off_sale(actor, room_id, Stay(first, last), rules=rules, reason=was["reason"])


def _state(room: Any, row: RoomStatus | None, block: Block | None, rules: StayRules) -> RoomState:
    status = _shown(row, block, rules.today(room.time_zone))
    is_off = block is not None and status == OUT_OF_ORDER
    return RoomState(
        room.room_id,
        room.room_name,
        room.property_id,
        room.time_zone,
        room.published,
        room.sold_as,
        status,
        row.since if row else None,
        row.set_by if row else None,
        row.version if row else 0,
        Stay(block.check_in, block.check_out) if block and is_off else None,
        block.reason if block and is_off else "",
        row.since + UNDO_WITHIN if row and row.before and clock.now() <= row.since + UNDO_WITHIN else None,
    )
