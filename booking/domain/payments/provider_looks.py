"""Where looks through a provider's refunds and disputes begin and end, and which of what they find is news."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from booking.domain.payments.look_models import DISPUTES, ProviderLook
from booking.domain.payments.models import CHARGE, DISPUTE_OPEN, FAILED, REFUND, SUCCEEDED, Dispute, Payment
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, execute, reading, transaction
from booking.infra.provider import Happened, Heard

AGAIN = dt.timedelta(hours=1)  # after a look that came to its end
FIRST = dt.timedelta(minutes=1)  # after one that did not; then twice as long each time
LONGEST = dt.timedelta(hours=6)
CLAIMED_FOR = dt.timedelta(minutes=15)  # whoever dies with a look leaves it to the next one after that
AT_FIRST = dt.timedelta(days=30)  # so far back goes the first look of all
NEVER_ENDED = 5  # looks in a row that did not come to their end: an alarm
_NOW = select(sql_now())


@dataclass(frozen=True, slots=True)
class Look:
    """A look that was begun: what was made `since` is not known yet, and `now` is when it began."""

    provider: str
    kind: str
    since: dt.datetime
    now: dt.datetime
    attempts: int


@transaction(isolation=READ_COMMITTED)
def begin(provider: str, kind: str, *, at_once: bool = False) -> Look | None:
    """Claim a look; None where it is not due. `at_once`: whether it is due or not."""
    now: dt.datetime = execute(_NOW, {}).column[0]
    first = {"provider": provider, "kind": kind, "looked_until": now - AT_FIRST, "next_at": now, "attempts": 0}
    db.session.execute(insert(ProviderLook).values(first).on_conflict_do_nothing())
    mine = update(ProviderLook).where(ProviderLook.provider == provider, ProviderLook.kind == kind)
    if not at_once:
        mine = mine.where(ProviderLook.next_at <= now)
    taken = mine.values(next_at=now + CLAIMED_FOR, attempts=ProviderLook.attempts + 1)
    got = taken.returning(ProviderLook.looked_until, ProviderLook.attempts)
    row = db.session.execute(got, execution_options={"synchronize_session": False}).one_or_none()
    return Look(provider, kind, row.looked_until, now, row.attempts) if row else None


@transaction(isolation=READ_COMMITTED)
def end(look: Look, reached: dt.datetime, error: str | None) -> None:
    """Everything that was made until `reached` is known. With an `error` it did not come to its end."""
    pause = min(FIRST * 2 ** min(look.attempts - 1, 16), LONGEST) if error else AGAIN
    said = {"looked_until": reached, "next_at": sql_now() + pause, "error": error}
    if error is None:
        said["attempts"] = 0
    mine = ProviderLook.provider == look.provider, ProviderLook.kind == look.kind, ProviderLook.looked_until <= reached
    db.session.execute(update(ProviderLook).where(*mine).values(said))


@reading
def news(provider: str, kind: str, made: Sequence[Happened]) -> list[Heard]:
    """What of it we do not have as the provider has it. What is still open here is recovery's to ask about."""
    sold = _ids(Payment.kind == CHARGE, Payment.provider == provider, Payment.id.in_([one.charge for one in made]))
    ours = [one for one in made if one.charge in sold]  # others may test with the same account
    known = _disputes(ours) if kind == DISPUTES else _refunds(ours)
    return [one.heard for one in ours if not known(one)]


Known = Callable[[Happened], bool]


def _disputes(made: Sequence[Happened]) -> Known:
    kept = select(Dispute.reference, Dispute.state).where(Dispute.reference.in_([one.reference for one in made]))
    known = {tuple(row) for row in db.session.execute(kept)}
    return lambda one: (one.reference, one.state) in known


def _refunds(made: Sequence[Happened]) -> Known:
    """Those that we asked for by their id, others by their reference at the provider."""
    asked_for = Payment.id.in_([one.heard.payment for one in made if one.heard.payment])
    elsewhere = Payment.provider_reference.in_([one.reference for one in made if not one.heard.payment])
    kept = select(Payment.id, Payment.state, Payment.provider_reference).where(or_(asked_for, elsewhere))
    rows = db.session.execute(kept.where(Payment.kind == REFUND)).all()
    states, references = {row.id: row.state for row in rows}, {row.provider_reference for row in rows}

    def is_known(one: Happened) -> bool:
        if one.heard.payment is None:
            return one.reference in references
        return states.get(one.heard.payment) not in {SUCCEEDED, FAILED} - {one.state}

    return is_known


def _ids(*conditions: ColumnElement[bool]) -> set[uuid.UUID]:
    return set(db.session.scalars(select(Payment.id).where(*conditions)))


@reading
def undecided(provider: str) -> list[Heard]:
    """Disputes that are open as far as we know, however long ago they were made."""
    waiting = select(Dispute.reference).join(Payment, Payment.id == Dispute.payment_id)
    rows = db.session.scalars(waiting.where(Dispute.state == DISPUTE_OPEN, Payment.provider == provider))
    return [Heard("dispute", None, reference) for reference in rows]
