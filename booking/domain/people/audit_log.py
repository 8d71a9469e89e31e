"""What staff, programs and the system changed, and when: added in the transaction of the change, and never edited.

What guests do in their own name stands in the events. Values about a person are sealed with a key of that person's;
erasing the person destroys the key, in Postgres and, once they are old enough to be deleted, in the backups.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert

from booking.domain.actors import Actor, ActorKind
from booking.domain.errors import NotFound
from booking.domain.people import permissions
from booking.domain.people.audit_models import AuditRecord, PersonKey
from booking.domain.people.permissions import Action
from booking.infra import callers, sealing, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import buffer_until_commit, db, defer, execute, reading
from booking.infra.ids import encode, new_id

Facts = Mapping[str, Any]

MOST_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class Personal:
    """Values about one person, as they were and as they are: sealed with that person's key."""

    person_id: uuid.UUID
    before: Facts = field(default_factory=dict)
    after: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change as the log tells it; `personal` is None where it has none, or where its person was erased.

    It is also None where the entry is `unreadable`: damaged since it was written, or put there by hand.
    """

    id: uuid.UUID
    at: dt.datetime
    actor: str
    action: str
    subject: str
    before: Facts
    after: Facts
    person_id: uuid.UUID | None
    personal: Personal | None
    door: str  # the pattern of a page's or endpoint's address, a command, a program's name; empty in older entries
    request_id: str
    unreadable: bool = False

    @property
    def was(self) -> dict[str, Any]:
        """All that is said of before, also of its person."""
        return {**self.before, **(self.personal.before if self.personal else {})}

    @property
    def now(self) -> dict[str, Any]:
        """The same of afterwards."""
        return {**self.after, **(self.personal.after if self.personal else {})}

    @property
    def is_erased(self) -> bool:
        """Whether it was about somebody of whom nobody can read any more."""
        return self.person_id is not None and self.personal is None and not self.unreadable


def record(
    actor: Actor,
    action: str,
    subject: str,
    *,
    before: Facts | None = None,
    after: Facts | None = None,
    personal: Personal | None = None,
) -> None:
    """Inside the caller's transaction: the actor did this to that. `before` and `after` say nothing about persons.

    Guests in their own name are left to the events. All entries of a transaction go in by one statement.
    """
    if actor.kind is ActorKind.GUEST:
        return
    entry = {
        "id": new_id(),
        "actor": str(actor)[:255],
        "actor_id": actor.user_id,
        "action": action,
        "subject": subject[:255],
        "before": json.dumps(before) if before else None,
        "after": json.dumps(after) if after else None,
        "personal": personal,
        "door": (callers.door() or actor.name)[:160],
        "request_id": telemetry.request_id()[:64],
    }
    buffer_until_commit("audit log", [entry], _write)


def _write(entries: list[dict[str, Any]]) -> None:
    keys = _keys({entry["personal"].person_id for entry in entries if entry["personal"]})
    rows = [_row(entry, keys) for entry in entries]
    defer(_ADD, {name: [row[name] for row in rows] for name in _COLUMNS})


def _row(entry: dict[str, Any], keys: Mapping[uuid.UUID, bytes]) -> dict[str, Any]:
    personal: Personal | None = entry["personal"]
    person_id = personal.person_id if personal else None
    sealed = None
    if personal and (key := keys.get(personal.person_id)):
        values = {"before": dict(personal.before), "after": dict(personal.after)}
        sealed = sealing.seal(values, key, _place(entry["id"], personal.person_id))
    return entry | {"person_id": person_id, "sealed": sealed}


def _place(entry_id: uuid.UUID, person_id: uuid.UUID) -> bytes:
    return entry_id.bytes + person_id.bytes


# --- keys


def _keys(person_ids: set[uuid.UUID]) -> dict[uuid.UUID, bytes]:
    """The persons' keys, made where there are none yet; none for whoever was erased.

    Locked, so that a key is not destroyed before what it seals has been written: then it opens that no more, either.
    """
    if not person_ids:
        return {}
    wanted = sorted(person_ids)
    execute(_NEW_KEYS, {"persons": wanted, "keys": [sealing.new_key() for _ in wanted]})
    return {row.user_id: bytes(row.key) for row in execute(_KEYS, {"persons": wanted}).rows if row.key is not None}


def forget(person_id: uuid.UUID) -> None:
    """Inside the caller's transaction: nobody can read any more what the log says about this person."""
    gone = insert(PersonKey).values(user_id=person_id, key=None, destroyed_at=sql_now())
    again = {"key": None, "destroyed_at": sql_now()}
    db.session.execute(gone.on_conflict_do_update(index_elements=["user_id"], set_=again))


# --- looking


@reading
def entries(
    actor: Actor, *, subject: str | None = None, by: uuid.UUID | None = None, limit: int = 100
) -> list[AuditEntry]:
    """The newest entries, of one subject or by one account where that is said. Raises NotFound for who may not look."""
    permissions.require(actor, Action.SEE_AUDIT_LOG)
    wanted = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(min(limit, MOST_SHOWN))
    if subject is not None:
        wanted = wanted.where(AuditRecord.subject == subject)
    if by is not None:
        wanted = wanted.where(AuditRecord.actor_id == by)
    return opened(db.session.scalars(wanted).all())


@reading
def get(actor: Actor, entry_id: uuid.UUID) -> AuditEntry:
    """Raises NotFound, also for who may not look."""
    permissions.require(actor, Action.SEE_AUDIT_LOG)
    found = db.session.scalars(select(AuditRecord).where(AuditRecord.id == entry_id)).one_or_none()
    if found is None:
        raise NotFound
    return opened([found])[0]


@reading
def latest_of(subject: str, actions: str) -> uuid.UUID | None:
    """The newest entry about this whose action begins so."""
    about = AuditRecord.subject == subject, AuditRecord.action.startswith(actions, autoescape=True)
    return db.session.scalar(select(AuditRecord.id).where(*about).order_by(AuditRecord.id.desc()).limit(1))


def of_things(subjects: Sequence[str], limit: int = 200) -> list[AuditEntry]:
    """What was changed about these, the newest first, inside the caller's transaction, whose actor may see them.

    Without what is sealed of persons.
    """
    wanted = select(AuditRecord).where(AuditRecord.subject.in_(subjects)).order_by(AuditRecord.id.desc())
    return [_entry(row, None) for row in db.session.scalars(wanted.limit(limit))]


def about(person_id: uuid.UUID) -> list[AuditEntry]:
    """What was changed about one person or their account, the newest first, inside the caller's transaction.

    They may know it.
    """
    mine = or_(AuditRecord.person_id == person_id, AuditRecord.subject == encode("user", person_id))
    return opened(db.session.scalars(select(AuditRecord).where(mine).order_by(AuditRecord.id.desc())).all())


def opened(rows: Sequence[AuditRecord]) -> list[AuditEntry]:
    """Records that somebody may see, inside the caller's transaction, with what their keys open."""
    persons = {row.person_id for row in rows if row.sealed}
    kept = select(PersonKey).where(PersonKey.user_id.in_(persons), PersonKey.key.is_not(None))
    keys = {row.user_id: row.key for row in db.session.scalars(kept)} if persons else {}
    return [_entry(row, keys.get(row.person_id) if row.person_id else None) for row in rows]


def _entry(row: AuditRecord, key: bytes | None) -> AuditEntry:
    personal, unreadable = None, False
    if row.sealed and row.person_id and key:
        try:
            values = sealing.opened(row.sealed, key, _place(row.id, row.person_id))
            personal = Personal(row.person_id, values["before"], values["after"])
        except ValueError as error:
            telemetry.log.error("audit_entry_unreadable", entry_id=str(row.id), error=str(error))
            unreadable = True
    before, after = row.before or {}, row.after or {}
    about = row.person_id, personal, row.door, row.request_id, unreadable
    return AuditEntry(row.id, row.at, row.actor, row.action, row.subject, before, after, *about)


# --- the statements, built once

_TYPES = {
    "id": "uuid",
    "actor": "text",
    "actor_id": "uuid",
    "action": "text",
    "subject": "text",
    "before": "jsonb",
    "after": "jsonb",
    "person_id": "uuid",
    "sealed": "bytea",
    "door": "text",
    "request_id": "text",
}
_COLUMNS = tuple(_TYPES)
_ADD = text(
    f"INSERT INTO audit_log ({', '.join(_COLUMNS)}) SELECT * FROM"  # noqa: S608 names of ours
    f" unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _TYPES.items())})"
)
_NEW_KEYS = text(
    "INSERT INTO person_keys (user_id, key) SELECT * FROM unnest(CAST(:persons AS uuid[]), CAST(:keys AS bytea[]))"
    " ON CONFLICT DO NOTHING"
)
_KEYS = text("SELECT user_id, key FROM person_keys WHERE user_id = ANY (CAST(:persons AS uuid[])) FOR SHARE")
