"""Text messages as they are sent: composed, taken by the provider, and what it tells of them afterwards."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.messages import Task
from booking.domain.people import Action
from booking.domain.texting import consents
from booking.domain.texting.models import SentText, TextConsent
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction

TEXT = "text"  # the consumer that sends them
LONGEST_CODE = 16


@dataclass(frozen=True, slots=True)
class TextDraft:
    """A text message as it was composed. `time_zone` says whose night is quiet; None: it may go out at any hour."""

    kind: str
    user_id: uuid.UUID | None  # whose consent it is; None: that of whoever stays with the `order_id`
    booking_id: uuid.UUID | None
    property_id: uuid.UUID | None
    number: str
    text: str
    segments: int
    time_zone: str | None
    order_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class TextReport:
    """What a provider tells: it was delivered, or not (False), with its code; None: still on its way.

    `stopped`: whoever has the number has told the provider that they want no more.
    """

    is_delivered: bool | None
    reference: str
    code: str
    stopped: bool


@transaction(isolation=READ_COMMITTED)
def keep(task: Task, draft: TextDraft) -> bool:
    """It is about to be sent. False where it must not be: consent was withdrawn, or its reader erased, meanwhile.

    The consent is locked, so that who withdraws at this moment is either late or heeded.
    """
    theirs = TextConsent.user_id == draft.user_id if draft.user_id else TextConsent.order_id == draft.order_id
    standing = select(TextConsent.id).where(
        theirs, TextConsent.number == draft.number, TextConsent.withdrawn_at.is_(None)
    )
    if db.session.scalars(standing.with_for_update()).one_or_none() is None:
        return False
    said = {"number": draft.number, "text": draft.text, "segments": draft.segments}
    about = {"user_id": draft.user_id, "booking_id": draft.booking_id, "property_id": draft.property_id}
    new = insert(SentText).values(event_id=task.event_id, kind=draft.kind, **about, **said)
    db.session.execute(new.on_conflict_do_update(index_elements=["event_id"], set_=said))
    return True


@transaction(isolation=READ_COMMITTED)
def sent(task: Task, provider: str, reference: str) -> None:
    """The provider has taken it."""
    taken = {"sent_at": sql_now(), "provider": provider, "reference": reference}
    mine = update(SentText).where(SentText.event_id == task.event_id).values(taken)
    db.session.execute(mine.execution_options(synchronize_session=False))


@transaction(isolation=READ_COMMITTED)
def hear(actor: Actor, event_id: uuid.UUID, report: TextReport) -> bool:
    """Note what became of a text message; in whichever order it is told, what arrived has arrived. Whether it is ours.

    Raises Forbidden.
    """
    people.require(actor, Action.HEAR_TEXTS, otherwise=Forbidden)
    one = db.session.get(SentText, event_id, with_for_update=True)
    # Told before we have noted its reference, or of an earlier try whose answer never came.
    if one is None or (one.reference and one.reference != report.reference):
        return False
    if report.is_delivered:
        one.delivered_at = one.delivered_at or _now()
        one.failed_at = one.code = None
    elif report.is_delivered is False and one.delivered_at is None:
        one.failed_at, one.code = one.failed_at or _now(), report.code[:LONGEST_CODE] or None
    if report.stopped:
        consents.stop_within(actor, one.number)
    return True


def _now() -> dt.datetime:
    now: dt.datetime = db.session.scalar(select(sql_now()))  # type: ignore[assignment]  # it always is some instant
    return now
