"""The worker's part: what bookings have of each month is written anew after every change, found in the outbox.

At first all bookings are counted, some at a time, by their keys; whoever begins anew keeps what is there until it is
replaced. What was changed meanwhile, its event tells. Of two who do it, the second waits.
"""

from __future__ import annotations

import datetime as dt
import math
import time
import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.figures import blocked_nights
from booking.domain.figures.models import FiguresProgress, SoldMonth
from booking.domain.figures.sold_nights import KEEP
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.domain.stays import StayRules
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, execute, reading, transaction
from booking.infra.ids import decode, first_id_at

# What committed later than it was recorded must not be passed by: no transaction takes longer.
SETTLED = dt.timedelta(seconds=10)
MOVES_ON = dt.timedelta(hours=1)  # then what was looked through in vain is not looked through again
BEHIND = messages.EVENTS_KEPT - dt.timedelta(days=1)  # by more, events may be gone: then all is counted anew
MOST_EVENTS, MOST_BOOKINGS = 100, 100  # at once
NONE_YET = uuid.UUID(int=0)
# After these a booking has sold something else than before. A hold has sold nothing.
EVENTS = (
    *("booking.confirmed", "booking.imported", "booking.cancelled", "booking.changed"),
    *("booking.arrived", "booking.departed", "booking.missed", "booking.reverted"),
)


def keep(actor: Actor, rules: StayRules) -> int:
    """One step: follow the events, and count some of the bookings that were never counted. Returns how many bookings.

    Raises NotFound for who keeps no figures.
    """
    people.require(actor, Action.KEEP_FIGURES)
    return _follow(rules) + _count_more(rules)


def keep_all(actor: Actor, rules: StayRules, *, seconds: float = math.inf) -> int:
    """Until nothing is left to do, or so long. Returns how many bookings."""
    done, end = 0, time.monotonic() + seconds
    while step := keep(actor, rules):
        done += step
        if time.monotonic() > end:
            break
    return done


def begin_anew(actor: Actor) -> None:
    """Have all bookings counted once more. Raises NotFound."""
    people.require(actor, Action.KEEP_FIGURES)
    transaction(isolation=READ_COMMITTED)(_begin)()


def keep_blocked(actor: Actor) -> None:
    """Write down how many nights rooms were off sale, before it is forgotten. Raises NotFound."""
    people.require(actor, Action.KEEP_FIGURES)
    blocked_nights.freeze()


@transaction(isolation=READ_COMMITTED)
def _follow(rules: StayRules) -> int:
    """What has happened since, as far as nobody can record anything before it any more."""
    progress = _locked()
    until = first_id_at(clock.now() - SETTLED)
    if until <= progress.event_id:
        return 0
    rows = db.session.execute(
        select(messages.Event.id, messages.Event.payload["bookingId"].astext)
        .where(messages.Event.id > progress.event_id, messages.Event.id <= until, messages.Event.type.in_(EVENTS))
        .order_by(messages.Event.id)
        .limit(MOST_EVENTS)
    ).all()
    found = {known for _, shown in rows if shown and (known := decode("booking", shown))}
    _write(found, rules)
    if len(rows) == MOST_EVENTS:
        _move(event_id=rows[-1].id)
    elif rows or clock.now() - progress.counted_at > MOVES_ON:
        _move(event_id=until)
    return len(found)


@transaction(isolation=READ_COMMITTED)
def _count_more(rules: StayRules) -> int:
    """Some more of those that were never counted."""
    progress = _locked()
    if progress.booking_id is None:
        return 0
    after = select(Booking.id).where(Booking.id > progress.booking_id).order_by(Booking.id).limit(MOST_BOOKINGS)
    found: Sequence[uuid.UUID] = db.session.scalars(after).all()
    _write(found, rules)
    _move(booking_id=found[-1] if len(found) == MOST_BOOKINGS else None)
    return len(found)


def _locked() -> FiguresProgress:
    """How far it has come; inside the caller's transaction, which nobody else enters meanwhile."""
    progress = db.session.scalar(select(FiguresProgress).with_for_update())
    if progress is None or progress.event_id < first_id_at(clock.now() - BEHIND):
        _begin()
        progress = db.session.scalars(
            select(FiguresProgress).with_for_update().execution_options(populate_existing=True)
        ).one()
    return progress


def _begin() -> None:
    fresh = {"event_id": first_id_at(clock.now() - SETTLED), "booking_id": NONE_YET, "counted_at": clock.now()}
    put = insert(FiguresProgress).values(id=1, **fresh)
    db.session.execute(put.on_conflict_do_update(index_elements=["id"], set_=fresh))


def _move(**columns: uuid.UUID | None) -> None:
    moved = update(FiguresProgress).values(**columns, counted_at=clock.now())
    db.session.execute(moved.execution_options(synchronize_session=False))


def _write(bookings: Collection[uuid.UUID], rules: StayRules) -> None:
    """What they have sold by now in the place of what they had."""
    if not bookings:
        return
    gone = delete(SoldMonth).where(SoldMonth.booking_id.in_(bookings))
    db.session.execute(gone.execution_options(synchronize_session=False))
    execute(KEEP, {"bookings": list(map(str, bookings)), "day_begins": day_begins(rules)})


def day_begins(rules: StayRules) -> dt.timedelta:
    """How long after midnight."""
    return dt.timedelta(hours=rules.day_begins_at.hour, minutes=rules.day_begins_at.minute)


@reading
def counted_at() -> tuple[dt.datetime | None, bool]:
    """When the worker has counted last, and whether all bookings are counted."""
    row = db.session.execute(select(FiguresProgress.counted_at, FiguresProgress.booking_id)).one_or_none()
    return (row.counted_at, row.booking_id is None) if row else (None, False)
