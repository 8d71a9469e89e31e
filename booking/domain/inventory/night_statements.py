"""The statements that read and write nights, built once. Only availability.py runs those that write.

A whole that contains other rooms takes their nights with its own, as rows of the same claim that name it (`whole_id`).
So the key keeps it and a part apart, and sister parts do not meet. Of a claim all of these rows move, or none: whoever
counts nights is given those of the room that was claimed, and Postgres adds the parts'.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    ColumnExpressionArgument,
    Date,
    DateTime,
    Integer,
    String,
    Table,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.orm import aliased

from booking.domain.catalogue import Room, RoomPart
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD, PINNED, Availability, has_end
from booking.infra.batches import Counted, counted, required
from booking.infra.clock import sql_now
from booking.infra.prepared import often

TABLE = cast(Table, Availability.__table__)
_PARTS = cast(Table, RoomPart.__table__)


def _with_parts(room: ColumnElement[Any]) -> ColumnElement[Any]:
    """The room and all that it contains, as an array, by which the primary key can be read."""
    parts = select(_PARTS.c.part_id).where(_PARTS.c.whole_id == room)
    return func.array(select(room).union_all(parts).scalar_subquery(), type_=ARRAY(Uuid))


_OWN = TABLE.c.claim_id == bindparam("claim")
_DATES = and_(TABLE.c.night >= bindparam("check_in"), TABLE.c.night < bindparam("check_out"))
_ROOM = bindparam("room", type_=Uuid)
_WITHIN = and_(TABLE.c.room_id == any_(_with_parts(_ROOM)), _DATES)
_RUN_OUT = and_(TABLE.c.state == HELD, TABLE.c.held_until <= sql_now())


def _all_with_parts(is_own: ColumnElement[bool], parts: ColumnElement[int]) -> ColumnElement[int]:
    """Of rows, each of the claimed room saying how many rooms it contains: how many nights of the claimed room they
    are, -1 where those of its parts are not all among them.
    """
    of_parts, wanted = func.count().filter(~is_own), func.coalesce(func.sum(parts).filter(is_own), 0)
    return case((of_parts == wanted, func.count().filter(is_own)), else_=-1)


def _contained(of: str) -> ColumnElement[int]:
    """How many rooms a night's room contains. Only room_parts is read, and nothing else of the nights."""
    room = literal_column(f"{of}.room_id", Uuid)  # a column of what is RETURNING would not be known to be its own
    return select(func.count()).where(_PARTS.c.whole_id == room).scalar_subquery()


_NIGHTS = Counted(
    (TABLE.c.whole_id.is_(None).label("is_own"), _contained(TABLE.name).label("parts")),
    lambda done: _all_with_parts(done.c.is_own, done.c.parts),
)


# --- taking

_DAY = func.generate_series(0, bindparam("days", type_=Integer)).column_valued("day")
_NEW_ROOM = bindparam("new_room", type_=Uuid)
_CONTAINED = select(_PARTS.c.part_id).where(_PARTS.c.whole_id == _NEW_ROOM)
_TAKEN_ROOM = select(_NEW_ROOM.label("room_id")).union_all(_CONTAINED).subquery("taken")
_ROWS = select(
    _TAKEN_ROOM.c.room_id,
    bindparam("first_night", type_=Date) + _DAY,
    bindparam("new_location", type_=String),
    bindparam("new_state", type_=String),
    bindparam("new_claim", type_=Uuid),
    bindparam("until", type_=DateTime(timezone=True)),
    literal(1),
    case((_TAKEN_ROOM.c.room_id != _NEW_ROOM, _NEW_ROOM)),
).order_by(_TAKEN_ROOM.c.room_id, _DAY)
_COLUMNS = ["room_id", "night", "location", "state", "claim_id", "held_until", "version", "whole_id"]
_ADD = insert(TABLE).from_select(_COLUMNS, _ROWS).on_conflict_do_nothing()
INSERT, INSERT_ALL = often(counted(_ADD, _NIGHTS)), required(_ADD, how=_NIGHTS)

# --- moving on


def _moved(state: str, *where: ColumnExpressionArgument[bool], **values: Any) -> Update:
    return update(TABLE).where(_OWN, *where).values(state=state, version=TABLE.c.version + 1, **values)


# Beside the key, SERIALIZABLE is to stand in the way by itself, and it minds only what a transaction has read. That is
# read here, not in the claim: two claims for other nights on the same page of the index would fail each other.
# In a table of one page, of which Postgres has counted a row or two, all indexes cost the same: it read the nights of
# all other rooms by that of a location's nights, or two tables in order to merge them. So the night is a range of whole
# keys, which only the primary key can serve, and the room an array, by which nothing is merged.
_OTHERS = TABLE.alias("others")
_THE_OTHER, _THE_SAME = tuple_(_OTHERS.c.room_id, _OTHERS.c.night), tuple_(TABLE.c.room_id, TABLE.c.night)
_SOLD_TO_OTHERS = exists().where(
    _OTHERS.c.room_id == any_(array([TABLE.c.room_id])),
    _THE_OTHER >= _THE_SAME,
    _THE_OTHER <= _THE_SAME,
    _OTHERS.c.claim_id.is_distinct_from(TABLE.c.claim_id),
    _OTHERS.c.state != HELD,
)
_PIN = _moved(PINNED, TABLE.c.state == HELD, TABLE.c.held_until > sql_now(), ~_SOLD_TO_OTHERS)
PIN, PIN_ALL = counted(_PIN, _NIGHTS), required(_PIN, how=_NIGHTS)
UNPIN = _moved(HELD, TABLE.c.state == PINNED).returning(TABLE.c.held_until)
_BOOK = _moved(BOOKED, TABLE.c.state == PINNED, held_until=None)
BOOK, BOOK_ALL = often(counted(_BOOK, _NIGHTS)), required(_BOOK, how=_NIGHTS)
_PINNED = select(_all_with_parts(_OTHERS.c.whole_id.is_(None), _contained(_OTHERS.name))).where(
    _OTHERS.c.claim_id == bindparam("claim"), _OTHERS.c.state == PINNED
)
_ALL_THERE = _PINNED.scalar_subquery() == bindparam("nights", type_=Integer)
_OWNER = bindparam("owner", type_=Uuid)
MOVE = _moved(BOOKED, TABLE.c.state == PINNED, _ALL_THERE, held_until=None, claim_id=_OWNER).returning(TABLE.c.whole_id)

# --- giving back: each night by the room that was claimed

_CLAIMED = func.coalesce(TABLE.c.whole_id, TABLE.c.room_id)
_GONE = (_CLAIMED.label("room_id"), TABLE.c.location, TABLE.c.night)
_FREE = delete(TABLE).where(_OWN).returning(*_GONE)
RELEASE = often(_FREE)
RELEASE_PART = _FREE.where(_DATES, func.coalesce(_ROOM, _CLAIMED) == _CLAIMED)
RELEASE_HELD = _FREE.where(TABLE.c.state == HELD)
RELEASE_UNSOLD = _FREE.where(or_(TABLE.c.state == HELD, TABLE.c.state == PINNED))
ABANDONED = (
    select(TABLE.c.claim_id)
    .where(
        TABLE.c.state == HELD,
        has_end(TABLE.c.held_until),
        TABLE.c.held_until.between(sql_now() - dt.timedelta(days=7), sql_now() - dt.timedelta(minutes=1)),
    )
    .distinct()
    .limit(bindparam("limit"))
)
UNBLOCK = _FREE.where(TABLE.c.state == BLOCKED)
GIVE_BACK = delete(TABLE).where(_OWN, _WITHIN, TABLE.c.state == bindparam("taken", type_=String))
STANDING = select(_RUN_OUT.label("run_out")).where(_WITHIN).order_by(TABLE.c.room_id, TABLE.c.night).with_for_update()
DELETE_RUN_OUT = delete(TABLE).where(_WITHIN, _RUN_OUT)
# No index is by night alone: one would cost every claim. Each place has its nights in order, so they go place by place.
# By ctid, since a join with the whole table looks cheap to the planner.
PRUNE = text(
    "DELETE FROM availability WHERE ctid = ANY (ARRAY("
    " SELECT ctid FROM availability WHERE location = :place"
    "  AND night >= :since AND night < (now() AT TIME ZONE 'UTC')::date - CAST(:days AS integer)"
    "  AND state IN ('booked', 'blocked')"
    "  ORDER BY night LIMIT :portion)) RETURNING night"
)

# --- looking

TAKEN = often(select(TABLE.c.night).where(_WITHIN, ~_RUN_OUT).distinct())
IN_THE_WAY = (
    select(TABLE.c.night, TABLE.c.state, TABLE.c.claim_id)
    .where(_WITHIN, TABLE.c.claim_id != bindparam("claim"), ~_RUN_OUT)
    .order_by(TABLE.c.night)
)
_NAMED, _UNIT = aliased(Room, name="named"), aliased(Room, name="unit")


def _its_units(room: Any) -> ColumnElement[bool]:
    """The unit is the room, or one like it that guests may get."""
    return or_(_UNIT.id == room.id, and_(_UNIT.unit_group_id == room.unit_group_id, _UNIT.published))


_UNIT_ROOMS = TABLE.c.room_id == any_(_with_parts(literal_column("unit.id", Uuid)))
_NIGHTS_OF_UNIT = func.array(
    select(TABLE.c.night).where(_UNIT_ROOMS, _DATES, ~_RUN_OUT).scalar_subquery(), type_=ARRAY(Date)
)
# The units that a room is one of, itself among them, each with its taken nights.
UNITS_TAKEN = often(
    select(_UNIT.id, _NIGHTS_OF_UNIT.label("nights"))
    .select_from(_NAMED)
    .join(_UNIT, _its_units(_NAMED))
    .where(_NAMED.id == _ROOM)
    .order_by(_UNIT.id)
)
# The same of each room of a statement that is given `check_in` and `check_out`, as JSON by the units' ids.
TAKEN_BY_UNIT = (
    select(func.json_object_agg(_UNIT.id, _NIGHTS_OF_UNIT)).where(_its_units(Room)).correlate(Room).scalar_subquery()
)
_LOOKED_AROUND = bindparam("around", type_=Integer)
_BEFORE = (
    select(func.max(TABLE.c.night))
    .where(
        _UNIT_ROOMS,
        TABLE.c.night < bindparam("check_in", type_=Date),
        TABLE.c.night >= bindparam("check_in", type_=Date) - _LOOKED_AROUND,
    )
    .scalar_subquery()
)
_AFTER = (
    select(func.min(TABLE.c.night))
    .where(
        _UNIT_ROOMS,
        TABLE.c.night >= bindparam("check_out", type_=Date),
        TABLE.c.night < bindparam("check_out", type_=Date) + _LOOKED_AROUND,
    )
    .scalar_subquery()
)
_IS_TAKEN = select(TABLE.c.night).where(_UNIT_ROOMS, _DATES, ~_RUN_OUT).exists()
# The units of the group that a room is in, with what is taken next to the stay; none where it is in none.
FREE_UNITS = (
    select(_UNIT.id, _BEFORE.label("before"), _AFTER.label("after"), (~_IS_TAKEN).label("is_free"))
    .select_from(_NAMED)
    .join(_UNIT, and_(_UNIT.unit_group_id == _NAMED.unit_group_id, _UNIT.published))
    .where(_NAMED.id == _ROOM)
)

# --- wholes that are given parts, and lose them

_PART = bindparam("part", type_=Uuid)
_WHOLE = bindparam("whole", type_=Uuid)
_GIVEN = [*_COLUMNS[2:-1]]
_SHARED_ROWS = select(_PART, TABLE.c.night, *(TABLE.c[name] for name in _GIVEN), _WHOLE).where(
    TABLE.c.room_id == _WHOLE, TABLE.c.whole_id.is_(None), TABLE.c.night >= bindparam("since", type_=Date)
)
ADD_PART = (
    insert(TABLE)
    .from_select([*_COLUMNS[:2], *_GIVEN, _COLUMNS[-1]], _SHARED_ROWS.order_by(TABLE.c.night))
    .on_conflict_do_nothing()
)
_STATES = (TABLE.c.night, TABLE.c.state)
NIGHTS_SINCE = (
    select(*_STATES)
    .where(TABLE.c.room_id == _WHOLE, TABLE.c.whole_id.is_(None), TABLE.c.night >= bindparam("since", type_=Date))
    .order_by(TABLE.c.night)
)
BOTH_TAKEN = (
    select(_OTHERS.c.night, _OTHERS.c.state)
    .select_from(TABLE.join(_OTHERS, _OTHERS.c.night == TABLE.c.night))
    .where(
        TABLE.c.room_id == _WHOLE,
        TABLE.c.whole_id.is_(None),
        TABLE.c.night >= bindparam("since", type_=Date),
        _OTHERS.c.room_id == _PART,
        _OTHERS.c.whole_id.is_distinct_from(_WHOLE),
    )
    .order_by(_OTHERS.c.night)
)
DROP_PART = (
    delete(TABLE)
    .where(TABLE.c.room_id == _PART, TABLE.c.whole_id == _WHOLE)
    .returning(TABLE.c.room_id, TABLE.c.location, TABLE.c.night)
)
_MAIN = TABLE.alias("main")
# Nights that were sold before they came here are added many at a time.
ADD_PARTS_OF = insert(TABLE).from_select(
    [*_COLUMNS[:2], *_GIVEN, _COLUMNS[-1]],
    select(_PARTS.c.part_id, _MAIN.c.night, *(_MAIN.c[name] for name in _GIVEN), _PARTS.c.whole_id)
    .select_from(_MAIN.join(_PARTS, _PARTS.c.whole_id == _MAIN.c.room_id))
    .where(_MAIN.c.claim_id == any_(bindparam("claims", type_=ARRAY(Uuid))), _MAIN.c.whole_id.is_(None)),
)
