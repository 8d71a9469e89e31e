"""Paying the rest of an order before its card is charged for it, or after that was declined: by its guest, by any card.

No booking moves. One charge of an order is open at a time, whoever began it (a unique index), and it is for what is due
at that moment: so the worker's own charge and the guest's never both come to an end.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import PaymentFailed, PaymentInProgress, PaymentUnknown, PriceChanged
from booking.domain.payments import AWAITING_GUEST, BALANCE, Due, Order, Payment
from booking.domain.people import Action
from booking.domain.reservations import bookings, deposits, lines, payment_pages, repository
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import named
from booking.domain.reservations.models import PENDING, Lines
from booking.domain.reservations.payment_pages import Links
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.provider import NoAnswer, Result

AT_THE_PAGE = dt.timedelta(minutes=30)  # so long the guest has there; the worker's own charge waits as long


@dataclass(frozen=True, slots=True)
class Rest:
    """What the guest may pay now. `last` is the order's latest charge; where it is open, `is_open` until it is known,
    and `is_awaited` while the guest may be at the provider's page. `failure`: why the last try at it failed.
    """

    amount: Decimal
    last: uuid.UUID | None
    is_open: bool
    is_awaited: bool
    failure: str | None


def of(order: Order, of_order: Lines, latest: Payment | None) -> Rest | None:
    """What its guest may pay now of an order with these bookings; None where that is nothing, or for staff to take."""
    if not is_payable(order, of_order):
        return None
    for_rest = latest is not None and latest.purpose == BALANCE
    return Rest(
        order.due,
        latest.id if latest else None,
        latest is not None and payments.is_open(latest),
        latest is not None and for_rest and latest.state == AWAITING_GUEST,
        latest.failure if latest is not None and for_rest else None,
    )


def is_payable(order: Order, of_order: Lines) -> bool:
    """Whether a deposit was paid, and the rest is due or will be. What staff vouches for is paid as staff says."""
    in_steps = any(deposits.rest_due_at(one) for one in of_order)
    begun = bool(order.paid) and all(one.status != PENDING for one in of_order)
    return in_steps and begun and order.due > 0 and not order.guarantee


def is_asked_for(order: Order, of_order: Lines) -> bool:
    """Whether a link that staff has had sent pays it: what is due of what is confirmed, also by the house's word."""
    return order.due > 0 and all(one.status != PENDING for one in of_order)


def pay(
    actor: Actor,
    booking_id: uuid.UUID,
    method: str,
    shown: Decimal,
    context: BookingContext,
    *,
    seen: uuid.UUID | None = None,
    asked: bool = False,
) -> None:
    """Charge what is due of the order that this booking is in; paid already: nothing is charged. `asked`: by a link
    that staff has had sent, which pays what is due in any case.

    A card that was declined after the charge that the guest has `seen` as the latest is not tried again: pressed twice
    at once, a button that charges tries it once. Raises BookingNotFound, PriceChanged, PaymentInProgress,
    PaymentFailed, PaymentUnknown.
    """
    charge = _begin(actor, booking_id, shown, context, (method, seen), asked=asked)
    if charge is None:
        return
    try:
        outcome = context.provider.charge(charge.id, charge.amount, charge.currency, method)
    except NoAnswer:
        payments.mark_unknown(charge.id, context.patience)
        raise PaymentUnknown from None
    payments.settle_balance(actor, charge.id, outcome, context)
    if outcome.result is Result.DECLINED:
        raise PaymentFailed
    if outcome.result is not Result.CHARGED:
        raise PaymentUnknown  # recovery was quicker and cancelled the charge


def page_of(
    actor: Actor, booking_id: uuid.UUID, shown: Decimal, context: BookingContext, links: Links, *, asked: bool = False
) -> str | None:
    """Where the guest pays it: one page, however often it is asked for; None where there is nothing to pay.

    Raises BookingNotFound, PriceChanged, PaymentInProgress, PaymentPageUnavailable.
    """
    is_new, charge = False, _open_page(actor, booking_id)
    if charge is None:
        is_new, charge = True, _begin(actor, booking_id, shown, context, asked=asked)
    if charge is None:
        return None
    title = lines.first(_beside(booking_id)).reference
    return payment_pages.url_of(actor, charge, title, context, links, is_new=is_new)


_beside = reading(repository.beside)


@reading
def _open_page(actor: Actor, booking_id: uuid.UUID) -> Payment | None:
    """The guest has been there, and has not paid yet as far as we know. Not a page that asks for too much by now."""
    booking = bookings.permitted(actor, Action.BOOK, booking_id)
    latest = payments.latest_charge_now(booking.order_id)
    if latest is None or latest.purpose != BALANCE or latest.state != AWAITING_GUEST:
        return None
    return latest if latest.amount <= db.session.get_one(Order, booking.order_id).due else None


@transaction(isolation=READ_COMMITTED)
def _begin(
    actor: Actor,
    booking_id: uuid.UUID,
    shown: Decimal,
    context: BookingContext,
    card: tuple[str, uuid.UUID | None] | None = None,
    *,
    asked: bool,
) -> Payment | None:
    """The charge, recorded, by this card and the latest charge that its owner has seen; without, the guest is awaited
    at the provider's page. None: nothing is due.
    """
    method, seen = card or (None, None)
    booking = bookings.permitted(actor, Action.BOOK, booking_id)
    order = payments.lock_order(booking.order_id)
    of_order = repository.of_order(order.id)
    if not (is_asked_for if asked else is_payable)(order, of_order):
        return None
    latest = payments.latest_charge_now(order.id)
    if latest and payments.is_open(latest):
        raise PaymentInProgress
    if latest and latest.id != seen and (latest.failure, latest.method) == (payments.DECLINED, method):
        raise PaymentFailed(named=named(*of_order))
    if shown != order.due:
        raise PriceChanged
    due = Due(order.id, lines.first(of_order).id, order.due, order.currency, BALANCE)
    if method is None:
        return payments.await_guest(due, until=AT_THE_PAGE, context=context)
    return payments.start_charge(due, method=method, context=context)
