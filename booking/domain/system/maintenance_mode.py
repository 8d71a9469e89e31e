"""Maintenance mode: guests find the house closed, with a notice; staff and the worker go on.

It is set in Postgres. Each process keeps what it has read for some seconds, so that no request pays for asking.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.system.errors import UnderMaintenance
from booking.domain.system.inputs import MaintenanceOrder
from booking.domain.system.models import ONLY, MaintenanceMode
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, after_commit, db, fetch, transaction
from booking.infra.kept import Kept
from booking.infra.prepared import often

USUAL_WAIT = 300  # seconds after which programs may ask again where nobody has said until when
SUBJECT = "maintenance"


@dataclass(frozen=True, slots=True)
class Maintenance:
    """From `begins_at` on until somebody ends it; `until` is what guests are told. Instants, read in `time_zone`."""

    begins_at: dt.datetime
    until: dt.datetime | None
    notice: str
    time_zone: str

    @property
    def is_on(self) -> bool:
        """Whether it has begun."""
        return self.begins_at <= clock.now()

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been ended by now."""
        return self.until is not None and self.until <= clock.now()

    @property
    def seconds_left(self) -> int:
        """Until when it is worth asking again."""
        left = (self.until - clock.now()).total_seconds() if self.until else 0
        return math.ceil(left) if left > 0 else USUAL_WAIT


@transaction(isolation=READ_COMMITTED)
def begin(actor: Actor, asked: MaintenanceOrder) -> Maintenance:
    """Close the house to guests, or say when it will be; what was said before is replaced. Raises NotFound."""
    people.require(actor, Action.KEEP_SYSTEM)
    mode = Maintenance(asked.begins_at or clock.now(), asked.until, asked.notice, asked.time_zone)
    row = {name: getattr(mode, name) for name in ("begins_at", "until", "notice", "time_zone")}
    put = insert(MaintenanceMode).values(id=ONLY, **row)
    db.session.execute(put.on_conflict_do_update(index_elements=["id"], set_=row))
    people.audit(actor, "maintenance.set", SUBJECT, after=_facts(mode))
    after_commit(_MODE.forget)
    return mode


@transaction(isolation=READ_COMMITTED)
def end(actor: Actor) -> bool:
    """Open the house again, or give up what was planned. False where there was nothing to end. Raises NotFound."""
    people.require(actor, Action.KEEP_SYSTEM)
    gone = db.session.scalars(delete(MaintenanceMode).returning(MaintenanceMode)).one_or_none()
    if gone is None:
        return False
    people.audit(actor, "maintenance.ended", SUBJECT, before=_facts(_of(gone)))
    after_commit(_MODE.forget)
    return True


def get(actor: Actor) -> Maintenance | None:
    """What is set at this moment, None where nothing is. Raises NotFound."""
    people.require(actor, Action.KEEP_SYSTEM)
    return _read()


def _facts(mode: Maintenance) -> dict[str, str | None]:
    return {
        "notice": mode.notice,
        "beginsAt": people.as_utc_text(mode.begins_at),
        "until": people.as_utc_text(mode.until),
    }


# --- asked with every request

_ASKED = often(
    select(MaintenanceMode.begins_at, MaintenanceMode.until, MaintenanceMode.notice, MaintenanceMode.time_zone)
)


def _read() -> Maintenance | None:
    found = fetch(_ASKED)
    return Maintenance(*found[0]) if found else None


_MODE: Kept[Maintenance | None] = Kept("maintenance_mode", _read, None)


def now() -> Maintenance | None:
    """What is set, as this process has read it in the last seconds: planned or on. None: nothing is."""
    return _MODE.get()


def is_closed() -> bool:
    """Whether guests find the house closed now."""
    mode = now()
    return mode is not None and mode.is_on


def refuse() -> None:
    """Raise UnderMaintenance while it is on."""
    mode = now()
    if mode and mode.is_on:
        raise UnderMaintenance(notice=mode.notice, retry_after=mode.seconds_left)


def _of(row: MaintenanceMode) -> Maintenance:
    return Maintenance(row.begins_at, row.until, row.notice, row.time_zone)
