"""The truth about nights: claim, pin, book, release, block. A night without a row is free.

No other module writes the table (a test watches every statement). A claim is known by its id alone, be it a booking's,
a block's or later a change's; so a claim whose booking is not there (yet) is legal and ends with its hold. This is the
seam where a region will talk to the global catalogue.

What goes by time alone deletes held nights only, and those that are long over: a pinned or booked night belongs to
whoever pays or has paid for it, until the provider has said that nothing was and will be charged; a blocked one to its
block.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
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
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import array, insert

from booking.domain import messages
from booking.domain.actors import Actor
from booking.domain.errors import RoomNotAvailable
from booking.domain.inventory.models import BLOCKED, BOOKED, HELD, PINNED, Availability, has_end
from booking.domain.inventory.taking import Claim, InTheWay, NightsTaken
from booking.domain.stays import Stay
from booking.infra import cache
from booking.infra.batches import required
from booking.infra.clock import sql_now
from booking.infra.db import act_after_commit, db, execute, require
from booking.infra.ids import encode
from booking.infra.prepared import often

_TABLE = cast(Table, Availability.__table__)

KEPT_DAYS = 90  # rows of nights that are over by so many days are pruned


# --- for sale: held, pinned, booked


def claim(
    actor: Actor,
    claim_id: uuid.UUID,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime,
    refusal: RoomNotAvailable | None = None,
) -> None:
    """Hold all nights of the stay for `claim_id`, or none: raises RoomNotAvailable, or the `refusal` that says more.

    One INSERT in night order (so that two claims never wait for each other in a circle); the primary key refuses what
    is taken, and the count decides. Nights whose hold has run out are cleared and the attempt starts anew.
    """
    if not _take(Claim(claim_id, room_id, location, stay), HELD, held_until):
        raise refusal or RoomNotAvailable()
    changed(actor, room_id, location, stay)


def claim_or_refuse(
    actor: Actor,
    claim_id: uuid.UUID,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime,
    refusal: RoomNotAvailable | None = None,
) -> None:
    """The same without an answer: whatever is sent next refuses where anything has a row, be it a hold that ran out."""
    new = _nights(Claim(claim_id, room_id, location, stay), HELD, held_until)
    require(_INSERT_ALL, new, rows=stay.nights, otherwise=refusal or RoomNotAvailable())
    changed(actor, room_id, location, stay)


def claim_all(actor: Actor, wanted: Iterable[Claim], *, held_until: dt.datetime) -> None:
    """Hold all nights of all claims, or none: raises RoomNotAvailable, which has to end the caller's transaction.

    In the order of the rooms' ids, whatever the order they come in, so that two who want several rooms never wait for
    each other in a circle.
    """
    for one in sorted(wanted, key=lambda one: (one.room_id, one.stay.check_in)):
        claim(actor, one.id, one.room_id, one.location, one.stay, held_until=held_until)


def pin(claim_id: uuid.UUID, nights: int) -> bool:
    """Held -> pinned, for a payment: pinned nights do not end by time.

    False when the hold is over, or if somebody else has one of the nights in spite of the key.
    """
    return _count(_PIN, {"claim": claim_id}) == nights


def pin_or_refuse(claim_id: uuid.UUID, nights: int, refusal: Exception) -> None:
    """The same without an answer: whatever is sent next raises `refusal` where pin() would say False."""
    require(_PIN_ALL, {"claim": claim_id}, rows=nights, otherwise=refusal)


def unpin(claim_id: uuid.UUID) -> dt.datetime | None:
    """Pinned -> held again until the hold's own end, which is returned: another card may be tried."""
    ends = execute(_UNPIN, {"claim": claim_id}).column
    return min((end for end in ends if end), default=None)


def book(claim_id: uuid.UUID, nights: int) -> bool:
    """Pinned -> booked. False when not all of them are the claim's any more."""
    return _count(_BOOK, {"claim": claim_id}) == nights


def book_or_refuse(claim_id: uuid.UUID, nights: int, refusal: Exception) -> None:
    """The same without an answer: whatever is sent next raises `refusal` where book() would say False."""
    require(_BOOK_ALL, {"claim": claim_id}, rows=nights, otherwise=refusal)


def move(claim_id: uuid.UUID, nights: int, owner: uuid.UUID) -> bool:
    """Pinned -> booked for another claim: a change's nights become its booking's.

    False, and none is moved, when there are not so many any more.
    """
    moved = _count(_MOVE, {"claim": claim_id, "owner": owner, "nights": nights})
    if moved not in (0, nights):
        raise RuntimeError(f"{moved} of {nights} nights were moved")
    return moved == nights


def release_unsold(actor: Actor, claim_id: uuid.UUID) -> int:
    """Free what the claim holds or has pinned, and nothing that was sold. Returns how many nights that were."""
    return _freed(actor, execute(_RELEASE_UNSOLD, {"claim": claim_id}).rows)


def release(actor: Actor, claim_id: uuid.UUID, stay: Stay | None = None, *, room_id: uuid.UUID | None = None) -> int:
    """Free whatever the claim has, or what it has within the `stay`, in one room. Returns how many nights that were."""
    if stay is None:
        return _freed(actor, execute(_RELEASE, {"claim": claim_id}).rows)
    return _freed(actor, execute(_RELEASE_PART, {"claim": claim_id, "room": room_id, **_dates(stay)}).rows)


def release_held(actor: Actor, claim_id: uuid.UUID) -> int:
    """For sweepers: free those nights of the claim that are held, and no others. Returns how many that were."""
    return _freed(actor, execute(_RELEASE_HELD, {"claim": claim_id}).rows)


def release_abandoned(actor: Actor, limit: int = 1000) -> int:
    """Free nights whose booking never came: their hold ended more than a minute and less than seven days ago.

    Older ones stand in nobody's way: whoever wants such a night clears it.
    """
    return sum(release_held(actor, claim_id) for claim_id in execute(_ABANDONED, {"limit": limit}).column)


def record_sold(sold: Iterable[Claim]) -> None:
    """Nights that were sold before they came here: booked at once. Raises IntegrityError where one is taken.

    Tells nobody: it is for filling a house.
    """
    rows = [
        {"claim_id": one.id, "room_id": one.room_id, "location": one.location, "night": night, "state": BOOKED}
        for one in sold
        for night in one.stay.dates()
    ]
    db.session.execute(insert(_TABLE), rows)


def sell(actor: Actor, one: Claim) -> list[InTheWay]:
    """Book all nights at once, or none, for who has them already: a reservation that was made elsewhere.

    What stands in the way; nothing where they are the claim's now. The caller may go on with other claims.
    """
    return _take_whole(actor, one, BOOKED)


# --- off sale: blocked


def block(actor: Actor, one: Claim) -> None:
    """Take all nights off sale, or none: raises NightsTaken, which names those that are held, booked or blocked."""
    if others := _take_whole(actor, one, BLOCKED):
        raise NightsTaken({night.night: night.state for night in others})


def unblock(actor: Actor, block_id: uuid.UUID) -> int:
    """Put the block's nights on sale again. Returns how many that were."""
    return _freed(actor, execute(_UNBLOCK, {"claim": block_id}).rows)


# --- looking


def is_free(room_id: uuid.UUID, stay: Stay) -> bool:
    """For showing, never for deciding: true when no night has a row (or only a hold that ran out)."""
    return not taken_nights(room_id, stay)


def taken_nights(room_id: uuid.UUID, stay: Stay) -> set[dt.date]:
    """The nights within `stay` that cannot be had, for calendars."""
    return set(execute(_TAKEN, _range(room_id, stay)).column)


# --- what is over


def prune(place: str, since: dt.date, portion: int) -> list[dt.date]:
    """Delete at most `portion` booked or blocked nights of the place that are over by KEPT_DAYS, from `since` on.

    Returns which. A row that somebody changes at this moment is elsewhere by now, and waits for the next time.
    """
    values = {"place": place, "since": since, "days": KEPT_DAYS, "portion": portion}
    return list(execute(_PRUNE, values).column)


# --- around them


def changed(actor: Actor, room_id: uuid.UUID, location: str, stay: Stay) -> None:
    """Tell the caches once at commit, whatever else the transaction changes, and the outbox in case that fails."""
    dates = {"from": stay.check_in.isoformat(), "to": stay.check_out.isoformat()}
    payload = {"roomId": encode("room", room_id), "location": location, **dates}
    change = messages.record(actor, "availability.updated", payload)
    act_after_commit("changed nights", (location, str(change)), _tell)


def _tell(changes: list[tuple[str, str]]) -> None:
    cache.bump({location for location, _ in changes}, [change for _, change in changes])


def _take(one: Claim, state: str, held_until: dt.datetime | None = None) -> bool:
    """All nights in this state, run-out holds cleared away; False where others have some, and nothing is complete."""
    new = _nights(one, state, held_until)
    if _count(_INSERT, new) == one.stay.nights:
        return True
    return _cleared(one, state) and _count(_INSERT, new) == one.stay.nights


def _take_whole(actor: Actor, one: Claim, state: str) -> list[InTheWay]:
    """All nights or none, and which are somebody else's."""
    complete, nights = _take(one, state), _range(one.room_id, one.stay)
    # Read even where all could be had: beside the key, SERIALIZABLE is to stand in the way by itself.
    others = [InTheWay(*row) for row in execute(_IN_THE_WAY, {"claim": one.id, **nights}).rows]
    if complete and not others:
        changed(actor, one.room_id, one.location, one.stay)
    elif not others:
        raise RoomNotAvailable  # what stood there is gone by now
    else:
        execute(_GIVE_BACK, {"claim": one.id, "taken": state, **nights})
    return others


def _cleared(one: Claim, state: str) -> bool:
    """Give back what this attempt took and delete the run-out holds in its way; False where more than that stands."""
    nights = _range(one.room_id, one.stay)
    execute(_GIVE_BACK, {"claim": one.id, "taken": state, **nights})
    if not all(execute(_STANDING, nights).column):
        return False
    execute(_DELETE_RUN_OUT, nights)
    return True


def _freed(actor: Actor, nights: Sequence[Any]) -> int:
    """Say which nights are on sale again, room by room."""
    for (room_id, location), of_room in groupby(sorted(nights), key=attrgetter("room_id", "location")):
        dates = [night.night for night in of_room]
        changed(actor, room_id, location, Stay(min(dates), max(dates) + dt.timedelta(days=1)))
    return len(nights)


def _nights(one: Claim, state: str, held_until: dt.datetime | None) -> dict[str, Any]:
    """The values of new rows."""
    return {
        "new_room": one.room_id,
        "first_night": one.stay.check_in,
        "days": one.stay.nights - 1,
        "new_location": one.location,
        "new_state": state,
        "new_claim": one.id,
        "until": held_until,
    }


def _range(room_id: uuid.UUID, stay: Stay) -> dict[str, Any]:
    return {"room": room_id, **_dates(stay)}


def _dates(stay: Stay) -> dict[str, Any]:
    return {"check_in": stay.check_in, "check_out": stay.check_out}


def _count(statement: ClauseElement, values: dict[str, Any]) -> int:
    return execute(statement, values).count


# --- the statements, built once

_OWN = _TABLE.c.claim_id == bindparam("claim")
_DATES = and_(_TABLE.c.night >= bindparam("check_in"), _TABLE.c.night < bindparam("check_out"))
_WITHIN = and_(_TABLE.c.room_id == bindparam("room"), _DATES)
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
_INSERT_ALL = required(_INSERT)


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
_PIN_ALL = required(_PIN)
_UNPIN = _moved(HELD, _TABLE.c.state == PINNED).returning(_TABLE.c.held_until)
_BOOK = often(_moved(BOOKED, _TABLE.c.state == PINNED, held_until=None))
_BOOK_ALL = required(_BOOK)
_PINNED = select(func.count()).where(_OTHERS.c.claim_id == bindparam("claim"), _OTHERS.c.state == PINNED)
_ALL_THERE = _PINNED.scalar_subquery() == bindparam("nights", type_=Integer)
_OWNER = bindparam("owner", type_=Uuid)
_MOVE = _moved(BOOKED, _TABLE.c.state == PINNED, _ALL_THERE, held_until=None, claim_id=_OWNER)
_FREE = delete(_TABLE).where(_OWN).returning(_TABLE.c.room_id, _TABLE.c.location, _TABLE.c.night)
_RELEASE = often(_FREE)
_RELEASE_PART = _FREE.where(_DATES, _TABLE.c.room_id == func.coalesce(bindparam("room", type_=Uuid), _TABLE.c.room_id))
_RELEASE_HELD = _FREE.where(_TABLE.c.state == HELD)
_RELEASE_UNSOLD = _FREE.where(or_(_TABLE.c.state == HELD, _TABLE.c.state == PINNED))
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
_UNBLOCK = _FREE.where(_TABLE.c.state == BLOCKED)
_TAKEN = often(select(_TABLE.c.night).where(_WITHIN, ~_RUN_OUT))
_IN_THE_WAY = (
    select(_TABLE.c.night, _TABLE.c.state, _TABLE.c.claim_id)
    .where(_WITHIN, _TABLE.c.claim_id != bindparam("claim"), ~_RUN_OUT)
    .order_by(_TABLE.c.night)
)
_GIVE_BACK = delete(_TABLE).where(_OWN, _WITHIN, _TABLE.c.state == bindparam("taken", type_=String))
_STANDING = select(_RUN_OUT.label("run_out")).where(_WITHIN).with_for_update()
_DELETE_RUN_OUT = delete(_TABLE).where(_WITHIN, _RUN_OUT)
# No index is by night alone: one would cost every claim. Each place has its nights in order, so they go place by place.
# By ctid, since a join with the whole table looks cheap to the planner.
_PRUNE = text(
    "DELETE FROM availability WHERE ctid = ANY (ARRAY("
    " SELECT ctid FROM availability WHERE location = :place"
    "  AND night >= :since AND night < (now() AT TIME ZONE 'UTC')::date - CAST(:days AS integer)"
    "  AND state IN ('booked', 'blocked')"
    "  ORDER BY night LIMIT :portion)) RETURNING night"
)
