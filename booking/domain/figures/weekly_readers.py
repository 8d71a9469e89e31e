"""Who gets the figures of the week by email, each Monday: each person's own choice, within what they may see."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import AccountNotFound, NotFound
from booking.domain.people import Action, AlertReader, FiguresReader
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction


@reading
def wants(actor: Actor) -> bool:
    """Whether the actor gets them. Raises NotFound for who may not see them."""
    _require(actor)
    return db.session.get(FiguresReader, actor.account) is not None


@transaction(isolation=READ_COMMITTED)
def choose(actor: Actor, *, wanted: bool, whose: uuid.UUID | None = None) -> None:
    """Get them from the next Monday on, or no more; a command may say so for somebody else (`whose`).

    Raises NotFound for who may not see them, AccountNotFound.
    """
    user_id = whose or actor.account
    if user_id == actor.user_id:
        _require(actor)
    else:
        people.require(actor, Action.GIVE_ROLES, otherwise=AccountNotFound)
        if not _who_may_see(one for one in people.alert_readers_within() if one.user_id == user_id):
            raise NotFound
    if not wanted:
        db.session.execute(delete(FiguresReader).where(FiguresReader.user_id == user_id))
        return
    row = {"user_id": user_id, "told_on": monday_of(clock.now().date())}
    db.session.execute(insert(FiguresReader).values(row).on_conflict_do_nothing())


@reading
def told() -> dict[uuid.UUID, dt.date]:
    """Of all who want them, the Monday of the last email."""
    return dict(db.session.execute(select(FiguresReader.user_id, FiguresReader.told_on)).all())


def readers(wanted: Iterable[uuid.UUID]) -> dict[uuid.UUID, Actor]:
    """Those of these people who may sign in and still see figures, as who they may do it."""
    known = set(wanted)
    return _who_may_see(one for one in people.alert_readers() if one.user_id in known)


def note_told(user_id: uuid.UUID, monday: dt.date) -> bool:
    """Inside the caller's transaction: the email of this Monday is on its way. False where it was already."""
    behind = FiguresReader.user_id == user_id, FiguresReader.told_on < monday
    moved = update(FiguresReader).where(*behind).values(told_on=monday).returning(FiguresReader.user_id)
    return bool(db.session.scalars(moved.execution_options(synchronize_session=False)).all())


def monday_of(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _require(actor: Actor) -> None:
    if not people.reach(actor, Action.SEE_FIGURES):
        raise NotFound


def _who_may_see(readers: Iterable[AlertReader]) -> dict[uuid.UUID, Actor]:
    return {one.user_id: one.actor for one in readers if people.reach(one.actor, Action.SEE_FIGURES)}
