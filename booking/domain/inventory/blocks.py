"""Taking nights off sale and putting them back: by staff, or by a calendar feed that has sold them elsewhere.

A block has all of its nights or is not there. It never takes a night that is held, booked or blocked by another one:
whoever wants to block it is told which (NightsTaken).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Conflict, Forbidden, Invalid, NotFound, RoomNotFound
from booking.domain.inventory import availability, lifted_blocks
from booking.domain.inventory.models import FEED, STAFF, Availability, Block
from booking.domain.inventory.taking import Claim
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.stays import Stay, StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

MOST_NIGHTS = 1000
LONGEST = 255  # characters of a reason, and of what a source calls its block
SAME_UID = "uq_blocks_room_id_source_uid"  # two at once with one uid: the second finds the first


class BlockNotFound(NotFound):
    reason = "BLOCK_NOT_FOUND"


class BlockDiffers(Conflict):
    """The source has blocked other nights of the room under the same uid."""

    code = "BLOCK_DIFFERS"


def take_off_sale(
    actor: Actor,
    room_id: uuid.UUID,
    stay: Stay,
    *,
    rules: StayRules,
    reason: str,
    source: str = STAFF,
    uid: str | None = None,
) -> Block:
    """Take the nights off sale. What the source has blocked already, under its `uid` or by the same dates, stays as is.

    Staff blocks what could be booked: from today on at the property, and no further ahead. A feed tells what was sold
    elsewhere, whenever it began or begins; only what is over is none of ours.

    Raises Invalid, RoomNotFound, Forbidden, NightsTaken, BlockDiffers.

    Inside the caller's transaction, which is to begin anew where SAME_UID refuses it; block() is it by itself.
    """
    _refuse_unless_sensible(stay, reason, source, uid)
    location, time_zone = _place_of(actor, room_id)
    if same := _same(room_id, stay, source, uid):
        return same
    _refuse_unless_for_sale(stay, rules, time_zone, source)
    new = Block(
        id=new_id(),
        room_id=room_id,
        check_in=stay.check_in,
        check_out=stay.check_out,
        reason=reason,
        source=source,
        uid=uid,
        created_by=str(actor)[:LONGEST],
    )
    db.session.add(new)
    db.session.flush()
    availability.block(actor, Claim(new.id, room_id, location, stay))
    people.audit(actor, "nights.blocked", encode("room", room_id), after=_facts(new))
    return new


block = transaction(retry_on=(SAME_UID,))(take_off_sale)


def put_on_sale(actor: Actor, block_id: uuid.UUID) -> Block:
    """Put the block's nights on sale again and return what it was, inside the caller's transaction; unblock() is it by
    itself. Raises BlockNotFound.
    """
    gone: Block | None = db.session.scalar(delete(Block).where(Block.id == block_id).returning(Block))
    if gone is None:
        raise BlockNotFound
    house = select(Room.property_id).where(Room.id == gone.room_id)
    people.require(actor, Action.BLOCK_NIGHTS, at=lambda: db.session.scalar(house), otherwise=BlockNotFound)
    availability.unblock(actor, block_id)
    lifted_blocks.keep(gone)
    people.audit(actor, "nights.unblocked", encode("room", gone.room_id), before=_facts(gone))
    return gone


unblock = transaction(isolation=READ_COMMITTED)(put_on_sale)


@dataclass(frozen=True, slots=True)
class BlockableRoom:
    """A room whose nights the actor may take off sale."""

    id: uuid.UUID
    name: str
    property_id: uuid.UUID


@reading
def room(actor: Actor, room_id: uuid.UUID) -> BlockableRoom:
    """Raises RoomNotFound."""
    found = db.session.execute(select(Room.id, Room.name, Room.property_id).where(Room.id == room_id)).one_or_none()
    people.require(actor, Action.BLOCK_NIGHTS, at=found.property_id if found else None, otherwise=RoomNotFound)
    if found is None:
        raise RoomNotFound
    return BlockableRoom(*found)


@dataclass(frozen=True, slots=True)
class BlockDetails:
    """A block, and the room that it takes off sale."""

    block: Block
    room_name: str
    property_id: uuid.UUID


@reading
def get(actor: Actor, block_id: uuid.UUID) -> BlockDetails:
    """Raises BlockNotFound."""
    of_room = select(Block, Room.name, Room.property_id).join(Room, Room.id == Block.room_id)
    found = db.session.execute(of_room.where(Block.id == block_id)).one_or_none()
    people.require(actor, Action.BLOCK_NIGHTS, at=found.property_id if found else None, otherwise=BlockNotFound)
    if found is None:
        raise BlockNotFound
    return BlockDetails(*found)


@reading
def blocks(actor: Actor, room_id: uuid.UUID, rules: StayRules) -> Sequence[Block]:
    """The room's blocks from the property's today on, in the order of their nights. Raises RoomNotFound, Forbidden."""
    _, time_zone = _place_of(actor, room_id)
    found = select(Block).where(Block.room_id == room_id, Block.check_out > rules.today(time_zone))
    return db.session.scalars(found.order_by(Block.check_in)).all()


@reading
def ahead(
    actor: Actor, rules: StayRules, *, property_id: uuid.UUID | None = None, room_id: uuid.UUID | None = None
) -> list[BlockDetails]:
    """All blocks from each property's today on that the actor may see, in the order of their nights; of one property or
    room where that is said. Raises NotFound where they may see none.
    """
    reach = people.reach(actor, Action.BLOCK_NIGHTS)
    if not reach:
        raise NotFound
    of_rooms = select(Block, Room.name, Room.property_id, Property.time_zone).join(Room, Room.id == Block.room_id)
    wanted = of_rooms.join(Property, Property.id == Room.property_id).order_by(Block.check_in, Block.id)
    if reach.properties is not None:
        wanted = wanted.where(Room.property_id.in_(reach.properties))
    if property_id:
        wanted = wanted.where(Room.property_id == property_id)
    if room_id:
        wanted = wanted.where(Block.room_id == room_id)
    return [
        BlockDetails(one, name, house)
        for one, name, house, time_zone in db.session.execute(wanted)
        if one.check_out > rules.today(time_zone)
    ]


@transaction(isolation=READ_COMMITTED)
def prune(portion: int) -> int:
    """Delete at most `portion` blocks whose nights are over and pruned. Returns how many."""
    over = func.date(func.timezone("UTC", func.now())) - availability.KEPT_DAYS
    # OFFSET 0: looked up by the index for each block, never joined with all nights of the house.
    has_nights = select(Availability.claim_id).where(Availability.claim_id == Block.id).offset(0).exists()
    old = select(Block.id).where(Block.check_out <= over, ~has_nights)
    ids = db.session.scalars(old.order_by(Block.check_out).limit(portion).with_for_update(skip_locked=True)).all()
    if ids:
        db.session.execute(delete(Block).where(Block.id.in_(ids)))
    return len(ids)


def _place_of(actor: Actor, room_id: uuid.UUID) -> tuple[str, str]:
    """The room's location and zone, for who may block its nights. Others are told that they may not."""
    found = select(Room.location, Room.property_id, Property.time_zone).join(Property, Property.id == Room.property_id)
    room = db.session.execute(found.where(Room.id == room_id)).one_or_none()
    people.require(actor, Action.BLOCK_NIGHTS, at=room.property_id if room else None, otherwise=Forbidden)
    if room is None:
        raise RoomNotFound
    return str(room.location), str(room.time_zone)


def _facts(one: Block) -> dict[str, str]:
    """For the audit log. A reason may speak of a person: it stands in the block, then in what is kept of it."""
    dates = {"from": one.check_in.isoformat(), "to": one.check_out.isoformat()}
    return {"block": encode("block", one.id), "source": one.source, **dates}


def _refuse_unless_sensible(stay: Stay, reason: str, source: str, uid: str | None) -> None:
    problems = {}
    if stay.nights > MOST_NIGHTS:
        problems["checkOut"] = Notice("block_too_long", most=MOST_NIGHTS)
    if len(reason) > LONGEST:
        problems["reason"] = Notice("too_long", most=LONGEST)
    if uid == "" or (uid is None and source == FEED):
        problems["uid"] = Notice("missing")
    if len(uid or "") > LONGEST:
        problems["uid"] = Notice("too_long", most=LONGEST)
    if problems:
        raise Invalid(details=problems)


def _refuse_unless_for_sale(stay: Stay, rules: StayRules, time_zone: str, source: str) -> None:
    if source != FEED:
        problems = rules.arrival_problems(stay, time_zone)
    else:
        problems = {"checkOut": Notice("in_the_past")} if stay.check_out <= rules.today(time_zone) else {}
    if problems:
        raise Invalid(details=problems)


def _same(room_id: uuid.UUID, stay: Stay, source: str, uid: str | None) -> Block | None:
    """What this source has blocked before: by its uid, or where it gives none, exactly these nights."""
    of_source = select(Block).where(Block.room_id == room_id, Block.source == source)
    if uid is None:
        dates = (Block.check_in == stay.check_in, Block.check_out == stay.check_out, Block.uid.is_(None))
        return db.session.scalar(of_source.where(*dates))
    found = db.session.scalar(of_source.where(Block.uid == uid))
    if found and (found.check_in, found.check_out) != (stay.check_in, stay.check_out):
        raise BlockDiffers
    return found
