"""The worker's part: one photo at a time, the one that has waited longest, so that memory is bounded.

What is to be done stands in the table: a worker that is killed loses nothing, another one begins anew when the claim
has run out. Where the storage is away it waits, longer each time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Interval, Select, String, any_, bindparam, func, select, update

from booking.domain.actors import Actor
from booking.domain.catalogue.photos import keeping, places
from booking.domain.catalogue.photos.models import BROKEN, FAILED, LOST, READY, UNREADABLE, WAITING, Photo
from booking.domain.catalogue.photos.shown import JPEG_WIDTHS, WIDTHS, original, stored_as
from booking.infra import pictures, storage, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, READ_COMMITTED, db, execute, reading, transaction
from booking.infra.pictures import Interrupted, Made, Unreadable
from booking.infra.storage import StorageAway

LEASE = dt.timedelta(minutes=3)  # longer than the program may take, with the files on their way
LONGEST_PAUSE = dt.timedelta(minutes=5)
ATTEMPTS = 5  # of a photo over which our own program breaks


@dataclass(frozen=True, slots=True)
class _Claim:
    key: str
    attempts: int


def make_next(actor: Actor, told_to_stop: Callable[[], bool] = lambda: False) -> bool:
    """Make the sizes of the photo that has waited longest, and show it. False where there was none, or it has to wait.

    Raises RuntimeError where the program that makes them is broken; the photo is tried again later.
    """
    claim = _claimed()
    if claim is None:
        return False
    try:
        content = storage.files().fetch(original(claim.key))
        if content is None:
            _give_up(actor, claim.key, LOST)
            return True
        made = pictures.make(content, WIDTHS, JPEG_WIDTHS, told_to_stop=told_to_stop)
        for name, file in made.files.items():
            storage.files().put(stored_as(claim.key, name), file)
        _show(actor, claim.key, made)
    except Unreadable as trouble:
        telemetry.log.warning("photo_unreadable", key=claim.key, error=str(trouble))
        _give_up(actor, claim.key, UNREADABLE)
    except Interrupted:
        _put_off(claim.key, dt.timedelta(0))
        return False
    except StorageAway as trouble:
        telemetry.log.warning("photo_put_off", key=claim.key, error=str(trouble))
        _put_off(claim.key, min(dt.timedelta(seconds=2 ** min(claim.attempts, 10)), LONGEST_PAUSE))
        return False
    except RuntimeError:
        if claim.attempts >= ATTEMPTS:
            _give_up(actor, claim.key, BROKEN)
        raise
    return True


@transaction(isolation=AUTOCOMMIT)
def _claimed() -> _Claim | None:
    rows = execute(_CLAIM, {"lease": LEASE}).rows
    return _Claim(rows[0].storage_key, rows[0].attempts) if rows else None


@transaction(isolation=AUTOCOMMIT)
def _put_off(key: str, pause: dt.timedelta) -> None:
    execute(_PUT_OFF, {"key": key, "pause": pause})


def _show(actor: Actor, key: str, made: Made) -> None:
    """All rows with this key have their sizes; where there is none any more, their files go again.

    There may be one that another worker was quicker with: these are its files.
    """
    widths = sorted({min(width, made.width) for width in WIDTHS})
    values = {"state": READY, "width": made.width, "height": made.height, "widths": widths}
    shown = _settle(actor, key, values)
    left = [] if shown or _is_in_use(key) else [stored_as(key, name) for name in made.files]
    keeping.discard([original(key), *left])


@reading
def _is_in_use(key: str) -> bool:
    return db.session.scalar(select(Photo.id).where(Photo.storage_key == key).limit(1)) is not None


def _give_up(actor: Actor, key: str, problem: str) -> None:
    _settle(actor, key, {"state": FAILED, "problem": problem})
    keeping.discard([original(key)])


@transaction(isolation=READ_COMMITTED)
def _settle(actor: Actor, key: str, values: dict[str, Any]) -> int:
    """How many photos it was about. Whoever shares the key with one of them meanwhile waits for its row, or is found
    in another look.
    """
    settled = 0
    while photo := db.session.scalars(_of_key(key)).first():
        owner = places.entered(actor, places.place_of(photo), locked=True)
        for name, value in values.items():
            setattr(photo, name, value)
        db.session.flush()
        places.tell(actor, owner)
        settled += 1
    return settled


def _of_key(key: str) -> Select[Photo]:
    waiting = select(Photo).where(Photo.storage_key == key, Photo.state == WAITING).order_by(Photo.id).limit(1)
    return waiting.with_for_update().execution_options(populate_existing=True)


_NEXT = (
    select(Photo.id)
    .where(Photo.state == WAITING, Photo.next_at <= sql_now())
    .order_by(Photo.next_at, Photo.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(Photo)
    .where(Photo.id == any_(func.array(_NEXT.scalar_subquery())))
    .values(next_at=sql_now() + bindparam("lease", type_=Interval), attempts=Photo.attempts + 1)
    .returning(Photo.storage_key, Photo.attempts)
)
_PUT_OFF = (
    update(Photo)
    .where(Photo.storage_key == bindparam("key", type_=String), Photo.state == WAITING)
    .values(next_at=sql_now() + bindparam("pause", type_=Interval))
)
