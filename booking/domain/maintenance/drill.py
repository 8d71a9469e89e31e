"""Proof that backups can be restored: restore the newest beside the house, and look at what came back."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from booking.domain.maintenance import verification
from booking.infra.backup.restore import Restore, Restored
from booking.infra.db import db

# A booking's row is committed within seconds of the instant that stands in it.
UNDER_WAY = dt.timedelta(minutes=1)
COUNT = text("SELECT count(*) FROM bookings WHERE created_at < :instant")


@dataclass(frozen=True, slots=True)
class RestoredCopy:
    """What a restored copy holds. `bookings` and `live`: how many were made before `compared`, here and in the house.

    `live` is None where the house cannot be asked, `report` where the copy cannot be: `trouble` says why.
    """

    restored: Restored
    compared: dt.datetime
    live: int | None
    report: verification.Report | None = None
    bookings: int = 0
    trouble: str = ""
    seconds: float = 0.0

    @property
    def lost(self) -> int:
        """How many bookings the house has and the copy should have, and has not."""
        return max(0, (self.live or 0) - self.bookings) if self.report else 0

    @property
    def agrees(self) -> bool:
        """Whether it can be trusted. A refund that the house owes is owed in a good copy, too."""
        return self.report is not None and not self.report.damage and not self.lost


def inspect(restore: Restore) -> RestoredCopy:
    """Restore, and look at the copy while its server runs. Raises BackupError where it cannot be restored."""
    began = time.monotonic()
    with restore as restored:
        compared = (restored.upto or restored.plan.backup.began) - UNDER_WAY
        copy = _seen(restore, RestoredCopy(restored, compared, _live(compared)))
    return replace(copy, seconds=time.monotonic() - began)


def _seen(restore: Restore, copy: RestoredCopy) -> RestoredCopy:
    try:
        with restore.server.connection() as opened:
            return replace(copy, report=verification.examine(opened), bookings=_count(opened, copy.compared))
    except DBAPIError as error:
        # The copy is of an older version, or holds no bookings: it is restored all the same.
        return replace(copy, trouble=" ".join(str(error.orig).split()))


def _live(instant: dt.datetime) -> int | None:
    try:
        with db.engine.connect() as opened:
            return _count(opened, instant)
    except DBAPIError:  # that it is lost is what backups are for
        return None


def _count(opened: Connection, instant: dt.datetime) -> int:
    return int(opened.scalar(COUNT, {"instant": instant}) or 0)
