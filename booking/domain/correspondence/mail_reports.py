"""What the mail provider tells of an email: it came back, was called spam, or was delivered.

Told twice, late, or in another order than it happened, it comes to the same: each thing is heard once, and instants are
those of the provider. It acts through the email that it is about; of one that nobody knows any more nothing follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.messages import COMPLAINT, HeardReport, SentEmail
from booking.domain.people import Action
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.mail_reports import COMPLAINED, DELIVERED, Heard, MailReport

KEPT = dt.timedelta(days=7)  # what was heard, longer than anything may be told again
SLACK = dt.timedelta(minutes=5)  # between the provider's clock and ours


def hear(actor: Actor, provider: str, told: Iterable[Heard]) -> int:
    """Note what came of emails. Returns how many reports were new. Raises Forbidden."""
    people.require(actor, Action.HEAR_MAIL_REPORTS, otherwise=Forbidden)
    return sum(_hear(provider, one) for one in told)


@transaction(isolation=READ_COMMITTED)
def prune(limit: int) -> int:
    """Forget what was heard a week ago. Returns how many."""
    old = select(HeardReport.id).where(HeardReport.heard_at < sql_now() - KEPT).limit(limit)
    gone = delete(HeardReport).where(HeardReport.id.in_(old.scalar_subquery())).returning(HeardReport.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())


@transaction(isolation=READ_COMMITTED)
def _hear(provider: str, told: Heard) -> int:
    """Once: of two at the same time, the second waits for the first, and finds it heard."""
    known = {"id": f"{provider}:{told.id}"[:255], "heard_at": sql_now()}
    new = insert(HeardReport).values(known).on_conflict_do_nothing().returning(HeardReport.id)
    if db.session.scalars(new).one_or_none() is None:
        return 0
    for report in told.reports:
        _note(report)
    return len(told.reports)


def _note(report: MailReport) -> None:
    email = _email_of(report)
    if email is None:
        return
    if report.outcome == DELIVERED:
        email.delivered_at = max(report.at, email.delivered_at or report.at)
        db.session.flush()
        people.note_delivered(report.address, report.at)
        return
    code = COMPLAINT if report.outcome == COMPLAINED else report.code[: messages.LONGEST_BOUNCE_CODE]
    if email.bounced_at is None or code == COMPLAINT:
        email.bounced_at, email.bounce_code = report.at, code
    db.session.flush()
    if not _was_delivered_since(email.to_key, report.at):
        people.note_bounced(report.address, code, report.at)


def _email_of(report: MailReport) -> SentEmail | None:
    """Locked. By its Message-ID; where the provider has not kept that, the last one that went to the address."""
    key = people.email_key(report.address)
    mine = select(SentEmail).where(SentEmail.to_key == key).with_for_update()
    if report.email_id is not None:
        return db.session.scalars(mine.where(SentEmail.event_id == report.email_id)).one_or_none()
    before = mine.where(SentEmail.sent_at <= report.at + SLACK).order_by(SentEmail.event_id.desc())
    return db.session.scalars(before.limit(1)).one_or_none()


def _was_delivered_since(key: str, at: dt.datetime) -> bool:
    """Another email to this address, after the one that came back."""
    latest = db.session.scalar(select(func.max(SentEmail.delivered_at)).where(SentEmail.to_key == key))
    return latest is not None and latest > at
