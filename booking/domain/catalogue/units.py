"""Identical units of a house: made in one go, shown to guests as one room, sold as whichever of them fits best."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, case, func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import saving
from booking.domain.catalogue.edit_errors import PropertyNotFound
from booking.domain.catalogue.models import Room
from booking.domain.catalogue.unit_models import UnitGroup
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

MOST = 200  # units of a group
LONGEST = 255  # characters of a name
ONE_OF_A_NAME = "uq_unit_groups_property_id_name"
# What each unit has by itself. All else is the group's: a trigger copies it to all units, whichever somebody edits.
OWN = frozenset(
    {
        "id",
        "name",
        "published",
        "archived_at",
        "source",
        "source_id",
        "listed",
        "is_whole",
        "version",
        "created_at",
        "updated_at",
        "words",
        "sort_name",
    }
)
OF_HOUSE = frozenset({"property_id", "location", "currency", "unit_group_id"})
SHARED = frozenset(Room.__table__.columns.keys()) - OWN - OF_HOUSE


# What guests see units called, for statements: by their group; NULL of a room by itself.
TITLE = case((Room.unit_group_id.is_not(None), func.title_of_units(Room.unit_group_id, type_=String)))
# What guests see a room called.
SHOWN_NAME = case((Room.unit_group_id.is_(None), Room.name), else_=TITLE)


@dataclass(frozen=True, slots=True)
class Units:
    """A group with its units, in the order in which they were made."""

    id: uuid.UUID
    name: str
    property_id: uuid.UUID
    units: Sequence[Room]


def numbered(name: str, first: int, count: int) -> list[str]:
    """Names of units: "Double 101" to "Double 112". Raises Invalid, before it writes what no group could have."""
    if count > MOST:
        raise Invalid(details={"names": Notice("too_many_units", most=MOST)})
    if len(f"{name} {first + count - 1}") > LONGEST:
        raise Invalid(details={"title": Notice("too_long", most=LONGEST)})
    return [f"{name} {number}" for number in range(first, first + count)]


def make_units(actor: Actor, room_id: uuid.UUID, names: Sequence[str], *, title: str | None = None) -> Units:
    """More units like this room, so that it has these `names`, one for each; all that it has is copied.

    The room becomes the first of them, and guests see them all under the `title` (the room's name, where nobody says).
    A room that is a unit already gets sisters, and keeps its own name. Names that its group has are not made again, so
    that doing it twice changes nothing. Raises RoomNotFound, Invalid.
    """
    cleaned = [" ".join(name.split()) for name in names]
    _refuse_unless_sensible(cleaned, title)
    return _make(actor, room_id, cleaned, title)


@transaction(isolation=READ_COMMITTED, retry_on=(ONE_OF_A_NAME,))
def _make(actor: Actor, room_id: uuid.UUID, names: list[str], title: str | None) -> Units:
    return make_of(actor, _locked(actor, room_id), names, title)


def make_of(actor: Actor, room: Room, names: list[str], title: str | None) -> Units:
    """Inside the caller's transaction, which has locked or made the room, and is tried again on ONE_OF_A_NAME.

    Raises Invalid.
    """
    group = db.session.get(UnitGroup, room.unit_group_id) if room.unit_group_id else None
    before = {"name": room.name, "units": group.name if group else None}
    if group is None:
        group = _new_group(room, title)
        room.unit_group_id, room.name = group.id, names[0]
        room.version += 1
    elif title and title != group.name:
        _refuse_if_named(room.property_id, title)
        group.name = title
    db.session.flush()
    units = _units(group.id)
    known = {unit.name for unit in units}
    if len(known.union(names)) > MOST:
        raise Invalid(details={"names": Notice("too_many_units", most=MOST)})
    new = [_copy(room, name) for name in names if name not in known]
    db.session.add_all(new)
    db.session.flush()
    _tell(actor, room, group, before, new)
    return Units(group.id, group.name, group.property_id, _units(group.id))


@transaction(isolation=READ_COMMITTED)
def leave_units(actor: Actor, room_id: uuid.UUID) -> Room:
    """The room is no unit of its group any more, and is shown by itself; it stays as it is otherwise.

    Raises RoomNotFound.
    """
    room = _locked(actor, room_id)
    if room.unit_group_id:
        group = db.session.get_one(UnitGroup, room.unit_group_id)
        room.unit_group_id = None
        room.version += 1
        db.session.flush()
        people.audit(actor, "room.left_units", encode("room", room.id), before={"units": group.name})
        saving.tell_of_room(actor, room)
        if not _units(group.id):
            db.session.delete(group)
    return room


@reading
def units_beside(actor: Actor, room_id: uuid.UUID) -> Units | None:
    """The group that a room is a unit of; None where it is by itself. Raises RoomNotFound."""
    house = db.session.scalar(select(Room.property_id).where(Room.id == room_id))
    people.require(actor, Action.SEE_ROOMS, at=house, otherwise=RoomNotFound)
    group = db.session.scalar(
        select(UnitGroup).join(Room, Room.unit_group_id == UnitGroup.id).where(Room.id == room_id)
    )
    return Units(group.id, group.name, group.property_id, _units(group.id)) if group else None


@reading
def titles(actor: Actor, property_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """What guests see units of a property called, by their group. Raises PropertyNotFound."""
    people.require(actor, Action.SEE_ROOMS, at=property_id, otherwise=PropertyNotFound)
    named = select(UnitGroup.id, UnitGroup.name).where(UnitGroup.property_id == property_id)
    return {row.id: row.name for row in db.session.execute(named)}


def title_of(room: Room) -> str | None:
    """What guests see a unit called; None of a room by itself. Inside the caller's transaction."""
    group = db.session.get(UnitGroup, room.unit_group_id) if room.unit_group_id else None
    return group.name if group else None


def are_alike(one: uuid.UUID, other: uuid.UUID) -> bool:
    """Whether two rooms are units of one group, inside the caller's transaction."""
    groups = select(Room.unit_group_id).where(Room.id.in_((one, other)), Room.unit_group_id.is_not(None))
    found = db.session.scalars(groups).all()
    return len(found) == 2 and found[0] == found[1]


def _refuse_unless_sensible(names: list[str], title: str | None) -> None:
    problems: dict[str, Notice] = {}
    if not names:
        problems["names"] = Notice("missing")
    elif len(names) > MOST:
        problems["names"] = Notice("too_many_units", most=MOST)
    elif not all(names) or len(set(names)) < len(names):
        problems["names"] = Notice("unit_names")
    elif max(map(len, names)) > LONGEST:
        problems["names"] = Notice("too_long", most=LONGEST)
    if title is not None and not title.strip():
        problems["title"] = Notice("missing")
    elif len(title or "") > LONGEST:
        problems["title"] = Notice("too_long", most=LONGEST)
    if problems:
        raise Invalid(details=problems)


def _locked(actor: Actor, room_id: uuid.UUID) -> Room:
    room = db.session.scalar(select(Room).where(Room.id == room_id).with_for_update(key_share=True))
    people.require(actor, Action.EDIT_ROOMS, at=room.property_id if room else None, otherwise=RoomNotFound)
    if room is None:
        raise RoomNotFound
    return room


def _new_group(room: Room, title: str | None) -> UnitGroup:
    name = title or room.name
    _refuse_if_named(room.property_id, name)
    group = UnitGroup(id=new_id(), property_id=room.property_id, name=name)
    db.session.add(group)
    db.session.flush()
    return group


def _refuse_if_named(property_id: uuid.UUID, name: str) -> None:
    named = select(func.count()).where(UnitGroup.property_id == property_id, UnitGroup.name == name)
    if db.session.scalar(named):
        raise Invalid(details={"title": Notice("units_named", taken=name)})


def _units(group_id: uuid.UUID) -> Sequence[Room]:
    units = select(Room).where(Room.unit_group_id == group_id).order_by(Room.id)
    return db.session.scalars(units.execution_options(populate_existing=True)).all()  # triggers have written, too


def _copy(room: Room, name: str) -> Room:
    same: dict[str, Any] = {column: getattr(room, column) for column in SHARED | OF_HOUSE}
    return Room(id=new_id(), name=name, published=room.published, **same)


def _tell(actor: Actor, room: Room, group: UnitGroup, before: Mapping[str, str | None], new: Sequence[Room]) -> None:
    now = {"name": room.name, "units": group.name}
    was = {name: said for name, said in before.items() if said not in (None, now[name])}
    if was:
        after = {name: now[name] for name in was}
        people.audit(actor, "room.changed", encode("room", room.id), before=was, after=after)
    for unit in new:
        facts = {"name": unit.name, "units": group.name, "published": unit.published}
        people.audit(actor, "room.created", encode("room", unit.id), after=facts)
    if was or new:
        saving.tell_of_room(actor, room)
