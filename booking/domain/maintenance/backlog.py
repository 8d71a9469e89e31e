"""What should have been done by now and is not: events, emails, ended holds, payments without an outcome.

Each function looks through a connection that the caller opened, so that it works beside an application that does not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from booking.config import Settings
from booking.domain.catalogue import PHOTO_MADE_WITHIN, PHOTO_WAITING, Photo
from booking.domain.messages import (
    DELIVERY_GIVEN_UP,
    DELIVERY_RUNNING,
    DELIVERY_WAITING,
    GIVE_UP_AFTER,
    Delivery,
    Event,
)
from booking.domain.notices import Notice
from booking.domain.payments import (
    AWAITING_GUEST,
    AWAITING_STAFF,
    OPEN,
    REFUND_IS_OWED,
    Payment,
    ProviderLook,
    explained_error,
)
from booking.domain.people import User
from booking.domain.reservations import PENDING, Booking
from booking.infra.clock import sql_now
from booking.infra.doctor.report import OK, PROBLEM, WARNING

LATE = dt.timedelta(minutes=2)  # more than a killed worker or a restart costs
MUCH_TOO_LATE = dt.timedelta(minutes=30)
SETTLED_AFTER = dt.timedelta(minutes=10)
UNSEEN = {"refunds": "refunds_not_looked_at", "disputes": "disputes_not_looked_at"}
LOOKED_AT_AFTER = dt.timedelta(hours=6)  # refunds and disputes at the provider itself
GIVEN_BACK_AFTER = dt.timedelta(days=1)  # money that staff is to give back by hand


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that is so, and what to do about it; `state` is a doctor's: ok, warning or problem."""

    state: str
    finding: Notice
    advice: Notice | None = None


def outbox(opened: Connection, _: Settings) -> Iterator[Observation]:
    """Events that nobody has looked at, and work that follows from them and is not done."""
    unsent, unseen = _count(opened, select(*_since(Event.occurred_at)).where(Event.sent_at.is_(None)))
    if unseen > LATE:
        yield Observation(PROBLEM, Notice("events_unseen", events=unsent, age=unseen), Notice("look_at_worker"))
    undone, age = _count(opened, _deliveries(DELIVERY_WAITING, DELIVERY_RUNNING))
    if age > LATE:
        yield Observation(
            PROBLEM if age > MUCH_TOO_LATE else WARNING,
            Notice("deliveries_late", deliveries=undone, age=age, because=_because(opened)),
            Notice("mend_deliveries", kept=GIVE_UP_AFTER),
        )
    failed = _count(opened, _deliveries(DELIVERY_GIVEN_UP))[0]
    if failed:
        yield Observation(WARNING, Notice("deliveries_given_up", deliveries=failed), Notice("retry_deliveries"))
    if refused := _refused(opened):
        yield Observation(WARNING, Notice("addresses_refused", accounts=refused), Notice("look_at_addresses"))
    if max(age, unseen) <= LATE and not failed:
        events, deliveries = Notice("events", number=unsent), Notice("deliveries", number=undone)
        yield Observation(OK, Notice("messages_under_way", events=events, deliveries=deliveries))


def _refused(opened: Connection) -> int:
    """How many guests no email reaches."""
    noted = select(func.count()).select_from(User).where(User.email_undeliverable_at.is_not(None))
    return opened.scalar(noted) or 0


def photos(opened: Connection, _: Settings) -> Iterator[Observation]:
    """Photos whose sizes nobody has made, so that guests do not see them."""
    number, age = _count(opened, select(*_since(Photo.created_at)).where(Photo.state == PHOTO_WAITING))
    if age > PHOTO_MADE_WITHIN:
        yield Observation(WARNING, Notice("photos_unmade", photos=number, age=age), Notice("look_at_photos"))
    else:
        yield Observation(OK, Notice("none_overdue"))


def holds(opened: Connection, settings: Settings) -> Iterator[Observation]:
    """Nights that nobody paid for in time and that are still taken."""
    over = (Booking.status == PENDING, Booking.held_until < sql_now())
    number, age = _count(opened, select(*_since(Booking.held_until)).where(*over))
    if age > LATE + 2 * dt.timedelta(seconds=settings.sweep_seconds):
        yield Observation(PROBLEM, Notice("holds_not_released", holds=number, age=age), Notice("release_holds"))
    else:
        yield Observation(OK, Notice("none_overdue"))


# A guest may be at the provider's page for as long as the hold runs.
_STILL_AWAITED = and_(Payment.state == AWAITING_GUEST, Payment.next_at > sql_now())


def payments(opened: Connection, _: Settings) -> Iterator[Observation]:
    """Payments that recovery should have settled, and refunds that were declined."""
    number, age = _count(opened, select(*_since(Payment.created_at)).where(Payment.state.in_(OPEN), ~_STILL_AWAITED))
    if age > SETTLED_AFTER:
        finding = Notice("payments_without_outcome", payments=number, age=age, because=_why(opened))
        yield Observation(PROBLEM, finding, Notice("look_at_provider"))
    if owed := opened.scalar(select(func.count(Payment.booking_id.distinct())).where(REFUND_IS_OWED)):
        yield Observation(PROBLEM, Notice("refunds_declined", refunds=owed), Notice("retry_refunds"))
    yield from _unseen(opened)
    by_hand, age_by_hand = _count(opened, select(*_since(Payment.created_at)).where(Payment.state == AWAITING_STAFF))
    if age_by_hand > GIVEN_BACK_AFTER:
        finding = Notice("refunds_await_staff", refunds=by_hand, age=age_by_hand)
        yield Observation(WARNING, finding, Notice("give_refunds_back"))
    if age <= SETTLED_AFTER and not owed:
        yield Observation(OK, Notice("payments_under_way", payments=number))


def _unseen(opened: Connection) -> Iterator[Observation]:
    """What a provider has refunded or what was disputed there, and nobody here knows."""
    stuck = ProviderLook.attempts > 0, ProviderLook.looked_until < sql_now() - LOOKED_AT_AFTER
    for look in opened.execute(select(ProviderLook.provider, ProviderLook.kind, ProviderLook.error).where(*stuck)):
        because = Notice("because", reason=explained_error(look.error[:120])) if look.error else ""
        finding = Notice(UNSEEN[look.kind], provider=look.provider, because=because)
        yield Observation(PROBLEM, finding, Notice("look_at_provider_again"))


def _why(opened: Connection) -> Notice | str:
    reasons = select(Payment.error).where(Payment.state.in_(OPEN), Payment.error.is_not(None))
    error = opened.scalar(reasons.order_by(Payment.attempts.desc()).limit(1))
    return Notice("because", reason=explained_error(error[:120])) if error else ""


def _deliveries(*states: str) -> Select[Any]:
    """Not those that were put off: a text message waits for the morning."""
    is_due = or_(Delivery.state == DELIVERY_GIVEN_UP, Delivery.attempts > 0, Delivery.next_at <= sql_now() + LATE)
    return (
        select(*_since(Event.occurred_at))
        .join(Delivery, Delivery.event_id == Event.id)
        .where(Delivery.state.in_(states), is_due)
    )


def _since(instant: Any) -> tuple[Any, Any]:
    """How many, and for how long the oldest."""
    return func.count(), func.max(sql_now() - instant)


def _count(opened: Connection, statement: Select[Any]) -> tuple[int, dt.timedelta]:
    number, age = opened.execute(statement).one()
    return number, age or dt.timedelta(0)


def _because(opened: Connection) -> Notice | str:
    latest = (
        select(Delivery.error)
        .where(Delivery.state.in_((DELIVERY_WAITING, DELIVERY_RUNNING)), Delivery.error.is_not(None))
        .order_by(Delivery.next_at.desc())
        .limit(1)
    )
    error = opened.scalar(latest)
    return Notice("because", reason=" ".join(error.split())[:120]) if error else ""
