"""Taking back what the audit log tells of nights and rooms, by what makes a new entry; only what nobody changed since.

Safe are blocks by staff, put there or lifted, the state of a room, and what was written about a room or a property.
Who was booked or paid is not taken back here.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from booking.domain import catalogue, people
from booking.domain.actors import Actor
from booking.domain.errors import Conflict
from booking.domain.inventory import blocks, housekeeping, lifted_blocks
from booking.domain.inventory.blocks import BlockNotFound
from booking.domain.inventory.housekeeping import StatusModified
from booking.domain.inventory.housekeeping_models import OUT_OF_ORDER
from booking.domain.inventory.models import STAFF, Block
from booking.domain.people import AuditEntry
from booking.domain.stays import Stay, StayRules
from booking.infra.db import db, reading
from booking.infra.ids import decode

BLOCKED, UNBLOCKED, STATUS = UNDOABLE = ("nights.blocked", "nights.unblocked", "room_status.changed")


class EntryNotUndoable(Conflict):
    """What it tells of is not taken back from the log, or is over."""

    code = "ENTRY_NOT_UNDOABLE"


class ChangedSince(Conflict):
    """It is not as the entry left it any more; taken back already is that, too."""

    code = "CHANGED_SINCE"


def is_undoable(entry: AuditEntry) -> bool:
    """Whether it can be tried: what has changed since, only undo() sees."""
    if catalogue.is_about_texts(entry):
        return True
    if entry.action == STATUS:
        return entry.before.get("status") != OUT_OF_ORDER  # for which nights, the log does not say
    facts = entry.after if entry.action == BLOCKED else entry.before
    return entry.action in UNDOABLE and facts.get("source") == STAFF


def undo(actor: Actor, entry_id: uuid.UUID, rules: StayRules) -> AuditEntry:
    """Take it back, and return what it was. Twice is refused, as whatever was changed since.

    Raises NotFound for who may not look into the log, or may not do what takes it back; EntryNotUndoable, ChangedSince,
    NightsTaken.
    """
    entry = people.get_audit_entry(actor, entry_id)
    if catalogue.is_about_texts(entry):
        _write_back(actor, entry)
        return entry
    room = decode("room", entry.subject)
    if room is None or not is_undoable(entry):
        raise EntryNotUndoable
    if entry.action == BLOCKED:
        _unblock(actor, str(entry.after["block"]))
    elif entry.action == UNBLOCKED:
        _block_again(actor, room, entry, rules)
    else:
        _set_back(actor, room, entry, rules)
    return entry


def _write_back(actor: Actor, entry: AuditEntry) -> None:
    try:
        catalogue.undo_texts(actor, entry)
    except (catalogue.RoomModified, catalogue.PropertyModified):
        raise ChangedSince from None


def _unblock(actor: Actor, block: str) -> None:
    key = decode("block", block)
    if key is None:
        raise EntryNotUndoable
    try:
        blocks.unblock(actor, key)
    except BlockNotFound:
        raise ChangedSince from None


def _block_again(actor: Actor, room_id: uuid.UUID, entry: AuditEntry, rules: StayRules) -> None:
    """What is left of it, from today on, for the same reason."""
    today = rules.today(housekeeping.state(actor, room_id, rules).time_zone)
    first, last = (dt.date.fromisoformat(str(entry.before[day])) for day in ("from", "to"))
    first = max(first, today)
    if first >= last:
        raise EntryNotUndoable
    if _is_blocked(room_id, first, last):
        raise ChangedSince
    gone = decode("block", str(entry.before["block"]))
    reason = lifted_blocks.reason_of(gone) if gone else ""
    blocks.block(actor, room_id, Stay(first, last), rules=rules, reason=reason)


@reading
def _is_blocked(room_id: uuid.UUID, first: dt.date, last: dt.date) -> bool:
    same = Block.room_id == room_id, Block.check_in == first, Block.check_out == last
    return db.session.scalar(select(Block.id).where(*same).limit(1)) is not None


def _set_back(actor: Actor, room_id: uuid.UUID, entry: AuditEntry, rules: StayRules) -> None:
    now = housekeeping.state(actor, room_id, rules)
    if now.status != entry.after["status"] or people.latest_audit(entry.subject, "room_status.") != entry.id:
        raise ChangedSince
    try:
        housekeeping.set_status(actor, room_id, str(entry.before["status"]), rules, seen_version=now.version)
    except StatusModified:
        raise ChangedSince from None
