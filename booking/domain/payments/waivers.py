"""Letting a guest off what is still due: by name, with a reason, and never more than that.

No money moves, and none comes back for it: what was paid stays paid, and a cancellation gives back no more than without
it.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from sqlalchemy import select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import EntryDiffers, EntryNotCorrectable, Invalid, PaymentNotFound
from booking.domain.money import as_facts
from booking.domain.notices import Notice
from booking.domain.payments import by_hand, orders, repository
from booking.domain.payments.models import Order
from booking.domain.payments.waiver_models import Waiver
from booking.domain.people import Action
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id


@transaction(isolation=READ_COMMITTED)
def waive(actor: Actor, order_id: uuid.UUID, reason: str, amount: Decimal | None = None) -> Waiver:
    """Let the guest of a guaranteed or paid order off this much of what is due; all of it, where none is given.

    Once for each `reason`: the same entry once more is the first one. Raises Invalid, OrderNotFound, Forbidden,
    NothingOwed (as the one of its kinds that says why), EntryDiffers; PaymentInProgress while the order is charged.
    """
    order = orders.permitted(actor, Action.WAIVE_DEBTS, order_id, lock=True)
    reason = by_hand.stated(reason, field="reason")
    if same := _entered(order, reason):
        if amount not in (None, same.amount):
            raise EntryDiffers
        same.entered_already = same.created_at
        return same
    amount = order.due if amount is None else amount
    by_hand.refuse_unless_due(order, amount)
    by_hand.refuse_unless_amount(order, amount)
    new = Waiver(id=new_id(), order_id=order.id, amount=amount, currency=order.currency, reason=reason)
    return _written(actor, new, "debt.waived")


def refuse_reason(order_id: uuid.UUID, reason: str) -> None:
    """Raise Invalid unless this is a reason that does not stand in the order yet; inside the caller's transaction."""
    order = repository.order_locked(order_id)
    if _entered(order, by_hand.stated(reason, field="reason")):
        raise Invalid(details={"reason": Notice("reason_is_used")})


def let_off(actor: Actor, order_id: uuid.UUID, amount: Decimal, reason: str) -> None:
    """The same inside the caller's transaction, which has made the order dearer by `amount`: never more than is due."""
    order = repository.order_locked(order_id)
    reason, amount = by_hand.stated(reason, field="reason"), min(amount, order.due)
    if amount:
        new = Waiver(id=new_id(), order_id=order.id, amount=amount, currency=order.currency, reason=reason)
        _written(actor, new, "debt.waived")


def take_back(actor: Actor, waiver_id: uuid.UUID, reason: str) -> Waiver:
    """The guest owes it after all, inside the caller's transaction; once, however often it is asked.

    Raises Invalid, PaymentNotFound, OrderNotFound, Forbidden; EntryNotCorrectable where it only takes another one back.
    """
    order_id = db.session.scalar(select(Waiver.order_id).where(Waiver.id == waiver_id))
    if order_id is None:
        raise PaymentNotFound
    orders.permitted(actor, Action.WAIVE_DEBTS, order_id, lock=True)
    reason = by_hand.stated(reason, field="reason")
    if done := db.session.scalars(select(Waiver).where(Waiver.corrects_id == waiver_id)).one_or_none():
        done.entered_already = done.created_at
        return done
    mistaken = db.session.get_one(Waiver, waiver_id)
    if mistaken.corrects_id:
        raise EntryNotCorrectable
    opposite = Waiver(id=new_id(), order_id=order_id, amount=mistaken.amount, currency=mistaken.currency)
    opposite.reason, opposite.corrects_id = reason, mistaken.id
    return _written(actor, opposite, "debt.waiver_corrected")


def _written(actor: Actor, new: Waiver, action: str) -> Waiver:
    """For the audit log without the reason, which may speak of a person: it stands in the entry alone."""
    new.recorded_by = str(actor)[: by_hand.LONGEST]
    db.session.add(new)
    db.session.flush()
    facts = {"orderId": encode("order", new.order_id), **as_facts(new.amount, new.currency)}
    people.audit(actor, action, encode("waiver", new.id), after=facts)
    return new


def _entered(order: Order, reason: str) -> Waiver | None:
    """What stands for this reason and was not taken back. The order is locked."""
    return db.session.scalars(
        select(Waiver).where(
            Waiver.order_id == order.id,
            Waiver.reason == reason,
            Waiver.corrects_id.is_(None),
            by_hand.stands(Waiver),
        )
    ).one_or_none()
