"""Named filters of a person's own: saved, renamed and deleted by whoever made them, and seen by nobody else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import func, select

from booking.domain.actors import Actor
from booking.domain.errors import Conflict, NotFound
from booking.domain.inputs import Input, plain, trimmed
from booking.domain.people import permissions, users
from booking.domain.people.permissions import Action
from booking.domain.people.saved_view_models import SavedView
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id

MOST = 20  # of one person


class TooManyViews(Conflict):
    """Of the `most` that somebody may have."""

    code = "TOO_MANY_VIEWS"


class ViewNameTaken(Conflict):
    """Another view of theirs has this name."""

    code = "VIEW_NAME_TAKEN"


class ViewName(Input):
    """What a view is called."""

    view_name: Annotated[str, Field(max_length=60), AfterValidator(plain), AfterValidator(trimmed)]


@reading
def mine(actor: Actor) -> Sequence[SavedView]:
    """By name; none for a visitor."""
    own = select(SavedView).where(SavedView.user_id == actor.user_id)
    return db.session.scalars(own.order_by(func.lower(SavedView.name), SavedView.id)).all()


@transaction(isolation=READ_COMMITTED)
def save(actor: Actor, name: str, asked: Mapping[str, str]) -> uuid.UUID:
    """Keep what is `asked` under this name; under the same name it takes the place of what was asked before.

    Raises NotFound for who sees no bookings of others, TooManyViews.
    """
    if not permissions.reach(actor, Action.SEE_BOOKING):
        raise NotFound
    users.lock(actor.account)  # of two at once, the second counts the first
    if same := _called(actor, name):
        same.filter = dict(asked)
        return same.id
    count = db.session.scalar(select(func.count()).where(SavedView.user_id == actor.account)) or 0
    if count >= MOST:
        raise TooManyViews(most=MOST)
    made = SavedView(id=new_id(), user_id=actor.account, name=name, filter=dict(asked))
    db.session.add(made)
    return made.id


@transaction(isolation=READ_COMMITTED)
def rename(actor: Actor, view_id: uuid.UUID, name: str) -> None:
    """Raises NotFound, also for somebody else's; ViewNameTaken."""
    users.lock(actor.account)
    view = _own(actor, view_id)
    other = _called(actor, name)
    if other and other.id != view.id:
        raise ViewNameTaken
    view.name = name


@transaction(isolation=READ_COMMITTED)
def forget(actor: Actor, view_id: uuid.UUID) -> None:
    """Twice is once. Raises NotFound for somebody else's."""
    found = db.session.get(SavedView, view_id)
    if found is not None:
        db.session.delete(_own(actor, view_id))


def _called(actor: Actor, name: str) -> SavedView | None:
    return db.session.scalar(select(SavedView).where(SavedView.user_id == actor.account, SavedView.name == name))


def _own(actor: Actor, view_id: uuid.UUID) -> SavedView:
    found = db.session.get(SavedView, view_id)
    if found is None or found.user_id != actor.user_id:
        raise NotFound
    return found
