"""What should have been done by now and is not: events, mails, ended holds, payments without an outcome.

Each function looks through a connection that the caller opened, so that it works beside an application that does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, exists, func, select
from sqlalchemy.orm import aliased

from booking.config import Settings
from booking.domain.messages import (
    DELIVERY_GIVEN_UP,
    DELIVERY_RUNNING,
    DELIVERY_WAITING,
    GIVE_UP_AFTER,
    Delivery,
    Event,
)
from booking.domain.payments import FAILED, LIVE, OPEN, REFUND, Payment
from booking.domain.people import User
from booking.domain.reservations import PENDING, Booking
from booking.infra.clock import sql_now
from booking.infra.doctor.report import Diagnosis, fault, ok, problem, warning
from booking.infra.words import count

LATE = dt.timedelta(minutes=2)  # more than a killed worker or a restart costs
MUCH_TOO_LATE = dt.timedelta(minutes=30)
SETTLED_AFTER = dt.timedelta(minutes=10)
WORKER = "start `python worker.py`, or read its log"


def outbox(opened: Connection, _: Settings) -> Iterator[Diagnosis]:
    """Events that nobody has looked at, and work that follows from them and is not done."""
    unsent, unseen = _count(opened, select(*_since(Event.occurred_at)).where(Event.sent_at.is_(None)))
    if unseen > LATE:
        yield problem(
            f"{count(unsent, 'event has', 'events have')} not been looked at, the oldest for {_long(unseen)}", WORKER
        )
    undone, age = _count(opened, _deliveries(DELIVERY_WAITING, DELIVERY_RUNNING))
    if age > LATE:
        yield fault(age > MUCH_TOO_LATE)(
            f"{count(undone, 'delivery waits', 'deliveries wait')}, the oldest for {_long(age)}{_because(opened)}",
            f"mend what it names or {WORKER}; they are tried again for {_long(GIVE_UP_AFTER)}",
        )
    failed = _count(opened, _deliveries(DELIVERY_GIVEN_UP))[0]
    if failed:
        yield warning(
            f"{count(failed, 'delivery was', 'deliveries were')} given up",
            "see `flask events status`, then `flask events retry`",
        )
    if refused := _refused(opened):
        yield warning(
            f"{count(refused, 'account has', 'accounts have')} an address that mail servers refuse for good",
            "their account pages say so; `flask events status` has the reasons",
        )
    if max(age, unseen) <= LATE and not failed:
        yield ok(f"{count(unsent, 'event')} and {count(undone, 'delivery', 'deliveries')} on their way")


def _refused(opened: Connection) -> int:
    """How many guests no mail reaches."""
    noted = select(func.count()).select_from(User).where(User.email_undeliverable_at.is_not(None))
    return opened.scalar(noted) or 0


def holds(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
    """Nights that nobody paid for in time and that are still taken."""
    over = (Booking.status == PENDING, Booking.held_until < sql_now())
    number, age = _count(opened, select(*_since(Booking.held_until)).where(*over))
    if age > LATE + 2 * dt.timedelta(seconds=settings.sweep_seconds):
        yield problem(
            f"{count(number, 'hold has', 'holds have')} ended and not been released, the oldest for {_long(age)}",
            f"{WORKER}; at once: `flask bookings expire`",
        )
    else:
        yield ok("none is overdue")


def payments(opened: Connection, _: Settings) -> Iterator[Diagnosis]:
    """Payments that recovery should have settled, and refunds that were declined."""
    number, age = _count(opened, select(*_since(Payment.created_at)).where(Payment.state.in_(OPEN)))
    if age > SETTLED_AFTER:
        yield problem(
            f"{count(number, 'payment has', 'payments have')} no outcome, the oldest for {_long(age)}{_why(opened)}",
            f"{WORKER}; see whether the provider answers, and `flask payments list`",
        )
    if owed := opened.scalar(select(func.count(Payment.booking_id.distinct())).where(*_DECLINED)):
        yield problem(
            f"{count(owed, 'refund was', 'refunds were')} declined: guests wait for their money",
            "see `flask payments list`, then `flask payments retry`, or return it another way",
        )
    if age <= SETTLED_AFTER and not owed:
        yield ok(f"{number} under way")


_other = aliased(Payment)
_DECLINED = (
    Payment.kind == REFUND,
    Payment.state == FAILED,
    ~exists().where(_other.booking_id == Payment.booking_id, _other.kind == REFUND, _other.state.in_(LIVE)),
)


def _why(opened: Connection) -> str:
    reasons = select(Payment.error).where(Payment.state.in_(OPEN), Payment.error.is_not(None))
    error = opened.scalar(reasons.order_by(Payment.attempts.desc()).limit(1))
    return f" ({error[:120]})" if error else ""


def _deliveries(*states: str) -> Select[Any]:
    return (
        select(*_since(Event.occurred_at))
        .join(Delivery, Delivery.event_id == Event.id)
        .where(Delivery.state.in_(states))
    )


def _since(instant: Any) -> tuple[Any, Any]:
    """How many, and for how long the oldest."""
    return func.count(), func.max(sql_now() - instant)


def _count(opened: Connection, statement: Select[Any]) -> tuple[int, dt.timedelta]:
    number, age = opened.execute(statement).one()
    return number, age or dt.timedelta(0)


def _because(opened: Connection) -> str:
    latest = (
        select(Delivery.error)
        .where(Delivery.state.in_((DELIVERY_WAITING, DELIVERY_RUNNING)), Delivery.error.is_not(None))
        .order_by(Delivery.next_at.desc())
        .limit(1)
    )
    error = opened.scalar(latest)
    return f" ({' '.join(error.split())[:120]})" if error else ""


def _long(age: dt.timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes >= 120 else f"{minutes} min"
