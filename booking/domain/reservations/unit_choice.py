"""Which of identical units somebody gets who has asked for one of them: the best fit that can be had, then the next.

A room by itself is tried as it is, and nothing is looked up for it. Only the attempt finds out that it is a unit; then
those that are free are read, the best fit first (inventory.free_units), and one after the other is tried exactly. So
nobody is refused while a unit is free, and where guests meet at one, the key of its nights decides as ever.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from booking.domain import catalogue, inventory
from booking.domain.errors import RoomLocked, RoomLockedByKey, RoomNotAvailable, RoomNotFound
from booking.domain.inventory import UnitsFree
from booking.domain.pricing import ForSale
from booking.domain.reservations import requests
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import Wanted

PATIENCE = 2.0  # seconds, while somebody is at every unit that is free
PAUSE = 0.02

Made = TypeVar("Made")
AsWanted = TypeVar("AsWanted", bound=Wanted)
Attempt: TypeAlias = Callable[[AsWanted, float], Made]
Own: TypeAlias = Callable[[AsWanted, UnitsFree], Sequence[uuid.UUID]]


class OneOfSeveral(Exception):
    """A room that was wanted is one of identical units, and which one is not decided yet."""


def refuse_unless_decided(wanted: Wanted, rooms: Sequence[ForSale]) -> None:
    """Inside an attempt. Raises OneOfSeveral."""
    if not wanted.exact and any(room.unit_group_id for room in rooms):
        raise OneOfSeveral


def decided(
    attempt: Attempt[AsWanted, Made],
    wanted: AsWanted,
    context: BookingContext,
    *,
    wait: float = 0.0,
    own: Own[AsWanted] = lambda *_: (),
) -> Made:
    """The attempt with exactly what somebody gets. Raises what it does; of units only where none is free.

    It is told for how many seconds to wait behind somebody who is at the same room. Units that are the guest's `own`
    are tried before those that are free.
    """
    if wanted.exact:
        return attempt(wanted, wait)
    try:
        if requests.wants_twice(wanted.items) is None:
            return _as_named(attempt, wanted, context, wait)
    except OneOfSeveral:
        pass
    return _one_after_the_other(attempt, wanted, own)


def _as_named(attempt: Attempt[AsWanted, Made], wanted: AsWanted, context: BookingContext, wait: float) -> Made:
    try:
        return attempt(wanted, 0.0)
    except RoomLocked as locked:
        if not isinstance(locked, RoomLockedByKey) and _may_be_units(wanted, context):
            raise OneOfSeveral from None
        if not wait:
            raise
    return attempt(wanted, wait)


def _may_be_units(wanted: Wanted, context: BookingContext) -> bool:
    """As pages know the rooms: a crowd that wants the same room is not to read all of its units."""
    return any(_is_unit(item.room_id, context.search_cache_seconds) for item in wanted.items)


def _is_unit(room_id: uuid.UUID, seconds: int) -> bool:
    try:
        return bool(catalogue.get_room_details(room_id, seconds)["isUnit"])
    except RoomNotFound:
        return False


def _one_after_the_other(attempt: Attempt[AsWanted, Made], wanted: AsWanted, own: Own[AsWanted]) -> Made:
    until = time.monotonic() + PATIENCE
    gone: set[uuid.UUID] = set()
    locked: set[uuid.UUID] = set()
    while True:
        try:
            rooms, units = _chosen(wanted, gone | locked, own)
        except RoomNotAvailable:
            if not locked:
                raise
            if time.monotonic() > until:
                raise RoomLocked from None
            time.sleep(PAUSE)  # whoever is there buys it, or leaves it to us
            locked.clear()
            continue
        try:
            return attempt(wanted.for_rooms(rooms, units), 0.0)
        except RoomLocked as at_work:
            if isinstance(at_work, RoomLockedByKey) or not units.intersection(rooms):
                raise
            locked.update(units.intersection(rooms))
        except RoomNotAvailable as taken:
            in_the_way = _in_the_way(rooms[_number(wanted, taken)], rooms, units)
            if not in_the_way:
                raise
            gone |= in_the_way


def _chosen(
    wanted: AsWanted, without: set[uuid.UUID], own: Own[AsWanted]
) -> tuple[list[uuid.UUID], frozenset[uuid.UUID]]:
    """A room for each item, and all units that there are of those that are units.

    Raises RoomNotAvailable for the first item of which no unit is left.
    """
    rooms: list[uuid.UUID] = []
    units: frozenset[uuid.UUID] = frozenset()
    for item, place in zip(wanted.items, wanted.places, strict=True):
        found = inventory.free_units(item.room_id, item.stay)
        if found is None:
            rooms.append(item.room_id)
            continue
        units |= found.all
        others = {
            room
            for room, one in zip(rooms, wanted.items, strict=False)
            if room in found.all and one.stay.overlaps(item.stay)
        }
        unit = next((one for one in (*own(wanted, found), *found.free) if one not in without | others), None)
        if unit is None:
            raise requests.taken(place)
        rooms.append(unit)
    return rooms, units


def _in_the_way(refused: uuid.UUID, chosen: Sequence[uuid.UUID], units: frozenset[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Where another unit may do: for the one that is refused, or for one beside it that contains it or is in it."""
    if refused in units:
        return frozenset([refused])
    beside = units.intersection(chosen)
    return inventory.linked_to(refused) & beside if beside else beside


def _number(wanted: Wanted, refusal: RoomNotAvailable) -> int:
    """Of the item that is refused."""
    return next((number for number, place in enumerate(wanted.places) if place in refusal.details), 0)
