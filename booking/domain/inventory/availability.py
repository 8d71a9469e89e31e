"""The truth about nights: claim, pin, book, release, block. A night without a row is free.

No other module touches the table. A claim is known by its id alone, so a claim whose booking is not there (yet) is
legal and ends with its hold; this is the seam where a region will talk to the global catalogue.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from sqlalchemy import (
    ClauseElement,
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
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Conflict, Forbidden, RoomNotAvailable
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD, PINNED, Availability, has_end
from booking.domain.people import Action
from booking.domain.stays import Stay
from booking.infra import cache
from booking.infra.clock import sql_now
from booking.infra.db import act_after_commit, execute
from booking.infra.ids import encode
from booking.infra.prepared import often

_TABLE = cast(Table, Availability.__table__)


class NightsBlocked(Conflict):
    code = "NIGHTS_TAKEN"


def claim(
    actor: Actor, claim_id: uuid.UUID, room_id: uuid.UUID, location: str, stay: Stay, *, held_until: dt.datetime
) -> None:
    """Hold all nights of the stay for `claim_id`, or none: raises RoomNotAvailable.

    One INSERT in night order (so that two claims never wait for each other in a circle); the primary key refuses what
    is taken, and the count decides. Nights whose hold has run out are cleared and the attempt starts anew.
    """
    if not _claim_all(claim_id, room_id, location, stay, held_until):
        _clear_run_out(claim_id, room_id, stay)
        if not _claim_all(claim_id, room_id, location, stay, held_until):
            raise RoomNotAvailable
    changed(actor, room_id, location, stay)


def pin(claim_id: uuid.UUID, nights: int) -> bool:
    """Held -> pinned, for a payment: pinned nights do not end by time.

    False when the hold is over, or if somebody else has one of the nights in spite of the key.
    """
    return _count(_PIN, {"claim": claim_id}) == nights


def unpin(claim_id: uuid.UUID) -> dt.datetime | None:
    """Pinned -> held again until the hold's own end, which is returned: another card may be tried."""
    ends = execute(_UNPIN, {"claim": claim_id}).column
    return min((end for end in ends if end), default=None)


def book(claim_id: uuid.UUID, nights: int) -> bool:
    """Pinned -> booked. False when not all of them are the claim's any more."""
    return _count(_BOOK, {"claim": claim_id}) == nights


def release(actor: Actor, claim_id: uuid.UUID) -> int:
    """Free whatever the claim has. Returns how many nights that were."""
    rows = execute(_RELEASE, {"claim": claim_id}).rows
    if rows:
        nights = [row.night for row in rows]
        changed(actor, rows[0].room_id, rows[0].location, Stay(min(nights), max(nights) + dt.timedelta(days=1)))
    return len(rows)


def release_abandoned(actor: Actor, limit: int = 1000) -> int:
    """Free nights whose hold ended more than a minute ago and that no sweeper has claimed: their booking never came."""
    return sum(release(actor, claim_id) for claim_id in execute(_ABANDONED, {"limit": limit}).column if claim_id)


def block(actor: Actor, room_id: uuid.UUID, location: str, stay: Stay, at: uuid.UUID | None = None) -> None:
    """Take nights off sale; raises NightsBlocked where one is held or booked, and changes nothing then.

    `at` is the room's property, for who may do it only there. Raises Forbidden.
    """
    people.require(actor, Action.BLOCK_NIGHTS, at=at, otherwise=Forbidden)
    _count(_INSERT, _nights(None, room_id, location, stay, held_until=None, state=BLOCKED))
    if execute(_BLOCKED, _range(room_id, stay)).rows[0].blocked < stay.nights:
        raise NightsBlocked
    people.audit(actor, "nights.blocked", encode("room", room_id), after=_named(stay))
    changed(actor, room_id, location, stay)


def unblock(actor: Actor, room_id: uuid.UUID, location: str, stay: Stay, at: uuid.UUID | None = None) -> int:
    """Put blocked nights on sale again. Returns how many nights that were. Raises Forbidden."""
    people.require(actor, Action.BLOCK_NIGHTS, at=at, otherwise=Forbidden)
    if freed := _count(_UNBLOCK, _range(room_id, stay)):
        people.audit(actor, "nights.unblocked", encode("room", room_id), before=_named(stay))
    changed(actor, room_id, location, stay)
    return freed


def is_free(room_id: uuid.UUID, stay: Stay) -> bool:
    """For showing, never for deciding: true when no night has a row (or only a hold that ran out)."""
    return not taken_nights(room_id, stay)


def taken_nights(room_id: uuid.UUID, stay: Stay) -> set[dt.date]:
    """The nights within `stay` that cannot be had, for calendars."""
    return set(execute(_TAKEN, _range(room_id, stay)).column)


def changed(actor: Actor, room_id: uuid.UUID, location: str, stay: Stay) -> None:
    """Tell the caches once at commit, whatever else the transaction changes, and the outbox in case that fails."""
    payload = {"roomId": encode("room", room_id), "location": location, **_named(stay)}
    change = messages.record(actor, "availability.updated", payload)
    act_after_commit("changed nights", (location, str(change)), _tell)


def _named(stay: Stay) -> dict[str, str]:
    return {"from": stay.check_in.isoformat(), "to": stay.check_out.isoformat()}


def _tell(changes: list[tuple[str, str]]) -> None:
    cache.bump({location for location, _ in changes}, [change for _, change in changes])


def _claim_all(claim_id: uuid.UUID, room_id: uuid.UUID, location: str, stay: Stay, held_until: dt.datetime) -> bool:
    new = _nights(claim_id, room_id, location, stay, held_until=held_until, state=HELD)
    return _count(_INSERT, new) == stay.nights


def _clear_run_out(claim_id: uuid.UUID, room_id: uuid.UUID, stay: Stay) -> None:
    """Give back what this attempt took, and delete the run-out holds in its way; raises where more than that stands."""
    execute(_RELEASE, {"claim": claim_id})
    nights = _range(room_id, stay)
    if not all(execute(_STANDING, nights).column):
        raise RoomNotAvailable
    execute(_DELETE_RUN_OUT, nights)


def _nights(
    claim_id: uuid.UUID | None,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime | None,
    state: str,
) -> dict[str, Any]:
    """The values of new rows."""
    return {
        "new_room": room_id,
        "first_night": stay.check_in,
        "days": stay.nights - 1,
        "new_location": location,
        "new_state": state,
        "new_claim": claim_id,
        "until": held_until,
    }


def _range(room_id: uuid.UUID, stay: Stay) -> dict[str, Any]:
    return {"room": room_id, "check_in": stay.check_in, "check_out": stay.check_out}


def _count(statement: ClauseElement, values: dict[str, Any]) -> int:
    return execute(statement, values).count


# --- the statements, built once

_OWN = _TABLE.c.claim_id == bindparam("claim")
_WITHIN = and_(
    _TABLE.c.room_id == bindparam("room"),
    _TABLE.c.night >= bindparam("check_in"),
    _TABLE.c.night < bindparam("check_out"),
)
_RUN_OUT = and_(_TABLE.c.state == HELD, _TABLE.c.held_until <= sql_now())

_DAY = func.generate_series(0, bindparam("days", type_=Integer)).column_valued("day")
_ROWS = select(
    bindparam("new_room", type_=Uuid),
    bindparam("first_night", type_=Date) + _DAY,
    bindparam("new_location", type_=String),
    bindparam("new_state", type_=String),
    bindparam("new_claim", type_=Uuid),
    bindparam("until", type_=DateTime(timezone=True)),
    literal(1),
).order_by(_DAY)
_COLUMNS = ["room_id", "night", "location", "state", "claim_id", "held_until", "version"]
_INSERT = often(insert(_TABLE).from_select(_COLUMNS, _ROWS).on_conflict_do_nothing())


def _moved(state: str, *where: ColumnExpressionArgument[bool], **values: Any) -> Update:
    return update(_TABLE).where(_OWN, *where).values(state=state, version=_TABLE.c.version + 1, **values)


# Beside the key, SERIALIZABLE is to stand in the way by itself, and it minds only what a transaction has read. That is
# read here, not in the claim: two claims for other nights on the same page of the index would fail each other.
# In a table of one page, of which Postgres has counted a row or two, all indexes cost the same: it read the nights of
# all other rooms by that of a location's nights, or two tables in order to merge them. So the night is a range of whole
# keys, which only the primary key can serve, and the room an array, by which nothing is merged.
_OTHERS = _TABLE.alias("others")
_THE_OTHER, _THE_SAME = tuple_(_OTHERS.c.room_id, _OTHERS.c.night), tuple_(_TABLE.c.room_id, _TABLE.c.night)
_SOLD_TO_OTHERS = exists().where(
    _OTHERS.c.room_id == any_(array([_TABLE.c.room_id])),
    _THE_OTHER >= _THE_SAME,
    _THE_OTHER <= _THE_SAME,
    _OTHERS.c.claim_id.is_distinct_from(_TABLE.c.claim_id),
    _OTHERS.c.state != HELD,
)
_PIN = _moved(PINNED, _TABLE.c.state == HELD, _TABLE.c.held_until > sql_now(), ~_SOLD_TO_OTHERS)
_UNPIN = _moved(HELD, _TABLE.c.state == PINNED).returning(_TABLE.c.held_until)
_BOOK = often(_moved(BOOKED, _TABLE.c.state == PINNED, held_until=None))
_RELEASE = often(delete(_TABLE).where(_OWN).returning(_TABLE.c.room_id, _TABLE.c.location, _TABLE.c.night))
_ABANDONED = (
    select(_TABLE.c.claim_id)
    .where(
        _TABLE.c.state == HELD,
        has_end(_TABLE.c.held_until),
        _TABLE.c.held_until.between(sql_now() - dt.timedelta(days=7), sql_now() - dt.timedelta(minutes=1)),
    )
    .distinct()
    .limit(bindparam("limit"))
)
_BLOCKED = select(func.count().label("blocked")).select_from(_TABLE).where(_WITHIN, _TABLE.c.state == BLOCKED)
_UNBLOCK = delete(_TABLE).where(_WITHIN, _TABLE.c.state == BLOCKED)
_TAKEN = often(select(_TABLE.c.night).where(_WITHIN, ~_RUN_OUT))
_STANDING = select(_RUN_OUT.label("run_out")).where(_WITHIN).with_for_update()
_DELETE_RUN_OUT = delete(_TABLE).where(_WITHIN, _RUN_OUT)
