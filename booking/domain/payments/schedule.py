"""Charging what is due later: the rest of an order whose deposit was paid, by the card that paid it.

A step is claimed by an UPDATE before anything is asked, so any number of workers may run. It is charged as any other
payment: recorded first, asked outside of a transaction, and what nobody answered is settled by recovery. A declined
card leaves the amount due: its guest is told once, it is tried again a few times, and staff sees it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, insert, select, update

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, NothingOwed, PaymentInProgress
from booking.domain.money import rounded
from booking.domain.payments import debts, ledger, orders, refunds, repository
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import BALANCE, BY_HAND, CHARGE, DEPOSIT, SUCCEEDED, Order, Payment
from booking.domain.payments.schedule_models import ScheduledPayment
from booking.domain.people import Action
from booking.infra import clock, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, defer, reading, transaction
from booking.infra.ids import encode, new_id
from booking.infra.provider import NoAnswer, Outcome, Result

TOLD_DECLINED = "balance.declined"  # the event for the guest
MOST_ATTEMPTS = 5  # then staff alone looks after it
CLAIMED_FOR = dt.timedelta(minutes=15)  # whoever dies with a step leaves it to the next one after that
A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DepositPlan:
    """Part of the price is paid at once, the rest so many days before check-in: a share in percent, or an amount."""

    balance_days: int
    percent: Decimal | None = None
    amount: Decimal | None = None

    def deposit_of(self, total: Decimal, currency: str) -> Decimal:
        """What is paid at once, at most the total."""
        part = self.amount if self.amount is not None else total * (self.percent or 0) / 100
        return min(total, rounded(part, currency))


def plan(order_id: uuid.UUID, deposit: Decimal, currency: str, balance_due_at: dt.datetime) -> None:
    """Write the steps of a new order, inside the transaction that makes it."""
    both = {"order_id": order_id, "currency": currency, "attempts": 0}
    first = {"position": 0, "purpose": DEPOSIT, "amount": deposit, "due_at": clock.now(), "next_at": None}
    rest = {"position": 1, "purpose": BALANCE, "amount": None, "due_at": balance_due_at, "next_at": balance_due_at}
    for step in (first, rest):
        defer(insert(ScheduledPayment).values({"id": new_id()} | both | step), {})


def advance(order_id: uuid.UUID, due_at: dt.datetime) -> None:
    """The rest of the order is due by then at the latest, inside the transaction that makes its stay begin earlier."""
    rest = update(ScheduledPayment).where(ScheduledPayment.order_id == order_id, ScheduledPayment.due_at > due_at)
    waiting = rest.where(ScheduledPayment.purpose == BALANCE, ScheduledPayment.next_at.is_not(None))
    db.session.execute(waiting.values(due_at=due_at, next_at=due_at), execution_options={"synchronize_session": False})


def charge_due(actor: Actor, context: PaymentContext, limit: int = 100) -> int:
    """Charge what is due by now. Returns how many steps were looked at. Raises Forbidden."""
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    steps = _due(limit)
    for step_id, attempts in steps:
        if _claimed(step_id, attempts):
            _try(actor, step_id, context)
    return len(steps)


@reading
def _due(limit: int) -> Sequence[tuple[uuid.UUID, int]]:
    due = select(ScheduledPayment.id, ScheduledPayment.attempts).where(ScheduledPayment.next_at <= sql_now())
    rows = db.session.execute(due.order_by(ScheduledPayment.next_at, ScheduledPayment.id).limit(limit))
    return [(row.id, row.attempts) for row in rows]


@transaction(isolation=READ_COMMITTED)
def _claimed(step_id: uuid.UUID, attempts: int) -> bool:
    mine = and_(
        ScheduledPayment.id == step_id,
        ScheduledPayment.attempts == attempts,
        ScheduledPayment.next_at <= sql_now(),
    )
    taken = update(ScheduledPayment).where(mine).values(attempts=attempts + 1, next_at=sql_now() + CLAIMED_FOR)
    options = {"synchronize_session": False}
    return db.session.scalar(taken.returning(ScheduledPayment.id), execution_options=options) is not None


def _try(actor: Actor, step_id: uuid.UUID, context: PaymentContext) -> None:
    """One step; whatever goes wrong with it is said, and the next one is looked at."""
    try:
        if charge := _begin(actor, step_id, context):
            _charge(actor, charge, context)
    except (NothingOwed, PaymentInProgress):
        telemetry.log.info("balance_waits", step=str(step_id))  # somebody pays at this moment: it is looked at again
    except Exception:  # noqa: BLE001 other steps must not wait for this one
        telemetry.log.error("balance_broke", step=str(step_id), exc_info=True)


@transaction(isolation=READ_COMMITTED)
def _begin(actor: Actor, step_id: uuid.UUID, context: PaymentContext) -> Payment | None:
    """The charge of a step, recorded; None where nothing is due any more, or no card is known.

    Raises NothingOwed while the deposit is not paid: it is still a hold, which ends by itself.
    """
    step = db.session.get_one(ScheduledPayment, step_id)
    order = repository.order_locked(step.order_id)
    if not order.due or order.guarantee:  # whom staff vouches for pays as staff has said
        step.next_at = None
        return None
    if not order.paid:
        raise NothingOwed
    kept = _kept_card(order.id, context)
    if kept is None:
        _declined(actor, step, order)
        return None
    due = ledger.Due(order.id, kept.booking_id, order.due, order.currency, BALANCE)
    charge = ledger.start_charge(due, method=str(kept.method), context=context)
    money = {"amount": str(charge.amount), "currency": charge.currency}
    people.audit(actor, "payment.started", encode("order", order.id), after=money | {"purpose": BALANCE})
    return charge


def _kept_card(order_id: uuid.UUID, context: PaymentContext) -> Payment | None:
    """The first charge of the order whose card can be charged again: not one that the guest gave at a page."""
    paid = (Payment.order_id == order_id, Payment.kind == CHARGE, Payment.state == SUCCEEDED)
    by_card = (Payment.provider == context.provider.name, Payment.method != ledger.HOSTED)
    return db.session.scalars(
        select(Payment).where(*paid, *by_card, Payment.provider.not_in(BY_HAND)).order_by(Payment.id).limit(1)
    ).one_or_none()


def _charge(actor: Actor, charge: Payment, context: PaymentContext) -> None:
    try:
        outcome = context.provider.charge(charge.id, charge.amount, charge.currency, str(charge.method))
    except NoAnswer:
        ledger.mark_unknown(charge.id, context.patience)
        telemetry.count_payment(CHARGE, "unanswered")
        return
    settle(actor, charge.id, outcome, context)


def settle(actor: Actor, charge_id: uuid.UUID, outcome: Outcome, context: PaymentContext) -> None:
    """What became of a charge for the rest of an order: the money is booked, no booking moves.

    What is owed no more by then goes back: its guest has cancelled meanwhile, or has changed to a cheaper stay.
    """
    was_first, refund = _settled(actor, charge_id, outcome, context)
    if was_first:
        charged = outcome.result is Result.CHARGED
        telemetry.count_payment(CHARGE, "succeeded" if charged else "declined")
    if refund:
        refunds.send(actor, refund, context)


@transaction(isolation=READ_COMMITTED)
def _settled(
    actor: Actor, charge_id: uuid.UUID, outcome: Outcome, context: PaymentContext
) -> tuple[bool, Payment | None]:
    """Whether this answer was the first; and the refund of what is too much by now."""
    charge = repository.locked(charge_id)
    if not ledger.is_open(charge):
        return False, None
    order, refund = repository.order_locked(charge.order_id), None
    step = db.session.scalars(select(ScheduledPayment).where(_IS_BALANCE, ScheduledPayment.order_id == order.id)).one()
    if outcome.result is Result.CHARGED:
        ledger.succeed(charge, outcome.reference)
        step.next_at = None
        refund = _surplus(actor, charge, context)
    elif outcome.result is Result.DECLINED:
        ledger.fail(charge, ledger.DECLINED, outcome.reason or None)
        _declined(actor, step, order)
    else:  # nobody knew, so it was cancelled: it is charged anew
        ledger.fail(charge, ledger.ABANDONED)
    facts = {"amount": str(charge.amount), "currency": charge.currency, "purpose": BALANCE}
    people.audit(actor, f"payment.{charge.state}", encode("payment", charge_id), after=facts)
    return True, refund


def _surplus(actor: Actor, charge: Payment, context: PaymentContext) -> Payment | None:
    """What a charge has brought beyond what its order owes, on its way back; what was declined on that way before
    is owed by itself.
    """
    order = repository.order_locked(charge.order_id)  # with this charge
    declined = Decimal(db.session.scalar(select(debts.declined_of(charge.order_id))) or 0)
    too_much = min(charge.amount, order.net_paid - declined - order.owed)
    if too_much <= 0:
        return None
    people.audit(actor, "refund.started", encode("order", order.id), after={"amount": str(too_much)})
    return ledger.start_refund(charge, too_much, context.patience)


_IS_BALANCE = ScheduledPayment.purpose == BALANCE


def _declined(actor: Actor, step: ScheduledPayment, order: Order) -> None:
    """It stays due: tell the guest once, and try again a day later, then two, four, eight."""
    step.next_at = clock.now() + A_DAY * 2 ** (step.attempts - 1) if step.attempts < MOST_ATTEMPTS else None
    if step.told_at is None:
        step.told_at = clock.now()
        first = orders.first_booking(order)
        facts = {"bookingId": encode("booking", first), "amount": str(order.due), "currency": order.currency}
        messages.record(actor, TOLD_DECLINED, facts)
    telemetry.log.warning("balance_declined", order=str(order.id), attempts=step.attempts)
