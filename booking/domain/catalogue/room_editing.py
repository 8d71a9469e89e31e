"""Rooms are made, changed, copied, published and archived by whoever runs their property.

A change is made in the place of what was seen: `version` says what that was. What was sold stays as it was sold; prices
and rules of an edited room count for what is sold from now on.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from booking.domain import money, people
from booking.domain.actors import Actor
from booking.domain.catalogue import saving, units
from booking.domain.catalogue.cancellation_policies import BY_NAME, MODERATE
from booking.domain.catalogue.edit_errors import PropertyArchived, PropertyNotFound, RoomModified, RoomNotReady
from booking.domain.catalogue.edit_inputs import NewRooms, RoomDetails, RoomEdit
from booking.domain.catalogue.importing.drafts import LONGEST_STAY, NO_PRICE, STAY_TOO_LONG
from booking.domain.catalogue.models import Property, Room
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

# As an import names them in the log.
COLUMNS = (
    "name", "kind", "description", "capacity", "beds", "size_m2", "price_per_night", "amenities", "min_nights",
    "max_nights", "cancellation_policy",
)  # fmt: skip


@transaction(isolation=READ_COMMITTED)
def add(actor: Actor, property_id: uuid.UUID, said: RoomDetails) -> uuid.UUID:
    """A new room, which guests do not see yet; its id. Without a policy it has the one that is usual at its property.

    Raises PropertyNotFound, PropertyArchived, Invalid.
    """
    return _added(actor, property_id, said).id


@transaction(isolation=READ_COMMITTED, retry_on=(units.ONE_OF_A_NAME,))
def add_alike(actor: Actor, property_id: uuid.UUID, said: NewRooms) -> uuid.UUID:
    """As many new rooms as it says, alike, which guests do not see yet; the id of the first.

    Several are units that guests see as one room of this name. Raises PropertyNotFound, PropertyArchived, Invalid.
    """
    if said.units == 1:
        return _added(actor, property_id, said).id
    try:
        names = units.numbered(said.name, said.first_number, said.units)
        room = _added(actor, property_id, said.model_copy(update={"name": names[0]}))
        units.make_of(actor, room, names, said.name)
    except Invalid as refusal:  # here the name is what its units are called by
        named = {"name" if field in ("title", "names") else field: why for field, why in refusal.details.items()}
        raise Invalid(details=named) from refusal
    return room.id


def _added(actor: Actor, property_id: uuid.UUID, said: RoomDetails) -> Room:
    house = _house(actor, property_id)
    new = _values(said, house.currency) | {"cancellation_policy": _policy(said) or _usual_policy(house.id)}
    return _made(actor, house, new)


@reading
def usual_policy(actor: Actor, property_id: uuid.UUID) -> str:
    """The name of the cancellation policy that a new room of this property begins with.

    Raises PropertyNotFound for who sees no rooms there.
    """
    people.require(actor, Action.SEE_ROOMS, at=property_id, otherwise=PropertyNotFound)
    policy = _usual_policy(property_id)
    name = str(policy.get("name", ""))
    return name if BY_NAME.get(name) == policy else str(MODERATE["name"])


def _usual_policy(property_id: uuid.UUID) -> dict[str, Any]:
    """Of most of its rooms, the one that was given last where several are; where it has none, moderate."""
    of_house = Room.property_id == property_id, Room.archived_at.is_(None)
    counted = select(Room.cancellation_policy).where(*of_house).group_by(Room.cancellation_policy)
    newest = counted.order_by(func.count().desc(), func.max(Room.created_at).desc()).limit(1)
    return db.session.scalar(newest) or MODERATE


@transaction(isolation=READ_COMMITTED)
def copy(actor: Actor, room_id: uuid.UUID, name: str) -> uuid.UUID:
    """A room like this one, by another name, which guests do not see yet; its id.

    Raises RoomNotFound, PropertyArchived.
    """
    like = locked(actor, room_id)
    house = _house(actor, like.property_id)
    same = {column: getattr(like, column) for column in COLUMNS}
    return _made(actor, house, same | {"name": name, "images": like.images}).id


@transaction(isolation=READ_COMMITTED)
def edit(actor: Actor, room_id: uuid.UUID, said: RoomEdit) -> int:
    """The room as it is said, in place of the version that was seen; its version now. Twice is once.

    Raises RoomNotFound, RoomModified, Invalid; RoomNotReady where it is published and could no longer be.
    """
    room = locked(actor, room_id)
    new = _values(said, room.currency) | {"cancellation_policy": _policy(said) or room.cancellation_policy}
    if all(getattr(room, name) == value for name, value in new.items()):
        return room.version
    refuse_modified(room, said.version)
    save(actor, room, new)
    return room.version


def save(actor: Actor, room: Room, new: Mapping[str, Any]) -> None:
    """Inside the caller's transaction, which has locked it: write it, and tell whom it concerns.

    Raises RoomNotReady.
    """
    was_published = room.published
    change = saving.applied(room, new)
    if room.published:
        _refuse_unready(room)
    saving.note_room(actor, room, change, was_published=was_published)


@transaction(isolation=READ_COMMITTED)
def publish(actor: Actor, room_id: uuid.UUID, *, seen_version: int | None = None) -> int:
    """Guests see it and can book it; an archived one comes back for that. Its version now. Twice is once.

    Raises RoomNotFound, RoomModified, RoomNotReady, PropertyArchived.
    """
    room = locked(actor, room_id)
    _house(actor, room.property_id)
    if not room.published:
        refuse_modified(room, seen_version)
        save(actor, room, {"published": True, "archived_at": None})
    return room.version


@transaction(isolation=READ_COMMITTED)
def publish_all(actor: Actor, property_id: uuid.UUID) -> tuple[int, int]:
    """Publish all rooms of a property that are ready and not archived: how many it did, and how many are not ready.

    Raises PropertyNotFound, PropertyArchived.
    """
    _house(actor, property_id)
    waiting = Room.property_id == property_id, Room.published.is_(False), Room.archived_at.is_(None)
    found = db.session.scalars(select(Room).where(*waiting).order_by(Room.id).with_for_update()).all()
    ready = [room for room in found if why_not(room) is None]
    for room in ready:
        save(actor, room, {"published": True})
    return len(ready), len(found) - len(ready)


@transaction(isolation=READ_COMMITTED)
def publish_units(actor: Actor, room_id: uuid.UUID) -> int:
    """Publish a room and all units that are like it, but archived ones; how many it did. Twice is once.

    Raises RoomNotFound, RoomNotReady, PropertyArchived.
    """
    room = locked(actor, room_id)
    _house(actor, room.property_id)
    alike = Room.id == room.id, and_(Room.unit_group_id.is_not(None), Room.unit_group_id == room.unit_group_id)
    waiting = or_(*alike), Room.published.is_(False), Room.archived_at.is_(None)
    found = db.session.scalars(select(Room).where(*waiting).order_by(Room.id).with_for_update()).all()
    for one in found:
        save(actor, one, {"published": True})
    return len(found)


@transaction(isolation=READ_COMMITTED)
def unpublish(actor: Actor, room_id: uuid.UUID, *, seen_version: int | None = None) -> int:
    """Guests do not see it any more; what is booked stands. Its version now. Raises RoomNotFound, RoomModified."""
    room = locked(actor, room_id)
    if room.published:
        refuse_modified(room, seen_version)
        save(actor, room, {"published": False})
    return room.version


@transaction(isolation=READ_COMMITTED)
def set_policy(actor: Actor, property_id: uuid.UUID, policy: str) -> int:
    """The same cancellation policy, by its name, for all rooms of a property; how many got another one by that.

    Raises PropertyNotFound, Invalid.
    """
    people.require(actor, Action.EDIT_ROOMS, at=property_id, otherwise=PropertyNotFound)
    if policy not in BY_NAME:
        raise Invalid(details={"cancellationPolicy": Notice("not_one_of", choices=tuple(BY_NAME))})
    return give_policy(actor, property_id, BY_NAME[policy], true())


def give_policy(actor: Actor, property_id: uuid.UUID, policy: dict[str, Any], which: ColumnElement[bool]) -> int:
    """Inside the caller's transaction, which has asked whether the actor may: a cancellation policy of the property,
    whole, for these of its rooms; how many got another one by that.
    """
    rooms = select(Room).where(Room.property_id == property_id, Room.archived_at.is_(None), which)
    found = db.session.scalars(rooms.order_by(Room.id).with_for_update())
    others = [room for room in found if room.cancellation_policy != policy]
    for room in others:
        save(actor, room, {"cancellation_policy": policy})
    return len(others)


def close(actor: Actor, room_id: uuid.UUID, *, seen_version: int | None = None) -> None:
    """Inside the caller's transaction, which knows that nobody stays there any more: archived.

    Raises RoomNotFound, RoomModified.
    """
    room = locked(actor, room_id)
    if room.archived_at is None:
        refuse_modified(room, seen_version)
        save(actor, room, {"published": False, "archived_at": clock.now()})


# --- steps of others


def locked(actor: Actor, room_id: uuid.UUID) -> Room:
    """Inside the caller's transaction: the room, which nobody else changes meanwhile.

    Raises RoomNotFound, also for who may not change it.
    """
    room = db.session.get(Room, room_id, with_for_update=True)
    people.require(actor, Action.EDIT_ROOMS, at=room.property_id if room else None, otherwise=RoomNotFound)
    if room is None:
        raise RoomNotFound
    return room


def refuse_modified(room: Room, seen_version: int | None) -> None:
    """Raises RoomModified."""
    if seen_version is not None and room.version != seen_version:
        raise RoomModified


def why_not(room: Room) -> Notice | None:
    """What keeps guests from being offered it, None where nothing does."""
    if room.price_per_night is None:
        return NO_PRICE
    return STAY_TOO_LONG if room.min_nights > LONGEST_STAY else None


def is_ready(room: Room) -> bool:
    """Whether it could be published, its property aside."""
    return why_not(room) is None


# --- around them


def _house(actor: Actor, property_id: uuid.UUID) -> Property:
    """Locked, so that nobody changes its currency, or archives it, meanwhile."""
    people.require(actor, Action.EDIT_ROOMS, at=property_id, otherwise=PropertyNotFound)
    house = db.session.get(Property, property_id, with_for_update=True)
    if house is None:
        raise PropertyNotFound
    if house.archived_at is not None:
        raise PropertyArchived
    return house


def _made(actor: Actor, house: Property, new: Mapping[str, Any]) -> Room:
    owned = {"property_id": house.id, "location": house.location, "currency": house.currency}
    room = Room(id=new_id(), **owned, **new, published=False)
    db.session.add(room)
    db.session.flush()
    after = {name: saving.plain(new[name]) for name in COLUMNS}
    people.audit(actor, "room.created", encode("room", room.id), after=after | {"published": False})
    return room


def _values(said: RoomDetails, currency: str) -> dict[str, Any]:
    return {
        "name": said.name,
        "kind": said.kind,
        "description": said.description,
        "capacity": said.capacity,
        "beds": said.beds,
        "size_m2": said.size_m2,
        "price_per_night": _price(said.price_per_night, currency),
        "amenities": said.amenities,
        "min_nights": said.min_nights,
        "max_nights": said.max_nights,
    }


def _price(amount: Decimal | None, currency: str) -> Decimal | None:
    if amount is None:
        return None
    exact = money.rounded(amount, currency)
    if exact != amount:
        raise Invalid(details={"pricePerNight": Notice("too_many_decimals")})
    return exact


def _policy(said: RoomDetails) -> dict[str, Any] | None:
    return BY_NAME[said.cancellation_policy] if said.cancellation_policy else None


def _refuse_unready(room: Room) -> None:
    if why := why_not(room):
        raise RoomNotReady(why=why)
