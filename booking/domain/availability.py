"""The truth about nights: claim, pin, book, release, block. A night without a row is free.

No other module touches the table. A claim is known by its id alone, so a claim whose booking is not there (yet) is
legal and ends with its hold; this is the seam where a region will talk to the global catalogue.
"""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any, cast

from sqlalchemy import (
    CursorResult,
    Date,
    DateTime,
    Integer,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from booking.domain import events
from booking.domain.errors import Conflict, RoomNotAvailable
from booking.domain.models import Availability
from booking.domain.models.rooms import BLOCKED, BOOKED, HELD, PINNED
from booking.domain.stays import Stay
from booking.infra import cache
from booking.infra.clock import sql_now
from booking.infra.db import after_commit, db
from booking.infra.ids import encode

_TABLE = cast(Table, Availability.__table__)


class NightsBlocked(Conflict):
    code, message = "NIGHTS_TAKEN", "Some of these nights are held or booked."


def claim(claim_id: uuid.UUID, room_id: uuid.UUID, location: str, stay: Stay, held_until: dt.datetime) -> None:
    """Hold all nights of the stay for `claim_id`, or none: raises RoomNotAvailable.

    One INSERT in night order (so that two claims never wait for each other in a circle); the primary key refuses what
    is taken, and the count decides. Nights whose hold has run out are cleared and the attempt starts anew.
    """
    if _insert(claim_id, room_id, location, stay, held_until=held_until, state=HELD) < stay.nights:
        _clear_run_out(claim_id, room_id, stay)
        if _insert(claim_id, room_id, location, stay, held_until=held_until, state=HELD) < stay.nights:
            raise RoomNotAvailable
    changed(room_id, location, stay)


def pin(claim_id: uuid.UUID, nights: int) -> bool:
    """Held -> pinned, for a payment: pinned nights do not end by time. False when the hold is over."""
    return _execute(_PIN, {"claim": claim_id}) == nights


def unpin(claim_id: uuid.UUID) -> dt.datetime | None:
    """Pinned -> held again until the hold's own end, which is returned: another card may be tried."""
    back = (
        update(Availability)
        .where(Availability.claim_id == claim_id, Availability.state == PINNED)
        .values(state=HELD, version=Availability.version + 1)
        .returning(Availability.held_until)
    )
    ends = db.session.scalars(back.execution_options(synchronize_session=False)).all()
    return min((end for end in ends if end), default=None)


def book(claim_id: uuid.UUID, nights: int) -> bool:
    """Pinned -> booked. False when not all of them are the claim's any more."""
    return _execute(_BOOK, {"claim": claim_id}) == nights


def release(claim_id: uuid.UUID) -> int:
    """Free whatever the claim has. Returns how many nights that were."""
    rows = db.session.execute(
        delete(Availability)
        .where(Availability.claim_id == claim_id)
        .returning(Availability.room_id, Availability.location, Availability.night)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        nights = [row.night for row in rows]
        changed(rows[0].room_id, rows[0].location, Stay(min(nights), max(nights) + dt.timedelta(days=1)))
    return len(rows)


def release_abandoned(limit: int = 1000) -> int:
    """Free nights whose hold ended more than a minute ago and that no sweeper has claimed: their booking never came."""
    old = (
        select(Availability.claim_id)
        .where(
            Availability.state == HELD,
            Availability.held_until.between(sql_now() - dt.timedelta(days=7), sql_now() - dt.timedelta(minutes=1)),
        )
        .distinct()
        .limit(limit)
    )
    return sum(release(claim_id) for claim_id in db.session.scalars(old).all() if claim_id)


def block(room_id: uuid.UUID, location: str, stay: Stay) -> None:
    """Take nights off sale; raises NightsBlocked where one is held or booked, and changes nothing then."""
    _insert(None, room_id, location, stay, held_until=None, state=BLOCKED)
    blocked = select(Availability.night).where(_within(room_id, stay), Availability.state == BLOCKED)
    if len(db.session.scalars(blocked).all()) < stay.nights:
        raise NightsBlocked
    changed(room_id, location, stay)


def unblock(room_id: uuid.UUID, location: str, stay: Stay) -> int:
    """Put blocked nights on sale again. Returns how many nights that were."""
    result = _execute(delete(Availability).where(_within(room_id, stay), Availability.state == BLOCKED))
    changed(room_id, location, stay)
    return result


def is_free(room_id: uuid.UUID, stay: Stay) -> bool:
    """For showing, never for deciding: true when no night has a row (or only a hold that ran out)."""
    taken = exists().where(_within(room_id, stay), ~_run_out())
    return not db.session.scalar(select(taken))


def taken_nights(room_id: uuid.UUID, stay: Stay) -> set[dt.date]:
    """The nights within `stay` that cannot be had, for calendars."""
    return set(db.session.scalars(select(Availability.night).where(_within(room_id, stay), ~_run_out())))


def changed(room_id: uuid.UUID, location: str, stay: Stay) -> None:
    """Tell the caches at commit, and the outbox in case that fails."""
    payload = {
        "roomId": encode("room", room_id),
        "location": location,
        "from": stay.check_in.isoformat(),
        "to": stay.check_out.isoformat(),
    }
    events.record("availability.updated", payload)
    after_commit(partial(cache.bump, [location]))


_DAY = func.generate_series(0, bindparam("days", type_=Integer)).column_valued("day")
_INSERT = (
    insert(_TABLE)
    .from_select(
        ["room_id", "night", "location", "state", "claim_id", "held_until"],
        select(
            bindparam("new_room", type_=Uuid),
            bindparam("first_night", type_=Date) + _DAY,
            bindparam("new_location", type_=String),
            bindparam("new_state", type_=String),
            bindparam("new_claim", type_=Uuid),
            bindparam("until", type_=DateTime(timezone=True)),
        ).order_by(_DAY),
    )
    .on_conflict_do_nothing()
)


def _insert(
    claim_id: uuid.UUID | None,
    room_id: uuid.UUID,
    location: str,
    stay: Stay,
    *,
    held_until: dt.datetime | None,
    state: str,
) -> int:
    new = {"new_room": room_id, "first_night": stay.check_in, "days": stay.nights - 1, "new_location": location}
    return _execute(_INSERT, new | {"new_state": state, "new_claim": claim_id, "until": held_until})


def _clear_run_out(claim_id: uuid.UUID, room_id: uuid.UUID, stay: Stay) -> None:
    """Give back what this attempt took, and delete the run-out holds in its way; raises where more than that stands."""
    _execute(delete(Availability).where(Availability.claim_id == claim_id))
    standing = select(_run_out().label("run_out")).where(_within(room_id, stay)).with_for_update()
    if not all(db.session.scalars(standing)):
        raise RoomNotAvailable
    _execute(delete(Availability).where(_within(room_id, stay), _run_out()))


def _within(room_id: uuid.UUID, stay: Stay) -> Any:
    return and_(
        Availability.room_id == room_id, Availability.night >= stay.check_in, Availability.night < stay.check_out
    )


def _run_out() -> Any:
    return and_(Availability.state == HELD, Availability.held_until <= sql_now())


def _execute(statement: Any, values: dict[str, Any] | None = None) -> int:
    quick = {"synchronize_session": False}
    return _count(db.session.execute(statement, values, execution_options=quick))


def _count(result: Any) -> int:
    return int(result.rowcount) if isinstance(result, CursorResult) else 0


def _moved(state: str, *where: Any, **values: Any) -> Any:
    own = Availability.claim_id == bindparam("claim")
    return update(_TABLE).where(own, *where).values(state=state, version=_TABLE.c.version + 1, **values)


_PIN = _moved(PINNED, Availability.state == HELD, Availability.held_until > sql_now())
_BOOK = _moved(BOOKED, Availability.state == PINNED, held_until=None)
