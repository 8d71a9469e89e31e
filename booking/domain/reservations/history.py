"""A guest's own bookings, for looking."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.orm import aliased

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.payments import CHARGE, SUCCEEDED, Order, Payment
from booking.domain.reservations import booking_details, hold_limits, models
from booking.domain.reservations.models import CONFIRMED, EXPIRED, PENDING, STAY_IS_OVER, Booking
from booking.infra.clock import sql_now
from booking.infra.db import db, reading

UPCOMING, PAST, CANCELLED = GROUPS = ("upcoming", "past", "cancelled")


@dataclass(frozen=True, slots=True)
class History:
    """One page of bookings, newest first."""

    bookings: list[Booking]
    page: int
    page_size: int
    total: int
    refunds: dict[uuid.UUID, str]  # as refund_state() has it; only where one is due


@reading
def mine(actor: Actor, *, status: str | None, page: int, page_size: int) -> History:
    """The guest's own bookings; `status` is the one that is shown, so a hold that ran out counts as EXPIRED.

    What was cancelled without ever being confirmed (a declined card, a hold given back) never was a booking to its
    guest, and is in no list.
    """
    where = [Booking.user_id == actor.account, _EVER_BOOKED, *([_shown_as(status)] if status else [])]
    newest = select(Booking).where(*where).order_by(Booking.created_at.desc(), Booking.id.desc())
    rows = db.session.scalars(newest.limit(page_size).offset((page - 1) * page_size)).all()
    total = db.session.scalar(select(func.count()).select_from(Booking).where(*where))
    return History(list(rows), page, page_size, total or 0, _refunds_of(rows))


def refund_state(booking: Booking) -> str | None:
    """What became of the money that is due back; None where none is. Of a booking that stands, nothing is asked."""
    return _refund_state(booking) if booking.status in models.ENDED else None


@reading
def _refund_state(booking: Booking) -> str | None:
    return _refunds_of([booking]).get(booking.id)


def _refunds_of(rows: Sequence[Booking]) -> dict[uuid.UUID, str]:
    return payments.refund_states_within([row.id for row in rows if row.status in models.ENDED])


@dataclass(frozen=True, slots=True)
class Listed:
    """A booking in a list."""

    booking: Booking
    stage: str  # as booking_details has it
    refund: str | None = None  # as refund_state() has it
    held_until: dt.datetime | None = None  # until when it can be paid, where it waits for that
    rooms: int = 1  # of its order, this one included; not those that were given back or ran out unpaid
    to_pay: Decimal | None = None  # for all of them that are held
    went_back: Decimal | None = None  # what was charged for the order although its nights were gone
    paid: Decimal = Decimal(0)  # for the whole order
    due: Decimal = Decimal(0)  # of the whole order, which its guest is still to pay

    @property
    def order_reference(self) -> str:
        return self.booking.reference.partition("-")[0]

    @property
    def keeps_money(self) -> bool:
        """Whether the house keeps something of what was paid, now that it is cancelled."""
        kept = self.booking.total_price if self.booking.kept is None else self.booking.kept
        return kept > 0 and self.paid > 0


@dataclass(frozen=True, slots=True)
class Overview:
    """One page of one of GROUPS, and how many bookings each has."""

    group: str
    entries: list[Listed]
    counts: dict[str, int]
    page: int
    page_size: int


@reading
def overview(actor: Actor, group: str, page: int, page_size: int = 10) -> Overview:
    """Stays to come (holds that run first, then the next one), past ones, and cancelled ones (the latest first).

    A stay is past from its check-out on, by the clock at the property. Holds that ended unpaid are in none;
    one that was charged too late, so that the money goes back, is among the cancelled.
    """
    groups, guest_id = _groups(), actor.account
    by_arrival = Booking.check_in if group == UPCOMING else Booking.check_in.desc()
    rows = db.session.execute(
        select(Booking, Order, _ROOMS, _TO_PAY)
        .join(Order, Order.id == Booking.order_id)
        .where(Booking.user_id == guest_id, groups[group])
        # What waits for its payment has only minutes left.
        .order_by(Booking.status != PENDING, by_arrival, Booking.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    ).all()
    went_back = payments.refund_states_within([one.id for one, *_ in rows]) if group == CANCELLED else {}
    entries = _listed(rows, went_back)
    return Overview(group, entries, _counts(guest_id, groups), page, page_size)


@reading
def running_holds(actor: Actor) -> list[Listed]:
    """What the guest has reserved and not paid, the one that ends first at the top; of an order the first room."""
    running = select(Booking, Order, _ROOMS, _TO_PAY).join(Order, Order.id == Booking.order_id)
    mine = running.where(Booking.user_id == actor.account, hold_limits.RUNNING)
    rows = db.session.execute(mine.order_by(*_ENDS_FIRST)).all()
    firsts: dict[uuid.UUID, str] = {}
    for one, *_ in rows:
        firsts[one.order_id] = min(one.reference, firsts.get(one.order_id, one.reference))
    return _listed([row for row in rows if row[0].reference == firsts[row[0].order_id]], {})


_EVER_BOOKED = or_(Booking.status != models.CANCELLED, Booking.confirmed_at.is_not(None))
_ENDS_FIRST = Booking.held_until.asc().nulls_last(), Booking.id


# Of a booking's order: how many rooms stand or stood, and what the held ones cost.
_LINE = aliased(Booking)
_BESIDE = _LINE.order_id == Booking.order_id
_ROOMS = (
    select(func.count())
    .where(_BESIDE, or_(_LINE.status == PENDING, _LINE.confirmed_at.is_not(None)))
    .scalar_subquery()
    .label("rooms")
)
_TO_PAY = select(func.sum(_LINE.total_price)).where(_BESIDE, _LINE.status == PENDING).scalar_subquery().label("to_pay")
_Row = Row[Booking, Order, int, Decimal | None]


def _listed(rows: Sequence[_Row], refunds: dict[uuid.UUID, str]) -> list[Listed]:
    stages = {one.id: booking_details.stage(one) for one, *_ in rows}
    paying = {one.order_id for one, *_ in rows if stages[one.id] == booking_details.PAYING}
    awaited = payments.awaited_until(paying)
    charged = _charged({one.order_id for one, *_ in rows if stages[one.id] == booking_details.OVER})
    found = []
    for one, order, rooms, to_pay in rows:
        shown, until = stages[one.id], one.held_until if stages[one.id] == booking_details.HELD else None
        if shown == booking_details.PAYING and one.order_id in awaited:
            shown, until = booking_details.AWAITED, awaited[one.order_id]
        of_order = max(1, rooms), to_pay, charged.get(one.order_id), order.paid, order.due
        found.append(Listed(one, shown, refunds.get(one.id), until, *of_order))
    return found


def _charged(order_ids: set[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """What was charged of orders that came to nothing."""
    if not order_ids:
        return {}
    succeeded = (Payment.kind == CHARGE, Payment.state == SUCCEEDED)
    charges = select(Payment.order_id, Payment.amount).where(Payment.order_id.in_(order_ids), *succeeded)
    return {row[0]: row[1] for row in db.session.execute(charges)}


def _counts(guest_id: uuid.UUID, groups: dict[str, ColumnElement[bool]]) -> dict[str, int]:
    row = db.session.execute(
        select(*(func.count().filter(condition) for condition in groups.values()))
        .select_from(Booking)
        .where(Booking.user_id == guest_id)
    ).one()
    return dict(zip(groups, row, strict=True))


def _groups() -> dict[str, ColumnElement[bool]]:
    booked = Booking.status == CONFIRMED
    return {
        UPCOMING: or_(and_(booked, ~STAY_IS_OVER), _shown_as(PENDING)),
        PAST: and_(booked, STAY_IS_OVER),
        CANCELLED: and_(Booking.status == models.CANCELLED, or_(_EVER_BOOKED, payments.has_refund(Booking.id))),
    }


def _shown_as(status: str) -> ColumnElement[bool]:
    run_out = and_(Booking.status == PENDING, Booking.held_until <= sql_now())
    if status == PENDING:
        return and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now()))
    return or_(Booking.status == EXPIRED, run_out) if status == EXPIRED else Booking.status == status
