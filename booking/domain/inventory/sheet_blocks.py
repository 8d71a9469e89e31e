"""Nights that a sheet of prices closes or opens: blocks that are known as the sheet's, so that it opens no other ones.

What somebody holds or has bought, and what staff or a feed has taken off sale, stays as it is.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count, groupby

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Forbidden, RoomNotFound
from booking.domain.inventory import availability, blocks
from booking.domain.inventory.models import STAFF, Block
from booking.domain.inventory.taking import NightsTaken
from booking.domain.people import Action
from booking.domain.stays import Stay, StayRules
from booking.infra.db import db, reading, transaction

MARK = "sheet "  # with what a sheet's block is called: then the day on which it begins
TRIES = 5  # where nights are sold between looking and taking
_DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class SheetClosings:
    """Nights: newly closed, and opened; to be closed, but `taken`: held, sold or closed otherwise; `out_of_reach`: over
    or too far ahead.
    """

    closed: int = 0
    opened: int = 0
    taken: int = 0
    out_of_reach: int = 0
    still_closed: int = 0  # opened by the sheet, closed by somebody else

    def __add__(self, other: SheetClosings) -> SheetClosings:
        return SheetClosings(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Blocks to lift, then stays to block."""

    lifted: tuple[Block, ...]
    blocked: tuple[Stay, ...]
    told: SheetClosings


def close(
    actor: Actor,
    room_id: uuid.UUID,
    wanted: Mapping[dt.date, bool],
    *,
    rules: StayRules,
    reason: str,
    rehearse: bool = False,
) -> SheetClosings:
    """Close the nights that are `wanted` closed, and open the others. Twice is once.

    `rehearse` only says what it would do.
    Raises RoomNotFound, Forbidden.
    """
    if rehearse:
        return _rehearsed(actor, room_id, wanted, rules)
    for attempt in range(TRIES):
        try:
            return _close(actor, room_id, wanted, rules, reason)
        except NightsTaken:
            if attempt == TRIES - 1:
                raise
    raise AssertionError  # the last try has returned or raised


@reading
def _rehearsed(actor: Actor, room_id: uuid.UUID, wanted: Mapping[dt.date, bool], rules: StayRules) -> SheetClosings:
    return _plan(actor, room_id, wanted, rules).told


@transaction(retry_on=(blocks.SAME_UID,))
def _close(
    actor: Actor, room_id: uuid.UUID, wanted: Mapping[dt.date, bool], rules: StayRules, reason: str
) -> SheetClosings:
    plan = _plan(actor, room_id, wanted, rules)
    for one in plan.lifted:
        blocks.put_on_sale(actor, one.id)
    for stay in plan.blocked:
        uid = f"{MARK}{stay.check_in.isoformat()}"
        blocks.take_off_sale(actor, room_id, stay, rules=rules, reason=reason, uid=uid)
    return plan.told


def _plan(actor: Actor, room_id: uuid.UUID, wanted: Mapping[dt.date, bool], rules: StayRules) -> _Plan:
    today = rules.today(_zone(actor, room_id))
    last = today + dt.timedelta(days=rules.horizon_days)
    known = _known(room_id, today)
    closed_before = {day for one in known for day in Stay(one.check_in, one.check_out).dates() if day >= today}
    reach = [day for day in wanted if today <= day <= last]
    taken = set[dt.date]()
    if reach:
        taken = availability.taken_nights(room_id, Stay(min(reach), max(reach) + _DAY)) - closed_before
    closing, opening = {day for day in reach if wanted[day]}, {day for day in reach if not wanted[day]}
    after = (closed_before - opening) | (closing - taken)
    told = SheetClosings(
        closed=len(after - closed_before),
        opened=len(closed_before - after),
        taken=len(closing & taken),
        out_of_reach=sum(wanted[day] for day in wanted if not today <= day <= last),
        still_closed=len(opening & taken),
    )
    stays = set(_stays(after))
    kept = {_ahead(one, today): one for one in known if _ahead(one, today) in stays}
    return _Plan(
        tuple(one for one in known if one not in kept.values()),
        tuple(sorted(stays - kept.keys(), key=lambda stay: stay.check_in)),
        told,
    )


def _zone(actor: Actor, room_id: uuid.UUID) -> str:
    found = select(Room.property_id, Property.time_zone).join(Property, Property.id == Room.property_id)
    room = db.session.execute(found.where(Room.id == room_id)).one_or_none()
    people.require(actor, Action.BLOCK_NIGHTS, at=room.property_id if room else None, otherwise=Forbidden)
    if room is None:
        raise RoomNotFound
    return str(room.time_zone)


def _known(room_id: uuid.UUID, today: dt.date) -> list[Block]:
    of_sheets = Block.source == STAFF, Block.uid.startswith(MARK), Block.check_out > today
    return list(db.session.scalars(select(Block).where(Block.room_id == room_id, *of_sheets).order_by(Block.check_in)))


def _ahead(one: Block, today: dt.date) -> Stay:
    return Stay(max(one.check_in, today), one.check_out)


def _stays(days: Iterable[dt.date]) -> list[Stay]:
    """Nights after one another, as many in one as a block may have."""
    counted, found = count(), []
    for _, run in groupby(sorted(days), key=lambda day: day.toordinal() - next(counted)):
        nights = list(run)
        for start in range(0, len(nights), blocks.MOST_NIGHTS):
            part = nights[start : start + blocks.MOST_NIGHTS]
            found.append(Stay(part[0], part[-1] + _DAY))
    return found
