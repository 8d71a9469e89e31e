"""Money that somebody has given back at the provider itself, in its dashboard: found there, and entered as refunds.

The booking stays as it is: nobody has cancelled it. What it costs is due again, for staff to see.
"""

from __future__ import annotations

import uuid

from sqlalchemy import exists, func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.money import as_facts
from booking.domain.payments import debts, refunds, repository
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import CHARGE, REFUND, SUCCEEDED, Payment
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id
from booking.infra.provider import FoundReturn, NoAnswer, TellsByItself


def look(actor: Actor, name: str, reference: str, context: PaymentContext) -> None:
    """Ask the provider what went back of one of its charges, and enter what is not known. Raises NoAnswer."""
    provider = context.find_provider(name)
    found = provider.returns(reference) if isinstance(provider, TellsByItself) else None
    if found is None:
        return
    for one in found.returns:
        entered = _entered(actor, name, found.payment, one)
        if entered:
            telemetry.count_payment(REFUND, "found")
            facts = {"order": str(entered.order_id), **as_facts(one.amount, one.currency)}
            telemetry.log.error("refund_found", payment=str(entered.id), reference=one.reference, **facts)


@transaction(isolation=READ_COMMITTED)
def _entered(actor: Actor, name: str, charge_id: uuid.UUID, found: FoundReturn) -> Payment | None:
    """The refund, where that is news. Raises NoAnswer where one of ours is under way for the same money: ask later."""
    charge = db.session.get(Payment, charge_id)
    if charge is None or (charge.kind, charge.provider, charge.state) != (CHARGE, name, SUCCEEDED):
        return None
    order = repository.order_locked(charge.order_id)
    known = exists().where(Payment.order_id == order.id, Payment.provider_reference == found.reference)
    if found.currency != charge.currency or db.session.scalar(select(known)):
        return None
    if order.net_paid < found.amount:
        raise NoAnswer  # more than was paid would be on its way back
    new = _refund(charge, found)
    db.session.add(new)
    db.session.flush()
    if new.debt_id != new.id:
        refunds.tell(actor, new)  # the guest has heard that it was declined
    facts = {"bookingId": encode("booking", new.booking_id), **as_facts(new.amount, new.currency)}
    people.audit(actor, "refund.found", encode("payment", new.id), after=facts | {"reference": found.reference})
    return new


def _refund(charge: Payment, found: FoundReturn) -> Payment:
    """Where one of ours was declined for as much of the same charge, it is what the guest waits for."""
    new = Payment(id=new_id(), kind=REFUND, state=SUCCEEDED, order_id=charge.order_id, charge_id=charge.id)
    new.provider, new.provider_reference = charge.provider, found.reference
    new.amount, new.currency, new.purpose = found.amount, charge.currency, charge.purpose
    owed = select(Payment).where(debts.IS_OWED, Payment.charge_id == charge.id, Payment.amount == found.amount)
    declined = db.session.scalars(owed.order_by(Payment.id).limit(1)).one_or_none()
    new.booking_id = declined.booking_id if declined else charge.booking_id
    new.debt_id = (declined.debt_id or declined.booking_id) if declined else new.id
    new.found_at = func.clock_timestamp()
    return new
