"""Notes about a booking, by staff for staff: who wrote them, and when; each is its author's to change or take away.

They may speak of a person: they go with the contact or the account of whoever stays, who is told them with all else
that is kept about them. The audit log says that there was a note, never what it said.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, delete, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.inputs import Input, Version, prose
from booking.domain.people import Action
from booking.domain.reservations import bookings
from booking.domain.reservations.desk_errors import NoteModified, NoteNotFound
from booking.domain.reservations.front_desk.note_models import LONGEST, BookingNote
from booking.domain.reservations.models import Booking
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id

AGAIN = dt.timedelta(minutes=1)  # the same words by the same person within it are one note, sent twice


class NoteText(Input):
    """What somebody writes."""

    text: Annotated[str, Field(max_length=LONGEST), AfterValidator(prose)]


class NoteEdit(NoteText):
    """The same in the place of a version."""

    version: Version


@dataclass(frozen=True, slots=True)
class Note:
    """As it is shown; `is_own` where whoever looks has written it."""

    id: uuid.UUID
    author: str  # as the audit log writes actors
    text: str
    created_at: dt.datetime
    edited_at: dt.datetime | None
    version: int
    is_own: bool


@transaction(isolation=READ_COMMITTED)
def add(actor: Actor, booking_id: uuid.UUID, said: NoteText) -> uuid.UUID:
    """Write a note. The same one twice within a minute is one. Returns its id. Raises BookingNotFound."""
    booking = _permitted(actor, booking_id, lock=True)
    if (same := _just_written(actor, booking_id, said.text)) is not None:
        return same
    new = BookingNote(id=new_id(), booking_id=booking.id, author_id=actor.account, text=said.text)
    db.session.add(new)
    people.audit(actor, "note.added", encode("booking", booking.id))
    return new.id


@transaction(isolation=READ_COMMITTED)
def edit(actor: Actor, booking_id: uuid.UUID, note_id: uuid.UUID, said: NoteEdit) -> None:
    """Say it in other words, in the place of the version that was seen.

    Raises BookingNotFound, NoteNotFound, also for somebody else's; NoteModified where it reads otherwise by now.
    """
    note = _own(actor, booking_id, note_id)
    if note.text == said.text:
        return
    if note.version != said.version:
        raise NoteModified
    note.text, note.edited_at, note.version = said.text, clock.now(), note.version + 1
    people.audit(actor, "note.changed", encode("booking", booking_id))


@transaction(isolation=READ_COMMITTED)
def remove(actor: Actor, booking_id: uuid.UUID, note_id: uuid.UUID) -> None:
    """Take one's own note away; what is gone already stays so. Raises BookingNotFound, NoteNotFound."""
    try:
        note = _own(actor, booking_id, note_id)
    except NoteNotFound:
        if db.session.get(BookingNote, note_id) is None:
            return
        raise
    db.session.delete(note)
    people.audit(actor, "note.removed", encode("booking", booking_id))


def of(actor: Actor, booking_id: uuid.UUID) -> list[Note]:
    """The newest first, inside the caller's transaction, whose actor may see the booking."""
    rows = select(BookingNote).where(BookingNote.booking_id == booking_id).order_by(BookingNote.id.desc())
    return [_note(actor, one) for one in db.session.scalars(rows)]


def _note(actor: Actor, one: BookingNote) -> Note:
    author = f"staff:{encode('user', one.author_id)}"
    return Note(one.id, author, one.text, one.created_at, one.edited_at, one.version, _is_own(actor, one))


def _is_own(actor: Actor, note: BookingNote) -> bool:
    return note.author_id == actor.user_id


def _permitted(actor: Actor, booking_id: uuid.UUID, *, lock: bool = False) -> Booking:
    return bookings.permitted(actor, Action.WRITE_NOTES, booking_id, lock=lock)


def _own(actor: Actor, booking_id: uuid.UUID, note_id: uuid.UUID) -> BookingNote:
    """Locked."""
    _permitted(actor, booking_id)
    known = select(BookingNote).where(BookingNote.id == note_id, BookingNote.booking_id == booking_id)
    note = db.session.scalars(known.with_for_update()).one_or_none()
    if note is None or not _is_own(actor, note):
        raise NoteNotFound
    return note


def _just_written(actor: Actor, booking_id: uuid.UUID, text: str) -> uuid.UUID | None:
    """The booking is locked, so of two presses at once the second finds the first's."""
    same = (
        BookingNote.booking_id == booking_id,
        BookingNote.author_id == actor.account,
        BookingNote.text == text,
        BookingNote.created_at > clock.now() - AGAIN,
    )
    return db.session.scalar(select(BookingNote.id).where(*same).limit(1))


# --- forgotten, and told to whom they are about


def forget(booking_ids: Collection[uuid.UUID]) -> None:
    """Inside the caller's transaction: whoever stayed is being erased."""
    gone = delete(BookingNote).where(BookingNote.booking_id.in_(booking_ids))
    db.session.execute(gone.execution_options(synchronize_session=False))


def about_guest(which: ColumnElement[bool]) -> Sequence[tuple[str, str, dt.datetime]]:
    """Of these bookings, inside the caller's transaction: reference, text, when; by whom is the house's."""
    rows = db.session.execute(
        select(Booking.reference, BookingNote.text, BookingNote.created_at)
        .join(Booking, Booking.id == BookingNote.booking_id)
        .where(which)
        .order_by(BookingNote.id.desc())
    )
    return [(reference, text, at) for reference, text, at in rows]
