"""Charging what is due later: the rest of an order whose deposit was paid, by the card that paid it.

An order of several rooms may have several such days. What is charged on each is whatever is due by then, so one that
was declined comes with the next. A step is claimed by an UPDATE before anything is asked, so any number of workers may
run. It is charged as any other payment: recorded first, asked outside of a transaction, and what nobody answered is
settled by recovery. A declined card leaves the amount due: its guest is told once, it is tried again a few times, and
staff sees it. Where the policy says so, the stay is cancelled some days later: reservations' unpaid_stays.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, delete, exists, func, insert, select, update

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, NothingOwed, PaymentInProgress
from booking.domain.money import as_facts
from booking.domain.payments import debts, ledger, orders, refunds, repository
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import (
    AWAITING_GUEST,
    BALANCE,
    CHARGE,
    DEPOSIT,
    SUCCEEDED,
    Order,
    Payment,
)
from booking.domain.payments.schedule_models import ScheduledPayment
from booking.domain.people import Action
from booking.infra import clock, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, defer, reading, transaction
from booking.infra.ids import encode, new_id
from booking.infra.provider import Charge, NoAnswer, Outcome, Result

TOLD_DECLINED = "balance.declined"  # the event for the guest
KEPT = "kept"  # method: whatever card its guest gave at the provider's page
MOST_ATTEMPTS = 5  # then staff alone looks after it
CLAIMED_FOR = dt.timedelta(minutes=15)  # whoever dies with a step leaves it to the next one after that
A_DAY = dt.timedelta(days=1)

Later = Callable[[uuid.UUID], Decimal]  # of an order, what of its price is due only on a later day


def plan(order_id: uuid.UUID, deposit: Decimal, currency: str, balances_due: Mapping[dt.datetime, int | None]) -> None:
    """Write the steps of a new order, inside the transaction that makes it: each day on which more is due is one.

    With each goes after how many days what was not paid then is cancelled; None: staff decides.
    """
    both = {"order_id": order_id, "currency": currency, "attempts": 0}
    first = {"position": 0, "purpose": DEPOSIT, "amount": deposit, "due_at": clock.now()}
    first |= {"next_at": None, "cancel_after": None}
    days = enumerate(sorted(balances_due), start=1)
    steps = [first, *(_rest(place, due_at, balances_due[due_at]) for place, due_at in days)]
    for step in steps:
        defer(insert(ScheduledPayment).values({"id": new_id()} | both | step), {})


def _rest(position: Any, due_at: dt.datetime, cancel_after: int | None) -> dict[str, Any]:
    both = {"position": position, "purpose": BALANCE, "amount": None}
    return {**both, "due_at": due_at, "next_at": due_at, "cancel_after": cancel_after}


def forget(order_id: uuid.UUID) -> None:
    """The steps of an order that nobody has begun to pay, inside the transaction that sells it anew."""
    steps = delete(ScheduledPayment).where(ScheduledPayment.order_id == order_id)
    db.session.execute(steps, execution_options={"synchronize_session": False})


def expect_deposit(order_id: uuid.UUID, amount: Decimal) -> None:
    """What is paid at once, where some of the rooms have been given back since, or cost something else."""
    first = update(ScheduledPayment).where(ScheduledPayment.order_id == order_id, ScheduledPayment.purpose == DEPOSIT)
    defer(first.where(ScheduledPayment.amount != amount).values(amount=amount), {})


def advance(order: Order, was_due_at: dt.datetime, due_at: dt.datetime, *, alone: bool) -> None:
    """What was due then is due earlier, inside the transaction that makes a stay begin earlier.

    Unless it is `alone`, other rooms' rests stay due as they were: the day is one more. Where it has been charged, or
    staff has vouched for it, it stays settled.
    """
    steps = ScheduledPayment.order_id == order.id, ScheduledPayment.purpose == BALANCE
    then = (*steps, ScheduledPayment.due_at == was_due_at)
    if alone:
        waits = case((ScheduledPayment.next_at.is_not(None), due_at))
        moved = update(ScheduledPayment).where(*then).values(due_at=due_at, next_at=waits)
        db.session.execute(moved, execution_options={"synchronize_session": False})
        return
    known = db.session.scalars(select(ScheduledPayment).where(*then)).one_or_none()
    if known and not db.session.scalar(select(exists().where(*steps, ScheduledPayment.due_at == due_at))):
        last = select(func.max(ScheduledPayment.position) + 1).where(steps[0]).scalar_subquery()
        new = {"id": new_id(), "order_id": order.id, "currency": order.currency, "attempts": 0}
        step = _rest(last, due_at, known.cancel_after) | {"next_at": due_at if known.next_at else None}
        db.session.execute(insert(ScheduledPayment).values(new | step))


def charge_due(actor: Actor, context: PaymentContext, later: Later, limit: int = 100) -> int:
    """Charge what is due by now: all but what is due `later`. Returns how many steps were looked at.

    Raises Forbidden.
    """
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    steps = _due(limit)
    for step_id, attempts in steps:
        if _claimed(step_id, attempts):
            _try(actor, step_id, context, later)
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


def _try(actor: Actor, step_id: uuid.UUID, context: PaymentContext, later: Later) -> None:
    """One step; whatever goes wrong with it is said, and the next one is looked at."""
    try:
        if begun := _begin(actor, step_id, context, later):
            _charge(actor, *begun, context)
    except (NothingOwed, PaymentInProgress):
        telemetry.log.info("balance_waits", step=str(step_id))  # somebody pays at this moment: it is looked at again
        _not_tried(step_id)
    except Exception:  # noqa: BLE001 other steps must not wait for this one
        telemetry.log.error("balance_broke", step=str(step_id), exc_info=True)


@transaction(isolation=READ_COMMITTED)
def _not_tried(step_id: uuid.UUID) -> None:
    """It counts as no attempt, and is looked at again when the claim ends."""
    uncounted = update(ScheduledPayment).where(ScheduledPayment.id == step_id, ScheduledPayment.attempts > 0)
    counted = uncounted.values(attempts=ScheduledPayment.attempts - 1)
    db.session.execute(counted, execution_options={"synchronize_session": False})


@transaction(isolation=READ_COMMITTED)
def _begin(actor: Actor, step_id: uuid.UUID, context: PaymentContext, later: Later) -> tuple[Payment, Charge] | None:
    """The charge of a step, recorded, and the one whose card pays; None where nothing is due by now, or no card was
    kept.

    Raises PaymentInProgress while somebody pays, and where the deposit was not paid.
    """
    step = db.session.get_one(ScheduledPayment, step_id)
    order = repository.order_locked(step.order_id)
    due_now = order.due - later(order.id)
    if due_now <= 0 or order.guarantee:
        step.next_at = None
        return None
    latest = ledger.latest_charge_now(order.id)
    if not order.paid or (latest and ledger.is_open(latest)):
        raise PaymentInProgress
    kept = _kept_card(order.id, context)
    if kept is None:
        _declined(actor, [step], order)
        return None
    due = ledger.Due(order.id, kept.booking_id, due_now, order.currency, BALANCE)
    method = KEPT if kept.method == ledger.HOSTED else str(kept.method)
    charge = ledger.start_charge(due, method=method, context=context)
    step.charge_id = charge.id
    money = as_facts(charge.amount, charge.currency)
    people.audit(actor, "payment.started", encode("order", order.id), after=money | {"purpose": BALANCE})
    return charge, Charge(kept.id, str(kept.provider_reference))


def _kept_card(order_id: uuid.UUID, context: PaymentContext) -> Payment | None:
    """The charge whose card was kept: the deposit's."""
    paid = (Payment.order_id == order_id, Payment.kind == CHARGE, Payment.state == SUCCEEDED)
    kept = select(Payment).where(*paid, Payment.purpose == DEPOSIT, Payment.provider == context.provider.name)
    return db.session.scalars(kept.order_by(Payment.id).limit(1)).one_or_none()


def _charge(actor: Actor, charge: Payment, kept: Charge, context: PaymentContext) -> None:
    try:
        outcome = context.provider.charge_kept(charge.id, charge.amount, charge.currency, kept)
    except NoAnswer:
        ledger.mark_unknown(charge.id, context.patience)
        telemetry.count_payment(CHARGE, "unanswered")
        return
    settle(actor, charge.id, outcome, context)


def settle(actor: Actor, charge_id: uuid.UUID, outcome: Outcome, context: PaymentContext) -> None:
    """What became of a charge for the rest of an order, the worker's or its guest's own: no booking moves.

    What is owed no more by then goes back: its guest has cancelled meanwhile, or has changed to a cheaper stay.
    """
    if outcome.result is Result.CHARGED:
        _succeeded(actor, charge_id, outcome, context)
    elif outcome.result is Result.DECLINED:
        not_charged(actor, charge_id, ledger.DECLINED, outcome.reason or None, asks_owner=outcome.asks_owner)
    else:  # nobody knew, so it was cancelled: the worker charges it anew
        not_charged(actor, charge_id, ledger.ABANDONED)


def _succeeded(actor: Actor, charge_id: uuid.UUID, outcome: Outcome, context: PaymentContext) -> None:
    was_first, refund = _paid(actor, charge_id, outcome, context)
    if refund:
        refunds.send(actor, refund, context)
    if was_first:
        telemetry.count_payment(CHARGE, "succeeded")


@reading
def find_awaited_beyond(order_id: uuid.UUID) -> Payment | None:
    """The charge whose guest may be at the provider's page to pay more of an order's rest than is due by now."""
    awaited = Payment.order_id == order_id, Payment.purpose == BALANCE, Payment.state == AWAITING_GUEST
    charge = db.session.scalars(select(Payment).where(*awaited)).one_or_none()
    return charge if charge and charge.amount > db.session.get_one(Order, order_id).due else None


def not_charged(
    actor: Actor, charge_id: uuid.UUID, failure: str, reason: str | None = None, *, asks_owner: bool = False
) -> None:
    """No money has moved: what is due stays due. `failure`: DECLINED or ABANDONED; `asks_owner`: see Outcome."""
    if _failed(actor, charge_id, failure, reason, asks_owner=asks_owner):
        telemetry.count_payment(CHARGE, failure)


@transaction(isolation=READ_COMMITTED)
def _paid(actor: Actor, charge_id: uuid.UUID, outcome: Outcome, context: PaymentContext) -> tuple[bool, Payment | None]:
    """Whether this answer was the first; and the refund of what is too much by now."""
    charge = repository.locked(charge_id)
    if charge.state == SUCCEEDED:
        return False, None
    order = repository.order_locked(charge.order_id)
    ledger.succeed(charge, outcome.reference)
    for step in _reached(order):
        step.next_at = None
    _audit(actor, charge)
    return True, _surplus(actor, charge, context)


def _surplus(actor: Actor, charge: Payment, context: PaymentContext) -> Payment | None:
    """What a charge has brought beyond what its order owes, on its way back; what was declined on that way before
    is owed by itself.
    """
    order = repository.order_locked(charge.order_id)  # with this charge
    declined = Decimal(db.session.scalar(select(debts.declined_of(charge.order_id))) or 0)
    too_much = min(charge.amount, order.net_paid - declined - order.owed)
    if too_much <= 0:
        return None
    people.audit(actor, "refund.started", encode("order", order.id), after=as_facts(too_much, order.currency))
    return ledger.start_refund(charge, too_much, context.patience)


@transaction(isolation=READ_COMMITTED)
def _failed(actor: Actor, charge_id: uuid.UUID, failure: str, reason: str | None, *, asks_owner: bool) -> bool:
    """Whether this answer was the first."""
    charge = repository.locked(charge_id)
    if not ledger.is_open(charge):
        return False
    order = repository.order_locked(charge.order_id)
    ledger.fail(charge, failure, reason)
    steps = _reached(order)
    if failure == ledger.DECLINED and any(step.charge_id == charge.id for step in steps):
        # Its guest's own they have seen themselves.
        _declined(actor, steps, order, asks_owner=asks_owner)
    _audit(actor, charge)
    return True


def _audit(actor: Actor, charge: Payment) -> None:
    facts = {**as_facts(charge.amount, charge.currency), "purpose": BALANCE}
    people.audit(actor, f"payment.{charge.state}", encode("payment", charge.id), after=facts)


def _reached(order: Order) -> list[ScheduledPayment]:
    """The steps whose day has come and that were not charged: one charge is for all of them."""
    is_due = ScheduledPayment.due_at <= sql_now(), ScheduledPayment.next_at.is_not(None)
    reached = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id, *is_due)
    return list(db.session.scalars(reached.order_by(ScheduledPayment.position)))


def _declined(actor: Actor, steps: Sequence[ScheduledPayment], order: Order, *, asks_owner: bool = False) -> None:
    """It stays due: tell the guest once of each day, and try again a day later, then two, four, eight; not where only
    the guest could make it work.

    A day that is reached while an earlier one is still tried begins anew, for both.
    """
    attempts = max(1, min((step.attempts for step in steps), default=1))
    is_tried_again = not asks_owner and attempts < MOST_ATTEMPTS
    again = clock.now() + A_DAY * 2 ** (attempts - 1) if is_tried_again else None
    is_news = any(step.told_at is None for step in steps)
    for step in steps:
        step.attempts, step.next_at = attempts, again
        if step.told_at is None:
            step.told_at = clock.now()
            step.cancel_at = step.told_at + A_DAY * step.cancel_after if step.cancel_after else None
    if is_news:
        messages.record(actor, TOLD_DECLINED, _told(order, steps, asks_owner=asks_owner))
    telemetry.log.warning("balance_declined", order=str(order.id), attempts=attempts)


def _told(order: Order, steps: Sequence[ScheduledPayment], *, asks_owner: bool) -> dict[str, Any]:
    """What the guest is told; where that is agreed, also when the stay is cancelled unless it is paid."""
    facts = {"bookingId": encode("booking", orders.first_booking(order)), "asksOwner": asks_owner}
    ends = min((step.cancel_at for step in steps if step.cancel_at), default=None)
    return facts | as_facts(order.due, order.currency) | ({"cancelAt": ends.isoformat()} if ends else {})
