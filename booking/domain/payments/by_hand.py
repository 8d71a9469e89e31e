"""Money that staff takes and gives back by hand: cash or a card at the desk, or by transfer to the house's account.

Each entry says who made it, on which day the money moved, and a reference: a receipt's number, a line of a bank
statement. None is ever changed or deleted: a mistaken one is taken back by its opposite, and both stay.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from booking.domain import money, names, people
from booking.domain.actors import Actor
from booking.domain.errors import (
    EntryDiffers,
    EntryNotCorrectable,
    Invalid,
    MoreThanDue,
    NotARefund,
    NothingDue,
    NotVouchedFor,
    PaymentInProgress,
    PaymentNotFound,
    RefundByProvider,
    RefundCorrected,
    RefundReturned,
)
from booking.domain.money import Amount, as_facts
from booking.domain.notices import Notice
from booking.domain.payments import debts, ledger, orders
from booking.domain.payments.models import (
    AWAITING_STAFF,
    BALANCE,
    BY_HAND,
    CHARGE,
    CORRECTED,
    FAILED,
    LIVE,
    OPEN,
    REFUND,
    SUCCEEDED,
    Order,
    Payment,
)
from booking.domain.payments.waiver_models import Waiver
from booking.domain.people import Action
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id

LONGEST = 255  # characters of a reference, and of who says so
A_DAY = dt.timedelta(days=1)  # elsewhere it may be tomorrow already
# Money may be older than its order, which came from another system or was typed in late: stays are paid up to a year
# ahead, and some weeks pass until then. What is older still was mistyped.
PAID_AHEAD = dt.timedelta(days=400)


@transaction(isolation=READ_COMMITTED)
def received(
    actor: Actor,
    order_id: uuid.UUID,
    amount: Decimal,
    *,
    by: str,
    reference: str,
    received_on: dt.date | None = None,
) -> Payment:
    """Enter money that staff has taken for a guaranteed or paid order: at most what is due, once for each `reference`.

    `by` is one of BY_HAND; `received_on` the day, today by default. The same entry once more is the first one, with
    `entered_already`. Raises Invalid, OrderNotFound, Forbidden, NothingOwed, EntryDiffers; PaymentInProgress while the
    order is charged.
    """
    order = orders.permitted(actor, Action.RECORD_PAYMENTS, order_id, lock=True)
    reference = _sensible(order, amount, by, reference, received_on)
    if same := _entered(order, reference):
        if (same.amount, same.provider) != (amount, by):
            raise EntryDiffers
        same.entered_already = same.created_at
        return same
    refuse_unless_due(order, amount)
    new = Payment(id=new_id(), order_id=order.id, booking_id=orders.first_booking(order), kind=CHARGE, purpose=BALANCE)
    new.amount, new.currency, new.state, new.method, new.provider = amount, order.currency, SUCCEEDED, by, by
    _sign(actor, new, reference, received_on or orders.today(order.id))
    db.session.add(new)
    db.session.flush()
    people.audit(actor, "payment.received", encode("payment", new.id), after=_facts(new))
    return new


@transaction(isolation=READ_COMMITTED)
def returned(
    actor: Actor,
    payment_id: uuid.UUID,
    *,
    reference: str,
    returned_on: dt.date | None = None,
    by: str | None = None,
) -> Payment:
    """Enter that staff has given a refund back that awaits them. The same entry once more is the first one,
    with `entered_already`.

    `by` is one of BY_HAND; without it, the way that it was paid. Raises Invalid, PaymentNotFound, OrderNotFound,
    Forbidden, EntryDiffers; RefundNotOwed, as the one of its kinds that says why.
    """
    refund = _locked(actor, Action.RECORD_PAYMENTS, payment_id)
    reference = _stated_return(refund, reference, returned_on, by)
    if refund.state == SUCCEEDED and refund.recorded_by and refund.provider_reference == reference:
        if by not in (None, refund.provider):
            raise EntryDiffers
        refund.entered_already = refund.updated_at  # nothing changes it any more
        return refund
    _refuse_unless_awaited(refund)
    day = returned_on or orders.today(refund.order_id)
    refund.state, refund.provider = SUCCEEDED, by or refund.provider
    _sign(actor, refund, reference, day)
    people.audit(actor, "refund.succeeded", encode("payment", refund.id), after=_facts(refund))
    return refund


def _stated_return(refund: Payment, reference: str, on: dt.date | None, by: str | None) -> str:
    """The reference without blanks around it. Raises Invalid, with every field that is wrong."""
    problems = {} if by is None else _wrong_way(by)
    try:
        reference = stated(reference)
    except Invalid as wrong:
        problems |= wrong.details
    problems |= _wrong_day(db.session.get_one(Order, refund.order_id), on, "returnedOn")
    if problems:
        raise Invalid(details=problems)
    return reference


def _wrong_way(by: str) -> dict[str, Notice]:
    return {} if by in BY_HAND else {"by": Notice("not_one_of", choices=BY_HAND)}


def _refuse_unless_awaited(refund: Payment) -> None:
    if refund.state == AWAITING_STAFF:
        return
    if refund.kind != REFUND:
        raise NotARefund
    if refund.provider not in BY_HAND:
        raise RefundByProvider
    raise RefundReturned if refund.state == SUCCEEDED else RefundCorrected


def take_back(
    actor: Actor, payment_id: uuid.UUID, reason: str, patience: dt.timedelta
) -> tuple[Payment, list[Payment]]:
    """Take an entry back that was made by mistake, inside the caller's transaction; once, however often it is asked.

    Its opposite, of today, and the refunds of it that ended with it: they awaited staff, and there is nothing to give
    back. Money that was not taken is due again; money that was not given back awaits staff again. Raises Invalid,
    PaymentNotFound, OrderNotFound, Forbidden; EntryNotCorrectable where it was not made by hand, or some of it went
    back.
    """
    mistaken = _locked(actor, Action.CORRECT_PAYMENTS, payment_id)
    reason = stated(reason, field="reason")
    if done := db.session.scalars(select(Payment).where(Payment.corrects_id == mistaken.id)).one_or_none():
        done.entered_already = done.created_at
        return done, []
    if mistaken.recorded_by is None or mistaken.corrects_id:
        raise EntryNotCorrectable
    ended = _ended(actor, mistaken)
    opposite = _opposite(mistaken)
    _sign(actor, opposite, reason, orders.today(opposite.order_id))
    db.session.add(opposite)
    db.session.flush()
    if opposite.kind == CHARGE:
        charge = db.session.get_one(Payment, mistaken.charge_id)
        ledger.start_refund(charge, mistaken.amount, patience, mistaken.booking_id)
    shown = encode("payment", mistaken.id)
    people.audit(actor, "payment.corrected", shown, after={"by": encode("payment", opposite.id)} | _facts(opposite))
    return opposite, ended


def _locked(actor: Actor, action: Action, payment_id: uuid.UUID) -> Payment:
    """A payment of an order with which the actor may do this, and its order; both locked, the order first."""
    order_id = db.session.scalar(select(Payment.order_id).where(Payment.id == payment_id))
    if order_id is None:
        raise PaymentNotFound
    orders.permitted(actor, action, order_id, lock=True)
    return db.session.scalars(select(Payment).where(Payment.id == payment_id).with_for_update()).one()


def _ended(actor: Actor, entry: Payment) -> list[Payment]:
    """The refunds of an entry, all of which awaited staff until now. Raises EntryNotCorrectable where one went back."""
    of_it = select(Payment).where(Payment.charge_id == entry.id, Payment.state.in_(LIVE), ~debts.WAS_TAKEN_BACK)
    refunds = list(db.session.scalars(of_it.order_by(Payment.id).with_for_update()))
    if any(refund.state != AWAITING_STAFF for refund in refunds):
        raise EntryNotCorrectable
    for refund in refunds:
        refund.state, refund.failure = FAILED, CORRECTED
        people.audit(actor, "refund.corrected", encode("payment", refund.id), after=_owed_facts(refund))
    db.session.flush()  # or the opposite would be too much for the order's sums
    return refunds


def _opposite(entry: Payment) -> Payment:
    new = Payment(id=new_id(), order_id=entry.order_id, booking_id=entry.booking_id, corrects_id=entry.id)
    new.amount, new.currency, new.provider, new.purpose = entry.amount, entry.currency, entry.provider, entry.purpose
    new.state = SUCCEEDED
    if entry.kind == CHARGE:
        new.kind, new.charge_id, new.debt_id = REFUND, entry.id, new.id
    else:
        new.kind, new.method = CHARGE, entry.provider
    return new


def _sensible(order: Order, amount: Decimal, by: str, reference: str, on: dt.date | None) -> str:
    """The reference without blanks around it. Raises Invalid, with every field that is wrong."""
    problems = _wrong_amount(order, amount) | _wrong_way(by) | _wrong_day(order, on, "receivedOn")
    try:
        reference = stated(reference)
    except Invalid as wrong:
        problems |= wrong.details
    if problems:
        raise Invalid(details=problems)
    return reference


def refuse_unless_amount(order: Order, amount: Decimal) -> None:
    """Raise Invalid where nobody can owe that in the order's currency."""
    if problems := _wrong_amount(order, amount):
        raise Invalid(details=problems)


def _wrong_amount(order: Order, amount: Decimal) -> dict[str, Notice]:
    if amount <= 0:
        return {"amount": Notice("not_above", least=0)}
    return {} if amount == money.rounded(amount, order.currency) else {"amount": Notice("too_many_decimals")}


def _wrong_day(order: Order, on: dt.date | None, field: str) -> dict[str, Notice]:
    if on and on > clock.now().date() + A_DAY:
        return {field: Notice("in_the_future")}
    return {field: Notice("too_long_ago")} if on and on < order.created_at.date() - PAID_AHEAD else {}


def stated(reference: str, *, field: str = "reference") -> str:
    """Without blanks around it. Raises Invalid."""
    reference, problems = names.trimmed(reference), {}
    if not names.is_visible(reference):
        problems[field] = Notice("missing")
    elif len(reference) > LONGEST:
        problems[field] = Notice("too_long", most=LONGEST)
    if problems:
        raise Invalid(details=problems)
    return reference


def _entered(order: Order, reference: str) -> Payment | None:
    """What stands under this reference of the order and was not taken back. The order is locked."""
    return db.session.scalars(
        select(Payment).where(
            Payment.order_id == order.id,
            Payment.kind == CHARGE,
            Payment.provider.in_(BY_HAND),
            Payment.provider_reference == reference,
            stands(Payment),
        )
    ).one_or_none()


def stands(entries: type[Payment] | type[Waiver]) -> ColumnElement[bool]:
    """Of entries of which each may be taken back by another: whether this one was not."""
    correction = aliased(entries)
    return ~exists().where(correction.corrects_id == entries.id)


def refuse_unless_due(order: Order, amount: Decimal) -> None:
    """The order is locked. A hold owes, too: it is guaranteed first, or its nights could be lost meanwhile."""
    if not order.due:
        raise NothingDue
    if not (order.guarantee or order.paid):
        raise NotVouchedFor
    if amount > order.due:
        raise MoreThanDue(due=Amount(order.due, order.currency))
    if db.session.scalar(select(exists().where(Payment.order_id == order.id, Payment.state.in_(OPEN), _IS_CHARGE))):
        raise PaymentInProgress


_IS_CHARGE = Payment.kind == CHARGE


def _sign(actor: Actor, entry: Payment, reference: str, on: dt.date) -> None:
    entry.provider_reference, entry.recorded_by = reference, str(actor)[:LONGEST]
    entry.value_date = on


def _facts(entry: Payment) -> dict[str, str]:
    """For the audit log. A reference may speak of a person: it stands in the entry alone."""
    return _owed_facts(entry) | {"by": entry.provider, "on": str(entry.value_date)}


def _owed_facts(payment: Payment) -> dict[str, str]:
    booking = encode("booking", payment.booking_id)
    return {"bookingId": booking, **as_facts(payment.amount, payment.currency)}
