"""Files that belong to no photo: left by a deletion while the storage was away, or by an upload that broke off.

No photo ever gets the key of another one, so what stands in no row now is nobody's for ever; but what is being
uploaded at this moment has no row yet: such a file is left alone for a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue.photos.models import STATES, WAITING, Photo
from booking.domain.catalogue.photos.shown import INCOMING, MADE
from booking.domain.errors import Forbidden
from booking.domain.people import Action
from booking.infra import clock, storage
from booking.infra.db import db, reading

YOUNG = dt.timedelta(days=1)
AT_ONCE = 500  # files whose keys are looked up together


def sweep(actor: Actor) -> int:
    """Remove them; returns how many. Raises Forbidden, and StorageAway where the storage does not answer."""
    people.require(actor, Action.PRUNE, otherwise=Forbidden)
    removed = 0
    for folder in (MADE, INCOMING):
        old = _old(folder)
        while portion := list(islice(old, AT_ONCE)):
            keys = {_key(name) for name in portion}
            # What was sent is needed until its sizes are made.
            kept = _kept(keys, [WAITING] if folder == INCOMING else list(STATES))
            orphans = [name for name in portion if _key(name) not in kept]
            storage.files().remove(orphans)
            removed += len(orphans)
    return removed


def _old(folder: str) -> Iterator[str]:
    limit = clock.now() - YOUNG
    return (file.name for file in storage.files().names(folder) if file.at < limit)


def _key(name: str) -> str:
    return name.split("/")[1]


@reading
def _kept(keys: set[str], states: list[str]) -> set[str]:
    wanted = Photo.storage_key.in_(keys), Photo.state.in_(states)
    return set(db.session.scalars(select(Photo.storage_key).where(*wanted)))
