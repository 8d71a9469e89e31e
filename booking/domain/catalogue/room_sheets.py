"""Files of rooms that somebody uploads: looked at first, each row with what it would do, then applied as it was shown.

All rows that can go in do so in one transaction; those that cannot are named. Longer files: `flask rooms import`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, update

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue.importing import recognise, store
from booking.domain.catalogue.importing.csv_rows import CsvRows
from booking.domain.catalogue.importing.drafts import BadRow, Defaults, RoomDraft
from booking.domain.catalogue.importing.file_text import lines_of
from booking.domain.catalogue.importing.store import FieldChange, Outcome
from booking.domain.catalogue.models import RoomSheet
from booking.domain.errors import Conflict, Forbidden, Invalid, NotFound
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id

LARGEST = 4 * 2**20  # bytes
MOST_ROWS = 1_000


class SheetApplied(Conflict):
    """The file has been imported already."""

    reason = "SHEET_APPLIED"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that does not go in: its line, which column is at fault, why, and what it calls the room."""

    line: int
    column: str
    why: Notice
    name: str


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """What a file would do now. `fingerprint` is what apply() is told, to do that and nothing else."""

    id: uuid.UUID
    file_name: str
    created: Sequence[RoomDraft]
    updated: Sequence[tuple[RoomDraft, Sequence[FieldChange]]]
    unchanged: int
    refused: Sequence[RefusedRow]
    new_properties: Sequence[str]
    fingerprint: str


def keep(actor: Actor, file_name: str, content: bytes) -> uuid.UUID:
    """Keep a file to be looked at, in place of the one before; its id. Raises Forbidden, Invalid."""
    if not people.reach(actor, Action.IMPORT_ROOMS):
        raise Forbidden
    if not content:
        raise Invalid(details={"file": Notice("missing")})
    if len(content) > LARGEST:
        raise Invalid(details={"file": Notice("file_too_large", most=LARGEST // 2**20)})
    if len(list(_opened(content))) > MOST_ROWS:
        raise Invalid(details={"file": Notice("room_rows_too_many", most=MOST_ROWS)})
    shown = "".join(sign for sign in file_name if sign.isprintable())[:255]
    return _keep(str(actor)[:255], shown, content)


@transaction(isolation=READ_COMMITTED, retry_on=("uq_room_sheets_uploaded_by",))
def _keep(by: str, file_name: str, content: bytes) -> uuid.UUID:
    db.session.execute(delete(RoomSheet).where(RoomSheet.uploaded_by == by))
    kept = RoomSheet(id=new_id(), file_name=file_name, content=content, uploaded_by=by)
    db.session.add(kept)
    return kept.id


def look(actor: Actor, sheet_id: uuid.UUID) -> SheetPreview:
    """What it would do now. Raises NotFound where it is not the actor's own, SheetApplied, Invalid."""
    kept = _get(actor, sheet_id)
    drafts, refused = _read(kept.content)
    outcome = store.put(actor, drafts, rehearse=True)
    return _preview(kept, outcome, refused)


def apply(actor: Actor, sheet_id: uuid.UUID, fingerprint: str) -> SheetPreview:
    """Do what look() has shown, and forget what the file says.

    Raises NotFound, SheetApplied, ImportChanged, Invalid.
    """
    kept = _get(actor, sheet_id)
    drafts, refused = _read(kept.content)
    outcome = store.put(actor, drafts, as_rehearsed=fingerprint or "none")
    _empty(sheet_id)
    return _preview(kept, outcome, refused)


@transaction(isolation=READ_COMMITTED)
def _empty(sheet_id: uuid.UUID) -> None:
    """What is left says that it was imported, to whoever comes back to it."""
    db.session.execute(update(RoomSheet).where(RoomSheet.id == sheet_id).values(content=b""))


@transaction(isolation=READ_COMMITTED)
def discard(actor: Actor, sheet_id: uuid.UUID) -> None:
    """Forget the file. Twice is once, and somebody else's stays. Raises NotFound for who imports nothing."""
    if not people.reach(actor, Action.IMPORT_ROOMS):
        raise NotFound
    own = RoomSheet.id == sheet_id, RoomSheet.uploaded_by == str(actor)[:255]
    db.session.execute(delete(RoomSheet).where(*own))


@reading
def _get(actor: Actor, sheet_id: uuid.UUID) -> RoomSheet:
    kept = db.session.get(RoomSheet, sheet_id)
    if kept is None or kept.uploaded_by != str(actor)[:255]:
        raise NotFound
    if not kept.content:
        raise SheetApplied
    return kept


def _opened(content: bytes) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """Raises Invalid for what is no CSV of rooms of ours."""
    try:
        rows = CsvRows(lines_of(content), ",;\t")
    except BadRow as problem:
        raise Invalid(details={"file": problem.notice}) from None
    recognise(rows.header, Defaults())
    return iter(rows)


def _read(content: bytes) -> tuple[list[RoomDraft], list[RefusedRow]]:
    """The rooms of its good rows; of two with one id the first counts."""
    rows = CsvRows(lines_of(content), ",;\t")
    layout = recognise(rows.header, Defaults())
    good: dict[tuple[str | None, str], RoomDraft] = {}
    bad: list[RefusedRow] = []
    for line, cells in rows:
        named = "" if isinstance(cells, BadRow) else cells.get("name", "")
        try:
            if isinstance(cells, BadRow):
                raise cells
            draft = layout.read(cells, line)
            if draft.key in good:
                raise BadRow("source_id", "row_twice", earlier=good[draft.key].line)
            good[draft.key] = draft
        except BadRow as problem:
            bad.append(RefusedRow(line, problem.field, problem.notice, named[:80]))
    return list(good.values()), bad


def _preview(kept: RoomSheet, outcome: Outcome, bad: list[RefusedRow]) -> SheetPreview:
    also = [RefusedRow(draft.line, column, why, draft.name) for draft, column, why in outcome.refused]
    return SheetPreview(
        id=kept.id,
        file_name=kept.file_name,
        created=outcome.created,
        updated=[(draft, outcome.changes[draft.key]) for draft in outcome.updated],
        unchanged=len(outcome.unchanged),
        refused=sorted([*bad, *also], key=lambda one: one.line),
        new_properties=outcome.new_houses,
        fingerprint=outcome.fingerprint(),
    )
