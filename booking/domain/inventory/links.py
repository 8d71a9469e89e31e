"""Rooms that contain others: a whole cannot be sold while one of its parts is, nor a part while the whole is.

A whole takes the nights of all that it contains, also within another (an apartment, its rooms, their beds), so each
link is kept from every whole above to every part below.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import catalogue, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Room, RoomPart
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.inventory import availability
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import encode

MOST = 200  # rooms that one contains
Pair: TypeAlias = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True, slots=True)
class LinkedRooms:
    """What a room contains, and what contains it, in the order of their names."""

    parts: Sequence[Room]
    wholes: Sequence[Room]


@transaction
def link(actor: Actor, whole_id: uuid.UUID, part_ids: Collection[uuid.UUID]) -> LinkedRooms:
    """From now on the whole takes the nights of these rooms with its own; what it has sold already, too.

    Raises RoomNotFound, Invalid (another house, a circle, too many), NightsTaken (both are sold already), and
    LinkedRoomHeld while somebody is buying the whole. Those that it contains already stay as they are.
    """
    rooms = _locked(actor, whole_id, part_ids)
    whole = rooms[whole_id]
    wholes = {whole_id, *_wholes_of(whole_id)}
    for part_id in sorted(set(part_ids)):
        below = {part_id, *_parts_of(part_id)}
        if below & wholes:
            raise Invalid(details={"parts": Notice("room_in_itself", room=rooms[part_id].name)})
        for above in sorted(wholes):
            _link(above, below)
    if any(len(_parts_of(above)) > MOST for above in wholes):
        raise Invalid(details={"parts": Notice("too_many_parts", most=MOST)})
    _tell(actor, "rooms.linked", whole, [rooms[one] for one in part_ids])
    return _linked(whole_id)


@transaction
def unlink(actor: Actor, whole_id: uuid.UUID, part_ids: Collection[uuid.UUID]) -> LinkedRooms:
    """The whole does not contain these rooms any more, nor what they contain, and neither does what contains it, but
    for what is in another room of theirs as well. Nights that only it had are free again.

    Raises RoomNotFound, LinkedRoomHeld, and Invalid where one of these is in another room that the whole contains.
    """
    rooms = _locked(actor, whole_id, part_ids)
    before = _pairs(rooms[whole_id].property_id)
    left = _without(before, whole_id, part_ids)
    for part_id in part_ids:
        if (whole_id, part_id) in left:
            raise Invalid(details={"parts": _held_fast(left, rooms[whole_id], rooms[part_id])})
    for above, below in sorted(before - left):
        availability.drop_part(actor, above, below)
        db.session.execute(delete(RoomPart).where(RoomPart.whole_id == above, RoomPart.part_id == below))
    _tell(actor, "rooms.unlinked", rooms[whole_id], [rooms[one] for one in part_ids])
    return _linked(whole_id)


@reading
def linked_rooms(actor: Actor, room_id: uuid.UUID) -> LinkedRooms:
    """Raises RoomNotFound."""
    house = db.session.scalar(select(Room.property_id).where(Room.id == room_id))
    people.require(actor, Action.SEE_ROOMS, at=house, otherwise=RoomNotFound)
    return _linked(room_id)


@reading
def linked_to(room_id: uuid.UUID) -> frozenset[uuid.UUID]:
    """What contains the room and what it contains: never to be had together with it."""
    return frozenset((*_parts_of(room_id), *_wholes_of(room_id)))


def _locked(actor: Actor, whole_id: uuid.UUID, part_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Room]:
    """All of one house, locked against claims, each of which looks its room's row up."""
    wanted = {whole_id, *part_ids}
    locked = select(Room).where(Room.id.in_(wanted)).order_by(Room.id).with_for_update()
    rooms = {room.id: room for room in db.session.scalars(locked)}
    whole = rooms.get(whole_id)
    people.require(actor, Action.EDIT_ROOMS, at=whole.property_id if whole else None, otherwise=RoomNotFound)
    if whole is None or any(one not in rooms or rooms[one].property_id != whole.property_id for one in part_ids):
        raise RoomNotFound
    if not part_ids:
        raise Invalid(details={"parts": Notice("missing")})
    return rooms


def _link(whole_id: uuid.UUID, part_ids: Collection[uuid.UUID]) -> None:
    new = set(part_ids) - set(_parts_of(whole_id))
    since = clock.now().date() - availability.KEPT_DAYS * availability.DAY
    for part_id in sorted(new):
        db.session.execute(insert(RoomPart).values(whole_id=whole_id, part_id=part_id))
        availability.add_part(whole_id, part_id, since)


def _pairs(property_id: uuid.UUID) -> set[Pair]:
    """Whole and part, of all rooms of a house."""
    of_house = select(RoomPart.whole_id, RoomPart.part_id).join(Room, Room.id == RoomPart.whole_id)
    return {(row.whole_id, row.part_id) for row in db.session.execute(of_house.where(Room.property_id == property_id))}


def _without(pairs: set[Pair], whole_id: uuid.UUID, part_ids: Collection[uuid.UUID]) -> set[Pair]:
    """What is left where a whole loses parts: a whole above it still has what is in another of its rooms."""
    gone = {one for one in part_ids if (whole_id, one) in pairs}
    above, below = {whole_id, *_around(pairs, whole_id)}, {*gone, *(part for whole, part in pairs if whole in gone)}
    left = {(whole, part) for whole, part in pairs if whole not in above or part not in below}
    while through := {pair for pair in pairs - left if _between(left, *pair)}:
        left |= through
    return left


def _between(pairs: set[Pair], whole_id: uuid.UUID, part_id: uuid.UUID) -> set[uuid.UUID]:
    """The rooms by which the whole contains the part."""
    return {one for one in _around(pairs, part_id) if (whole_id, one) in pairs}


def _around(pairs: set[Pair], part_id: uuid.UUID) -> set[uuid.UUID]:
    return {whole for whole, part in pairs if part == part_id}


def _held_fast(pairs: set[Pair], whole: Room, part: Room) -> Notice:
    between = _between(pairs, whole.id, part.id)
    innermost = min(between, key=lambda one: (sum((one, other) in pairs for other in between), one))
    return Notice("part_of_part", room=part.name, within=db.session.get_one(Room, innermost).name)


def _parts_of(whole_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return db.session.scalars(select(RoomPart.part_id).where(RoomPart.whole_id == whole_id)).all()


def _wholes_of(part_id: uuid.UUID) -> Sequence[uuid.UUID]:
    return db.session.scalars(select(RoomPart.whole_id).where(RoomPart.part_id == part_id)).all()


def _linked(room_id: uuid.UUID) -> LinkedRooms:
    about = or_(RoomPart.whole_id == room_id, RoomPart.part_id == room_id)
    pairs = db.session.execute(select(RoomPart.whole_id, RoomPart.part_id).where(about)).all()
    ids = {one for pair in pairs for one in pair}
    rooms = {room.id: room for room in db.session.scalars(select(Room).where(Room.id.in_(ids)).order_by(Room.name))}
    parts, wholes = {part for whole, part in pairs if whole == room_id}, {whole for whole, _ in pairs} - {room_id}
    return LinkedRooms([rooms[one] for one in rooms if one in parts], [rooms[one] for one in rooms if one in wholes])


def _tell(actor: Actor, what: str, whole: Room, parts: Sequence[Room]) -> None:
    people.audit(actor, what, encode("room", whole.id), after={"parts": [room.name for room in parts]})
    catalogue.tell_of_room(actor, whole)
