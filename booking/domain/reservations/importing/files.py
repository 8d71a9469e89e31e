"""Uploaded files: kept while somebody looks at them, then taken over in portions, from wherever it was left.

What has become of a row is never written down: the source ids that are here say it. So whatever is interrupted goes on.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import delete

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Invalid, NotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.reservations.importing import rows, store
from booking.domain.reservations.importing.file_models import ImportFile
from booking.domain.reservations.importing.outcomes import READY, RowOutcome, Tally, tally
from booking.domain.stays import StayRules
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id

LARGEST = 8 * 2**20  # bytes
MOST_ROWS = 10_000
SECONDS = 2.0  # that one step may take: whoever asked is waiting for its page


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What was uploaded, and what would become of it now."""

    id: uuid.UUID
    property_id: uuid.UUID
    source: str
    file_name: str
    found: Tally

    @property
    def ready(self) -> int:
        """How many rows can still come in."""
        return self.found.counts[READY]


def keep(actor: Actor, property_id: uuid.UUID, source: str, file_name: str, content: bytes) -> uuid.UUID:
    """Keep a file to be looked at; its id. Raises NotFound, Invalid (NoReservations where it is no such file)."""
    source = store.refuse_unless_source(source)
    if not content:
        raise Invalid(details={"file": Notice("missing")})
    if len(content) > LARGEST:
        raise Invalid(details={"file": Notice("file_too_large", most=LARGEST // 2**20)})
    if sum(1 for _ in rows.opened(content)) > MOST_ROWS:
        raise Invalid(details={"file": Notice("rows_too_many", most=MOST_ROWS)})
    shown = "".join(sign for sign in file_name if sign.isprintable())[:255]
    return _keep(actor, property_id, source, shown, content)


@transaction(isolation=READ_COMMITTED)
def _keep(actor: Actor, property_id: uuid.UUID, source: str, file_name: str, content: bytes) -> uuid.UUID:
    people.require(actor, Action.IMPORT_BOOKINGS, at=property_id, otherwise=NotFound)
    own = ImportFile.property_id == property_id, ImportFile.uploaded_by == str(actor)
    db.session.execute(delete(ImportFile).where(*own))
    kept = ImportFile(id=new_id(), property_id=property_id, source=source, file_name=file_name, content=content)
    kept.uploaded_by = str(actor)
    db.session.add(kept)
    return kept.id


def look(actor: Actor, file_id: uuid.UUID, rules: StayRules) -> KeptFile:
    """What would become of it now. Raises NotFound."""
    kept = _get(actor, file_id)
    house = rows.house_of(actor, kept.property_id)
    found = tally(store.look(actor, house, kept.source, rows.opened(kept.content), rules))
    return KeptFile(kept.id, kept.property_id, kept.source, kept.file_name, found)


def take_over(actor: Actor, file_id: uuid.UUID, rules: StayRules) -> int:
    """Take over what can come in, for about two seconds; how many did. Call again until look() finds none ready.

    Raises NotFound.
    """
    kept = _get(actor, file_id)
    house = rows.house_of(actor, kept.property_id)
    seen = list(rows.opened(kept.content))
    ready = {one.line for one in store.look(actor, house, kept.source, seen, rules) if one.outcome == READY}
    left = (row for row in seen if row[0] in ready)
    return sum(1 for _ in _for_a_while(store.take_over(actor, house, kept.source, left, rules)))


def _for_a_while(done: Iterator[RowOutcome]) -> Iterator[RowOutcome]:
    until = time.monotonic() + SECONDS
    for one in done:
        yield one
        if time.monotonic() > until:
            return


@transaction(isolation=READ_COMMITTED)
def discard(actor: Actor, file_id: uuid.UUID) -> None:
    """Forget the file; what came in stays. Twice is once. Raises NotFound where it is somebody else's."""
    kept = db.session.get(ImportFile, file_id)
    if kept is None:
        return
    people.require(actor, Action.IMPORT_BOOKINGS, at=kept.property_id, otherwise=NotFound)
    db.session.delete(kept)


@reading
def _get(actor: Actor, file_id: uuid.UUID) -> ImportFile:
    kept = db.session.get(ImportFile, file_id)
    at = kept.property_id if kept else None
    people.require(actor, Action.IMPORT_BOOKINGS, at=at, otherwise=NotFound)
    if kept is None:
        raise NotFound
    return kept
