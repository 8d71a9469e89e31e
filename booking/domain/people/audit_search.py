"""The audit log as owners and managers look through it: by who did it, what it was done to, and when; page by page."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select

from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.inputs import CalendarDate, Input, plain
from booking.domain.people import audit_log, names, permissions
from booking.domain.people.audit_log import AuditEntry
from booking.domain.people.audit_models import AuditRecord
from booking.domain.people.models import User
from booking.domain.people.permissions import Action
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

MOST_PEOPLE = 50  # who are meant by a part of a name
KINDS = ("system", "program")  # actors that are no person


class AuditSearch(Input):
    """`who` is a part of a name or an email, or one of KINDS; `thing` the id of what was changed."""

    who: Annotated[str, Field(max_length=120), AfterValidator(plain)] = ""
    thing: Annotated[str, Field(max_length=120), AfterValidator(plain)] = ""
    since: CalendarDate | None = None
    until: CalendarDate | None = None
    after: Annotated[str, Field(max_length=120)] | None = None


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """A page of them, the names of those who acted by how the log writes them, and where the next page begins."""

    entries: list[AuditEntry]
    names: dict[str, str]
    after: str | None


@reading
def find(
    actor: Actor,
    wanted: AuditSearch,
    things: Sequence[str] = (),
    limit: int = 50,
    *,
    by: uuid.UUID | None = None,
    zone: str = "UTC",
) -> FoundEntries:
    """The newest first; `things` are further ids that `thing` stands for; `by`: only what this account did.

    Days begin where the `zone` has midnight.

    Raises NotFound for who may not look.

    By three statements, however many entries are shown.
    """
    permissions.require(actor, Action.SEE_AUDIT_LOG)
    done_by = () if by is None else (AuditRecord.actor_id == by,)
    conditions = *_conditions(wanted, things, ZoneInfo(zone)), *done_by
    records = select(AuditRecord).where(*conditions).order_by(AuditRecord.id.desc())
    rows = db.session.scalars(records.limit(limit + 1)).all()
    entries = audit_log.opened(rows[:limit])
    after = encode("entry", rows[limit - 1].id) if len(rows) > limit else None
    return FoundEntries(entries, names.of_actors({entry.actor for entry in entries}), after)


def _conditions(wanted: AuditSearch, things: Sequence[str], zone: dt.tzinfo) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if who := wanted.who.strip():
        found.append(_by(who))
    if thing := wanted.thing.strip():
        found.append(_about(thing, things))
    if wanted.since:
        found.append(AuditRecord.at >= _midnight(wanted.since, zone))
    if wanted.until:
        found.append(AuditRecord.at < _midnight(wanted.until + dt.timedelta(days=1), zone))
    if wanted.after:
        last = decode("entry", wanted.after)
        if last is None:
            raise NotFound
        found.append(AuditRecord.id < last)
    return found


def _about(thing: str, things: Sequence[str]) -> ColumnElement[bool]:
    """A block is told of at its room: `things` is the room, where it is known."""
    if not thing.startswith("block_"):
        return AuditRecord.subject.in_([thing, *things])
    of_block = or_(AuditRecord.after["block"].astext == thing, AuditRecord.before["block"].astext == thing)
    return and_(AuditRecord.subject.in_(things), of_block) if things else of_block


def _by(who: str) -> ColumnElement[bool]:
    if who.lower() in KINDS:
        return and_(AuditRecord.actor_id.is_(None), AuditRecord.actor.like(f"{who.lower()}%"))
    meant = _meant(who)
    if not meant:
        return false()
    accounts = [encode("user", account) for account in meant]
    of_them = AuditRecord.actor_id.in_(meant), AuditRecord.person_id.in_(meant)
    return or_(*of_them, AuditRecord.subject.in_(accounts))


def _meant(who: str) -> Sequence[uuid.UUID]:
    """Accounts whose name or email has this in it; the id of one is that one."""
    if known := decode("user", who):
        return [known]
    called: Any = func.folded(User.full_name + literal(" ", literal_execute=True) + User.email)
    pattern = literal("%") + func.regexp_replace(func.folded(who), literal(r"([%_\\])"), literal(r"\\\1"), literal("g"))
    return db.session.scalars(select(User.id).where(called.like(pattern + literal("%"))).limit(MOST_PEOPLE)).all()


def _midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=zone)
