"""Payment rows: one per attempt, written before the provider is asked, so that no money moves unrecorded.

`next_at` says from when on recovery may ask about an open row. Whoever begins an attempt sets it far enough ahead to
come to the end of it; whoever asks puts it off, longer each time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, RefundNotOwed
from booking.domain.notices import Notice
from booking.domain.payments import debts, repository
from booking.domain.payments.context import PaymentContext
from booking.domain.payments.models import (
    API,
    AWAITING_GUEST,
    AWAITING_STAFF,
    BY_HAND,
    CHARGE,
    FAILED,
    OPEN,
    REFUND,
    STARTED,
    STAY,
    SUCCEEDED,
    UNKNOWN,
    Order,
    Payment,
)
from booking.domain.people import Action
from booking.infra import clock, telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import new_id
from booking.infra.provider import Charge

HOSTED = "hosted"  # method: whatever the guest chooses at the provider's page
DECLINED = "declined"  # failure: the provider said no
ABANDONED = "abandoned"  # failure: nobody knew, so it was cancelled at the provider
# Errors of an open payment, as the table keeps them: a code and what it is about, which `explained` reads.
NO_ANSWER, NO_PROVIDER, NO_REFUND = "no_answer", "no_provider", "no_refund"

LONGEST_PAUSE = dt.timedelta(hours=1)  # between two times that recovery asks
STUCK_AFTER = 5  # times of asking in vain: with the usual patience, after some five minutes


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be charged for which booking of which order, and what for (one of PURPOSES).

    `beyond` is what the order will owe in addition once it is paid: a dearer stay, for example.
    """

    order_id: uuid.UUID
    booking_id: uuid.UUID
    amount: Decimal
    currency: str
    purpose: str = STAY
    beyond: Decimal = Decimal(0)


def start_charge(due: Due, *, method: str, context: PaymentContext) -> Payment:
    """Record an attempt to charge, inside the transaction that pins the booking's nights; the order's row is locked.

    It goes out with the next message to Postgres, which raises PaymentInProgress where another charge of the order is
    open, NothingOwed where less is owed than that.
    """
    return _charge(due, STARTED, method, context.provider.name, context.patience)


def await_guest(due: Due, *, until: dt.timedelta, context: PaymentContext) -> Payment:
    """The same for a charge that the guest makes at the provider's own page, and has so long for.

    Recovery asks about it from then on. Raises as start_charge does.
    """
    return _charge(due, AWAITING_GUEST, HOSTED, context.provider.name, until)


def _charge(due: Due, state: str, method: str, provider: str, patience: dt.timedelta) -> Payment:
    new = repository.PAYMENTS.new(
        id=new_id(),
        order_id=due.order_id,
        booking_id=due.booking_id,
        kind=CHARGE,
        purpose=due.purpose,
        amount=due.amount,
        currency=due.currency,
        state=state,
        method=method,
        provider=provider,
        attempts=0,
    )
    repository.add_charge(new, patience, due.beyond)
    return new


def start_refunds(order: Order, booking_id: uuid.UUID, amount: Decimal, patience: dt.timedelta) -> list[Payment]:
    """Record that `amount` is owed back for a booking, inside the transaction that makes it so; the order is locked.

    Of the order's charges the latest comes first, each for what it has left: a refund for each of them. Raises
    RefundNotOwed where less than that was paid and has not gone back.
    """
    started, missing = [], amount
    for charge, left in _refundable(order.id):
        if missing <= 0:
            break
        started.append(start_refund(charge, min(left, missing), patience, booking_id))
        missing -= started[-1].amount
    if missing > 0:
        raise RefundNotOwed
    return started


def start_refund(
    charge: Payment, amount: Decimal, patience: dt.timedelta, booking_id: uuid.UUID | None = None
) -> Payment:
    """The same of one charge: for its own booking, or for another of the order. Raises RefundNotOwed."""
    return _refund(charge, booking_id or charge.booking_id, amount, patience)


def start_again(declined: Payment, patience: dt.timedelta) -> Payment:
    """Another attempt at the same refund, inside the caller's transaction. Raises RefundNotOwed."""
    charge = db.session.get_one(Payment, declined.charge_id)
    repository.order_locked(charge.order_id)
    return _refund(charge, declined.booking_id, declined.amount, patience, declined.debt_id or declined.booking_id)


def _refund(
    charge: Payment, booking_id: uuid.UUID, amount: Decimal, patience: dt.timedelta, debt_id: uuid.UUID | None = None
) -> Payment:
    state = AWAITING_STAFF if charge.provider in BY_HAND else STARTED
    new = Payment(kind=REFUND, state=state, charge_id=charge.id, provider=charge.provider, purpose=charge.purpose)
    new.order_id, new.booking_id = charge.order_id, booking_id
    new.amount, new.currency = amount, charge.currency
    _prepare(new)
    new.debt_id = debt_id or new.id
    others = Decimal(0) if debt_id is None else amount  # what was declined is still counted as given back
    if not repository.add_refund(new, charge.amount + others, patience):
        raise RefundNotOwed
    return new


def succeed(payment: Payment, reference: str) -> None:
    """The money has moved."""
    payment.state, payment.provider_reference = SUCCEEDED, reference
    payment.failure = payment.error = None
    repository.save(payment)


def fail(payment: Payment, failure: str, error: str | None = None) -> None:
    """No money has moved, and none will."""
    payment.state, payment.failure, payment.error = FAILED, failure, error
    repository.save(payment)


def is_open(payment: Payment) -> bool:
    return payment.state in OPEN


def awaits_guest(payment: Payment) -> bool:
    """Whether the guest may still be paying at the provider's page: recovery does not ask yet."""
    if payment.state != AWAITING_GUEST or payment.attempts or payment.next_at is None:
        return False
    return payment.next_at > clock.now()


def awaited_until(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, dt.datetime]:
    """Of these orders, those whose guests may still be paying at the provider's page: until when. Inside the
    caller's transaction.
    """
    if not order_ids:
        return {}
    awaiting = select(Payment).where(Payment.order_id.in_(order_ids), Payment.state == AWAITING_GUEST)
    found = [one for one in db.session.scalars(awaiting) if awaits_guest(one)]
    return {one.order_id: one.next_at for one in found if one.next_at is not None}


@transaction(isolation=READ_COMMITTED)
def hasten(payment_id: uuid.UUID) -> None:
    """The guest has left the provider's page, and the provider is silent: recovery need not wait any longer."""
    due_now = {"next_at": sql_now()}
    db.session.execute(update(Payment).where(Payment.id == payment_id, Payment.state == AWAITING_GUEST).values(due_now))


@reading
def find(payment_id: uuid.UUID) -> Payment | None:
    return db.session.get(Payment, payment_id)


@transaction(isolation=READ_COMMITTED)
def mark_unknown(payment_id: uuid.UUID, patience: dt.timedelta) -> None:
    """The provider did not answer: recovery decides, once a late charge has had its time."""
    unknown = {"state": UNKNOWN, "next_at": sql_now() + patience}
    db.session.execute(update(Payment).where(Payment.id == payment_id, Payment.state == STARTED).values(unknown))


@transaction(isolation=READ_COMMITTED)
def note(payment_id: uuid.UUID, error: str) -> None:
    """Why an open payment is still open, for whoever looks after it."""
    db.session.execute(update(Payment).where(Payment.id == payment_id, Payment.state.in_(OPEN)).values(error=error))


def note_unknown_provider(payment: Payment) -> None:
    """Its provider is none of ours (any more): it stays open until somebody configures that one again."""
    telemetry.log.error("payment_provider_unknown", payment=str(payment.id), provider=payment.provider)
    note(payment.id, f"{NO_PROVIDER}:{payment.provider}")


def said(error: BaseException) -> str:
    """An unforeseen error in a line for operators; of the database's only its kind, since it quotes values."""
    text = "" if isinstance(error, DBAPIError) else " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300].rstrip(": ")


def explained(error: str) -> Notice | str:
    """What an error as the table keeps it says; of providers and programs in their own words."""
    code, _, about = error.partition(":")
    return Notice(f"payment_{code}", about=about) if code in (NO_ANSWER, NO_PROVIDER, NO_REFUND) else error


# --- for recovery


@reading
def due(patience: dt.timedelta, ahead: dt.timedelta, limit: int) -> list[tuple[uuid.UUID, int]]:
    """Open payments that may be asked about (within `ahead`), with how often that was done; new ones first."""
    # A row of an older version has no next_at.
    since = func.coalesce(Payment.next_at, Payment.updated_at + patience)
    waiting = select(Payment.id, Payment.attempts).where(Payment.state.in_(OPEN), since <= sql_now() + ahead)
    rows = db.session.execute(waiting.order_by(Payment.attempts, since, Payment.id).limit(limit))
    return [(row.id, row.attempts) for row in rows]


@transaction(isolation=READ_COMMITTED)
def claim(payment_id: uuid.UUID, attempts: int, patience: dt.timedelta) -> Payment | None:
    """Take a due payment for one question; None where somebody else has, or where it is settled.

    It is due again after a pause that doubles each time, so that a process that dies with it keeps it from nobody.
    """
    pause = min(patience * 2 ** min(attempts, 16), max(LONGEST_PAUSE, patience))
    mine = and_(Payment.id == payment_id, Payment.attempts == attempts, Payment.state.in_(OPEN))
    taken = update(Payment).where(mine).values(attempts=attempts + 1, next_at=sql_now() + pause)
    options = {"synchronize_session": False}
    return db.session.scalars(taken.returning(Payment), execution_options=options).one_or_none()


@reading
def is_live_charge(payment: Payment) -> bool:
    """Whether its own process may still be charging: asking the provider to cancel it would be too early."""
    waits = select(Payment.next_at > sql_now()).where(Payment.id == payment.id, Payment.state == STARTED)
    return bool(db.session.scalar(waits.where(Payment.attempts == 0)))


@transaction(isolation=READ_COMMITTED)
def hurry(actor: Actor) -> None:
    """Make everything due that was put off; not what its own process may still be charging. Raises Forbidden."""
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    put_off = and_(Payment.state.in_(OPEN), Payment.attempts > 0)
    done = update(Payment).where(put_off).values(next_at=sql_now()).returning(Payment.id)
    number = len(db.session.scalars(done.execution_options(synchronize_session=False)).all())
    people.audit(actor, "payments.hurried", "payments", after={"payments": number})


# --- looking


@reading
def asked_in_vain(actor: Actor, limit: int = 1000) -> list[Payment]:
    """Open payments that recovery has asked about, the most often asked first. Raises Forbidden."""
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)
    asked = select(Payment).where(Payment.state.in_(OPEN), Payment.attempts > 0)
    return list(db.session.scalars(asked.order_by(Payment.attempts.desc(), Payment.id).limit(limit)))


@reading
def figures() -> dict[str, int]:
    """For the metrics: open payments, and those that recovery has asked about too often."""
    counted = select(func.count(), func.count().filter(Payment.attempts >= STUCK_AFTER)).where(Payment.state.in_(OPEN))
    under_way, stuck = db.session.execute(counted).one()
    return {"open": under_way, "stuck": stuck}


def latest_charge_now(order_id: uuid.UUID) -> Payment | None:
    """The last attempt to charge for this order, inside the caller's transaction."""
    charges = select(Payment).where(Payment.order_id == order_id, Payment.kind == CHARGE)
    return db.session.scalars(charges.order_by(Payment.id.desc()).limit(1)).one_or_none()


latest_charge = reading(latest_charge_now)


def _refundable(order_id: uuid.UUID) -> list[tuple[Payment, Decimal]]:
    """Charges of which something is left, with how much."""
    return [(charge, charge.amount - back) for charge, back in _charged(order_id) if charge.amount > back]


def _charged(order_id: uuid.UUID) -> list[tuple[Payment, Decimal]]:
    """Charges, the latest first, with what of each went back, is on its way, or is owed.

    None that only takes a mistaken refund back: what went back by that is the first charge's again.
    """
    charge = aliased(Payment)
    paid = (charge.order_id == order_id, charge.kind == CHARGE, charge.state == SUCCEEDED, charge.corrects_id.is_(None))
    back = debts.given_back_of(charge.id)
    rows = db.session.execute(select(charge, back).where(*paid).order_by(charge.id.desc()))
    return [(one, Decimal(given)) for one, given in rows]


@reading
def is_in_one_call(order_id: uuid.UUID) -> bool:
    """Whether the order was to be held, paid and confirmed at once, so that nobody has a hold to pay for again."""
    said = func.coalesce(Order.in_one_call, Order.channel == API)
    return bool(db.session.scalars(select(said).where(Order.id == order_id)).one())


@reading
def charge_behind(refund: Payment) -> Charge:
    """What the refund gives back, as its provider knows it."""
    charge = db.session.get_one(Payment, refund.charge_id)
    return Charge(charge.id, str(charge.provider_reference))


def _prepare(new: Payment) -> None:
    new.id, new.attempts = new_id(), 0
