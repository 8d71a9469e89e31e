"""Returning money: asked of the provider that took it, done only when that provider says so.

A refund that was declined stays owed until another attempt succeeds. Nobody tries again by itself: an operator does,
who can see why (`flask payments`). The guest hears of it once, however often it is tried, and once more when the money
has gone back after all.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import PaymentNotFound, RefundAwaitsStaff, RefundNotOwed
from booking.domain.money import as_facts
from booking.domain.payments import debts, ledger, repository
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import AWAITING_STAFF, CORRECTED, FAILED, LIVE, REFUND, STARTED, SUCCEEDED, Payment
from booking.domain.people import Action
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, Unavailable, db, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import NoAnswer, Outcome, Result

ONE_REFUND = "uq_payments_live_refund"  # a second live attempt at one refund: look again

# What became of a booking's refund.
RETURNED, UNDER_WAY, OWED = REFUND_STATES = ("returned", "under_way", "owed")
# What the guest is told of it, as events.
TOLD_DECLINED, TOLD_RETURNED = "refund.declined", "refund.returned"
AT_ONCE = "atOnce"  # in the former, where the provider has declined when it was asked first
ASKED_FOR = dt.timedelta(seconds=10)  # the longest that this takes


def send(actor: Actor, refund: Payment, context: PaymentContext) -> bool:
    """Ask the refund's own provider to return the money. True once there is an outcome.

    Without one the row stays open with the reason, and recovery asks again with the same key. Whatever the provider
    does, what was cancelled is cancelled; raises only Unavailable.
    """
    try:
        return _sent(actor, refund, context)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 the refund is recorded, and will be asked for again
        telemetry.log.error("refund_broke", payment=str(refund.id), exc_info=True)
        ledger.note(refund.id, ledger.said(error))
        return False


def send_all(actor: Actor, refunds: Iterable[Payment], context: PaymentContext) -> None:
    """send() for each; what goes wrong with one holds up no other."""
    for refund in refunds:
        send(actor, refund, context)


def _sent(actor: Actor, refund: Payment, context: PaymentContext) -> bool:
    if refund.state == AWAITING_STAFF:
        return False
    provider = context.find_provider(refund.provider)
    if provider is None:
        ledger.note_unknown_provider(refund)
        return False
    try:
        outcome = provider.refund(refund.id, ledger.charge_behind(refund), refund.amount, refund.currency)
    except NoAnswer:
        telemetry.log.warning("refund_unanswered", payment=str(refund.id))
        telemetry.count_payment(REFUND, "unanswered")
        ledger.note(refund.id, ledger.NO_ANSWER)
        return False
    _record(actor, refund.id, outcome)
    return True


def _record(actor: Actor, refund_id: uuid.UUID, outcome: Outcome) -> None:
    if not _recorded(actor, refund_id, outcome):
        return
    succeeded = outcome.result is Result.REFUNDED
    telemetry.count_payment(REFUND, "succeeded" if succeeded else "declined")
    if not succeeded:
        telemetry.log.error("refund_declined", payment=str(refund_id), reason=_reason(outcome))


@transaction(isolation=READ_COMMITTED)
def _recorded(actor: Actor, refund_id: uuid.UUID, outcome: Outcome) -> bool:
    """Whether this answer was the first: what is settled stays as it is."""
    refund = repository.locked(refund_id)
    if not ledger.is_open(refund):
        return False
    known_as_owed = _declined_before(refund)
    if outcome.result is Result.REFUNDED:
        ledger.succeed(refund, outcome.reference)
    else:
        ledger.fail(refund, ledger.DECLINED, _reason(outcome))
    if known_as_owed is (refund.state == SUCCEEDED):  # the first no, or the yes after it
        tell(actor, refund, at_once=True)
    people.audit(actor, f"refund.{refund.state}", encode("payment", refund_id), after=_facts(refund))
    return True


def _declined_before(refund: Payment) -> bool:
    """Whether another attempt at it was, so that the guest knows that the money is owed."""
    return bool(db.session.scalar(select(exists().where(debts.others_of(refund), Payment.state == FAILED))))


def tell(actor: Actor, refund: Payment, *, at_once: bool = False) -> None:
    """News for the guest, inside the caller's transaction. `at_once`: this was the provider's answer to being asked."""
    facts: dict[str, object] = {"paymentId": encode("payment", refund.id), **_facts(refund)}
    if at_once and refund.state == FAILED and not refund.attempts and refund.debt_id == refund.id:
        facts[AT_ONCE] = True
    messages.record(actor, TOLD_RETURNED if refund.state == SUCCEEDED else TOLD_DECLINED, facts)


def _facts(refund: Payment) -> dict[str, str]:
    booking = encode("booking", refund.booking_id)
    return {"bookingId": booking, **as_facts(refund.amount, refund.currency)}


def _reason(outcome: Outcome) -> str:
    if outcome.result is Result.DECLINED:
        return outcome.reason or "declined"
    return f"{ledger.NO_REFUND}:{outcome.result.name.lower()}"


# --- declined, and tried again


def retry(actor: Actor, payment_id: uuid.UUID, context: PaymentContext) -> str:
    """Send a declined refund once more, as a new attempt with a key of its own; what has become of it.

    Should the provider have returned the money after all, that is recorded instead. Raises PaymentNotFound;
    RefundAwaitsStaff; RefundNotOwed where it was not declined, or another attempt is under way or has succeeded.
    """
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=PaymentNotFound)
    declined = _declined(payment_id)
    provider = context.find_provider(declined.provider)
    known = provider.find(declined.id) if provider else None
    if known and known.result is Result.REFUNDED:
        _returned_after_all(actor, declined.id, known)
    else:
        send(actor, _begin_again(actor, declined.id, context), context)
    return states([declined.booking_id])[declined.booking_id]


@reading
def _declined(payment_id: uuid.UUID) -> Payment:
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise PaymentNotFound
    if payment.state == AWAITING_STAFF:
        raise RefundAwaitsStaff
    if payment.kind != REFUND or payment.state != FAILED or payment.failure == CORRECTED:
        raise RefundNotOwed
    return payment


@transaction(isolation=READ_COMMITTED, retry_on=(ONE_REFUND,))
def _begin_again(actor: Actor, payment_id: uuid.UUID, context: PaymentContext) -> Payment:
    declined = repository.locked(payment_id)
    if _lives_beside(declined):
        raise RefundNotOwed
    again = ledger.start_again(declined, context.patience)
    after = {"payment": encode("payment", again.id)} | _facts(again)
    people.audit(actor, "refund.retried", encode("payment", payment_id), before={"state": FAILED}, after=after)
    return again


@transaction(isolation=READ_COMMITTED, retry_on=(ONE_REFUND,))
def _returned_after_all(actor: Actor, payment_id: uuid.UUID, outcome: Outcome) -> None:
    declined = repository.locked(payment_id)
    if _lives_beside(declined):
        raise RefundNotOwed
    ledger.succeed(declined, outcome.reference)
    tell(actor, declined)
    shown = encode("payment", payment_id)
    after = {"state": SUCCEEDED} | _facts(declined)
    people.audit(actor, "refund.found", shown, before={"state": FAILED}, after=after)


def _lives_beside(declined: Payment) -> bool:
    return bool(db.session.scalar(select(exists().where(debts.others_of(declined), Payment.state.in_(LIVE)))))


# --- the provider says that there is news


def look(actor: Actor, refund: Payment, context: PaymentContext) -> None:
    """Ask about a refund again: one that had succeeded can fail days later, when a bank sends the money back.

    Raises NoAnswer.
    """
    provider = context.find_provider(refund.provider)
    if provider is None or ledger.is_open(refund):
        send(actor, refund, context)
        return
    known = provider.find(refund.id)
    if known and refund.state == SUCCEEDED and known.result is Result.DECLINED:
        _failed_after_all(actor, refund.id, known)
    elif known and refund.state == FAILED and known.result is Result.REFUNDED:
        with suppress(RefundNotOwed):  # another attempt is under way or done: verify tells of both
            _returned_after_all(actor, refund.id, known)


@transaction(isolation=READ_COMMITTED)
def _failed_after_all(actor: Actor, refund_id: uuid.UUID, outcome: Outcome) -> None:
    refund = repository.locked(refund_id)
    if refund.state != SUCCEEDED:
        return
    ledger.fail(refund, ledger.DECLINED, _reason(outcome))
    if not _declined_before(refund):
        tell(actor, refund)
    shown, before = encode("payment", refund_id), {"state": SUCCEEDED}
    people.audit(actor, "refund.failed_after_all", shown, before=before, after={"state": FAILED} | _facts(refund))


# --- looking


def exists_for(booking_id: InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """Whether money of this booking goes (or should go) back, as a part of a statement.

    Mistaken entries that were taken back are no such money.
    """
    return exists().where(Payment.booking_id == booking_id, Payment.kind == REFUND, _IS_NO_MISTAKE)


_IS_NO_MISTAKE = and_(Payment.corrects_id.is_(None), Payment.failure.is_distinct_from(CORRECTED), ~debts.WAS_TAKEN_BACK)


@reading
def is_asked_for(booking_id: uuid.UUID) -> bool:
    """Whether a provider is asked for a refund at this moment, for the first time: soon there is an answer or none."""
    young = Payment.created_at > sql_now() - ASKED_FOR
    asked = Payment.booking_id == booking_id, Payment.kind == REFUND, Payment.state == STARTED, Payment.attempts == 0
    return bool(db.session.scalar(select(exists().where(*asked, young))))


@reading
def states(booking_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """RETURNED, UNDER_WAY or OWED for each of these bookings that has a refund."""
    return states_within(booking_ids)


def states_within(booking_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The same, inside the caller's transaction."""
    if not booking_ids:
        return {}
    counts = or_(Payment.state.in_(LIVE), debts.IS_OWED)
    attempts = select(Payment.booking_id, Payment.state).where(
        Payment.booking_id.in_(booking_ids), Payment.kind == REFUND, _IS_NO_MISTAKE, counts
    )
    found: dict[uuid.UUID, set[str]] = {}
    for row in db.session.execute(attempts):
        found.setdefault(row.booking_id, set()).add(row.state)
    return {booking_id: _summed_up(states) for booking_id, states in found.items()}


def _summed_up(states: set[str]) -> str:
    """Of all that is to go back for one booking: what the guest has to hear of first."""
    if FAILED in states:
        return OWED
    return RETURNED if states == {SUCCEEDED} else UNDER_WAY
