"""Charges that a guest's bank takes back. The provider decides them; we keep what it says, beside the ledger.

A dispute moves money at the provider and none of ours: the order's sums stay what was charged and refunded. What a bank
has taken back, no refund gives back as well: the provider refuses it, and it stays owed until somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.money import as_facts
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import CHARGE, DISPUTE_OPEN, Dispute, Payment
from booking.domain.people import Action
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id
from booking.infra.provider import FoundDispute, TellsByItself


def look(actor: Actor, name: str, reference: str, context: PaymentContext) -> None:
    """Ask the provider about a dispute and keep what it says now. Raises NoAnswer."""
    provider = context.find_provider(name)
    found = provider.dispute(reference) if isinstance(provider, TellsByItself) else None
    if found is None or not _kept(actor, name, found):
        return
    telemetry.count_payment("dispute", found.state)
    telemetry.log.error("charge_disputed", payment=str(found.payment), state=found.state, reason=found.reason)


@transaction(isolation=READ_COMMITTED)
def _kept(actor: Actor, name: str, found: FoundDispute) -> bool:
    """Whether that was news. One that is decided stays so, whichever answer comes last."""
    charge = db.session.get(Payment, found.payment)
    if charge is None or (charge.kind, charge.provider) != (CHARGE, name):
        return False
    now = {"state": found.state, "amount": found.amount, "reason": found.reason}
    whole = {"id": new_id(), "payment_id": charge.id, "reference": found.reference, "currency": found.currency} | now
    differs = or_(Dispute.state != found.state, Dispute.amount != found.amount)
    added = insert(Dispute).values(whole)
    news = added.on_conflict_do_update(
        index_elements=["reference"],
        set_=now | {"updated_at": func.clock_timestamp()},
        where=and_(Dispute.state == DISPUTE_OPEN, differs),
    )
    if db.session.scalar(news.returning(Dispute.id)) is None:
        return False
    facts = {"dispute": found.reference, "state": found.state, "reason": found.reason}
    money = as_facts(found.amount, found.currency)
    people.audit(actor, f"dispute.{found.state}", encode("payment", charge.id), after=facts | money)
    return True


@reading
def undecided(actor: Actor, limit: int = 1000) -> Sequence[Dispute]:
    """Those to be answered, oldest first. Raises Forbidden."""
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    waiting = select(Dispute).where(Dispute.state == DISPUTE_OPEN)
    return db.session.scalars(waiting.order_by(Dispute.created_at, Dispute.id).limit(limit)).all()
