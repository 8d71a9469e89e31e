"""Orders as programs use them: held, paid for, given back and looked at as a whole, however many rooms they have."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, or_, select

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import BookingModified, HoldEnded, HoldOver, IdempotencyConflict, OrderNotFound
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import (
    bookings,
    cancellation,
    hosted,
    idempotency,
    lines,
    models,
    repository,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.idempotency import Answer, Claim
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking, Lines
from booking.domain.reservations.payment_pages import Links
from booking.domain.reservations.requests import OrderRequest
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, db, reading, transaction


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """An order with its bookings, as they were asked for, and what became of money that is due back for them."""

    order: Order
    bookings: Lines
    refunds: dict[uuid.UUID, str]

    @property
    def held_until(self) -> dt.datetime | None:
        """By when it is to be paid; None where nothing of it is held, or a payment is under way."""
        return min((booking.held_until for booking in self.bookings if booking.held_until), default=None)

    @property
    def version(self) -> str:
        """Another one whenever the order or one of its bookings has changed."""
        return f"{self.order.version}.{sum(booking.version for booking in self.bookings)}"

    @property
    def is_settled(self) -> bool:
        """Whether it changes by its versions alone: a hold runs out without a new one, and a refund goes its way."""
        return not self.refunds and all(booking.status != PENDING for booking in self.bookings)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders, newest first."""

    orders: list[OrderDetails]
    page: int
    page_size: int
    total: int


Render = Callable[[OrderDetails], Answer]


# --- the way in


def hold(
    actor: Actor,
    wanted: OrderRequest,
    context: BookingContext,
    *,
    claim: Claim | None = None,
    render: Render | None = None,
) -> OrderDetails:
    """Keep all rooms for the guest until they are paid for, or none. With a `claim`, the answer that `render` makes is
    kept, and what an earlier call with the same key holds is not held again.

    Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked, TooManyHolds, AccountNotFound.
    """
    held = _held_earlier(claim) or bookings.hold_all(actor, wanted, context, claim)
    return _answered(claim, get(actor, held[0].order_id), render)


def book(
    actor: Actor,
    wanted: OrderRequest,
    method: str | None,
    context: BookingContext,
    *,
    claim: Claim | None = None,
    render: Render | None = None,
) -> OrderDetails:
    """Hold, pay and confirm in one call; see bookings.book_all()."""
    answer = (lambda booked: render(_now(booked))) if render else None
    booked = bookings.book_all(actor, wanted, method, context, claim=claim, render=answer)
    return get(actor, booked[0].order_id)


def pay(
    actor: Actor,
    order_id: uuid.UUID,
    method: str | None,
    shown_total: Decimal,
    context: BookingContext,
    *,
    claim: Claim | None = None,
    render: Render | None = None,
) -> OrderDetails:
    """Charge all that is held of an order, and confirm it; a declined card keeps the hold. Paid already: as it is.

    Raises as bookings.pay() does, OrderNotFound, HoldEnded.
    """
    try:
        if held := lines.pending(_payable(actor, order_id, shown_total)):
            bookings.pay_for(actor, held, method, context, keep_hold=True)
    except HoldOver:
        raise HoldEnded from None
    return _answered(claim, get(actor, order_id), render)


def payment_page(
    actor: Actor, order_id: uuid.UUID, shown_total: Decimal, context: BookingContext, links: Links
) -> str | None:
    """Where the guest pays for what is held of an order; None where there is nothing to pay. See hosted.page_of()."""
    first = lines.first(_payable(actor, order_id, shown_total))
    return hosted.page_of(actor, first.id, shown_total, context, links)


def release(actor: Actor, order_id: uuid.UUID, context: BookingContext) -> None:
    """Give back all that is held of an order and nobody pays for. Raises OrderNotFound where nothing is held,
    BookingModified (it is paid), BookingNotCancellable (somebody pays for it at this moment).
    """
    held = lines.pending(_permitted(actor, Action.CANCEL_BOOKING, order_id))
    if held:
        hosted.withdraw(actor, held[0].id, context)
    telemetry.count_booking("cancelled", _release(actor, order_id))


# --- looking


@reading
def get(actor: Actor, order_id: uuid.UUID) -> OrderDetails:
    """An order that the actor may see. Raises OrderNotFound."""
    order = payments.permitted_order(actor, Action.SEE_BOOKING, order_id)
    return _details([order], repository.of_order(order_id))[0]


@reading
def mine(actor: Actor, *, page: int, page_size: int) -> OrderPage:
    """The guest's own orders. Those of which nothing was ever booked or is held are in no list, like their bookings."""
    # By their first bookings, of which there is an index by guest.
    ever_booked = or_(Booking.status != models.CANCELLED, Booking.confirmed_at.is_not(None))
    of_order = select(Booking.order_id).where(Booking.user_id == actor.account, ever_booked)
    where = (Booking.user_id == actor.account, models.IS_FIRST, Order.id.in_(of_order))
    newest = select(Order).join(Booking, Booking.order_id == Order.id).where(*where)
    shown = newest.order_by(Booking.created_at.desc(), Booking.id.desc())
    orders = db.session.scalars(shown.limit(page_size).offset((page - 1) * page_size)).all()
    counted = select(func.count()).select_from(Order).join(Booking, Booking.order_id == Order.id).where(*where)
    rows = db.session.scalars(select(Booking).where(Booking.order_id.in_([order.id for order in orders]))).all()
    return OrderPage(_details(orders, rows), page, page_size, db.session.scalar(counted) or 0)


# --- around them


def _details(orders: Sequence[Order], rows: Sequence[Booking]) -> list[OrderDetails]:
    refunds = payments.refund_states_within([row.id for row in rows if row.status in models.ENDED])
    found = []
    for order in orders:
        of_order = lines.in_order(row for row in rows if row.order_id == order.id)
        back = {row.id: refunds[row.id] for row in of_order if row.id in refunds}
        found.append(OrderDetails(order, of_order, back))
    return found


def _now(booked: Lines) -> OrderDetails:
    """Inside the transaction that confirms: the order as it is after that."""
    return _details([payments.lock_order(booked[0].order_id)], booked)[0]


@reading
def _permitted(actor: Actor, action: Action, order_id: uuid.UUID) -> Lines:
    payments.permitted_order(actor, action, order_id)
    return repository.of_order(order_id)


@reading
def _payable(actor: Actor, order_id: uuid.UUID, shown_total: Decimal) -> Lines:
    payments.permitted_order(actor, Action.BOOK, order_id)
    return bookings.to_be_paid(repository.of_order(order_id), shown_total)


def _held_earlier(claim: Claim | None) -> Lines:
    """What an earlier call with this key holds, or was paid for since; nothing where that is over."""
    if claim is None or claim.booking_id is None:
        return ()
    held = _beside(claim.booking_id)
    standing = (PENDING, CONFIRMED)
    return held if any(cancellation.shown_status(booking) in standing for booking in held) else ()


_beside = reading(repository.beside)


def _answered(claim: Claim | None, details: OrderDetails, render: Render | None) -> OrderDetails:
    if claim and render and not idempotency.keep_refusal(claim, render(details)):
        raise IdempotencyConflict
    return details


@transaction(isolation=READ_COMMITTED)
def _release(actor: Actor, order_id: uuid.UUID) -> int:
    """How many bookings that were."""
    payments.permitted_order(actor, Action.CANCEL_BOOKING, order_id)
    found = repository.of_order(order_id, lock=True)
    if any(booking.status == CONFIRMED for booking in found):
        raise BookingModified
    held = tuple(booking for booking in found if cancellation.shown_status(booking) == PENDING)
    if not held:
        raise OrderNotFound
    for booking in held:
        cancellation.refuse_unless_possible(booking)
    cancellation.give_back(actor, held)
    return len(held)
