"""Charging what a change adds: by a card at once, or at the provider's own page, where the guest has until the hold's
end. The new nights are pinned meanwhile, and the old stay is kept.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from booking.domain import inventory, payments
from booking.domain.actors import Actor
from booking.domain.errors import (
    BookingModified,
    ChangeActionRequired,
    ChangeUnderWay,
    PaymentFailed,
    PaymentPageUnavailable,
    PaymentUnknown,
    RoomNotAvailable,
)
from booking.domain.money import as_facts
from booking.domain.payments import AWAITING_GUEST, Payment
from booking.domain.reservations import change_outcomes, change_rows, changes, payment_pages, repository
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, CHANGE_PENDING, BookingChange
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Booking
from booking.domain.reservations.payment_pages import Links
from booking.infra import clock, telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import NoAnswer, Result


@dataclass(frozen=True, slots=True)
class Awaited:
    """A change whose guest is to pay for it at the provider's page."""

    change: BookingChange
    charge: Payment
    is_new: bool = False  # begun by this very call


def pinned(begun: BookingChange) -> tuple[Booking, BookingChange]:
    """Both locked, the new nights pinned, inside the caller's SERIALIZABLE transaction. Raises RoomNotAvailable."""
    booking = repository.booking(begun.booking_id, lock=True)
    pending = change_rows.get(begun.id)
    if pending.state != CHANGE_PENDING or pending.payment_id or not pending.starts_from(booking):
        raise BookingModified
    if not inventory.pin_nights(pending.id, pending.claimed):
        raise RoomNotAvailable
    return booking, pending


def _due(actor: Actor, booking: Booking, pending: BookingChange) -> payments.Due:
    money = as_facts(pending.difference, pending.currency)
    changes.audit(actor, "payment.started", booking, {}, money | {"purpose": payments.FOR_CHANGE})
    more = pending.difference
    return payments.Due(booking.order_id, booking.id, more, pending.currency, payments.FOR_CHANGE, beyond=more)


def _paid_by(pending: BookingChange, payment: Payment) -> Payment:
    """From here on the nights do not end by time."""
    pending.payment_id, pending.held_until = payment.id, None
    change_rows.save(pending)
    return payment


# --- by a card


@transaction
def begin(actor: Actor, begun: BookingChange, method: str, context: BookingContext) -> Payment:
    """Record the attempt and pin the nights."""
    booking, pending = pinned(begun)
    due = _due(actor, booking, pending)
    return _paid_by(pending, payments.start_charge(due, method=method, context=context))


def charge(actor: Actor, payment: Payment, context: BookingContext, keep: Keep | None) -> Booking:
    """Charge what was begun. Raises PaymentFailed, PaymentUnknown, RoomNotAvailable: the old stay is kept."""
    try:
        outcome = context.provider.charge(payment.id, payment.amount, payment.currency, str(payment.method))
    except NoAnswer:
        payments.mark_unknown(payment.id, context.patience)
        telemetry.count_booking("payment_unknown")
        raise PaymentUnknown from None
    if outcome.result is Result.CHARGED:
        return change_outcomes.confirmed(actor, payment.id, outcome, context, keep)
    if outcome.result is Result.DECLINED:
        change_outcomes.give_up(actor, payment.id, payments.DECLINED)
        telemetry.count_booking("declined")
        raise PaymentFailed(named={"bookingId": encode("booking", payment.booking_id)})
    raise PaymentUnknown  # recovery was quicker and cancelled the charge


# --- at the provider's page


@transaction
def begin_page(actor: Actor, begun: BookingChange, context: BookingContext) -> Awaited:
    """Record that the guest is awaited until the hold's end, and pin the nights."""
    booking, pending = pinned(begun)
    left = pending.held_until - clock.now() if pending.held_until else dt.timedelta(0)
    due = _due(actor, booking, pending)
    return Awaited(pending, _paid_by(pending, payments.await_guest(due, until=left, context=context)), is_new=True)


def find_awaited(booking_id: uuid.UUID) -> Awaited | None:
    """The booking's change that its guest is to pay for at the provider's page, if there is one."""
    pending = _pending(booking_id)
    charge = payments.find_payment(pending.payment_id) if pending and pending.payment_id else None
    return Awaited(pending, charge) if pending and charge and charge.state == AWAITING_GUEST else None


_pending = reading(change_rows.find_pending)


def send_to_page(actor: Actor, awaited: Awaited, context: BookingContext, links: Links, keep: Keep | None) -> Booking:
    """The booking as it is now, where the guest has paid; else raises ChangeActionRequired, which says where the page
    is: the same one however often. Raises ChangeUnderWay, PaymentPageUnavailable.
    """
    url = url_of(actor, awaited, context, links)
    if url:
        raise ChangeActionRequired(named={"url": url})
    if is_confirmed(awaited.change.id):
        return keep_late(awaited.change.booking_id, keep)
    raise PaymentPageUnavailable  # closed: the next request begins anew


def url_of(actor: Actor, awaited: Awaited, context: BookingContext, links: Links) -> str | None:
    """Where the guest pays; None: the page is closed, and the change is confirmed or over. Raises as send_to_page()."""
    title = _reference(awaited.change.booking_id)
    return payment_pages.url_of(actor, awaited.charge, title, context, links, is_new=awaited.is_new)


def close_page(actor: Actor, awaited: Awaited, context: BookingContext) -> None:
    """The booking stays as it is, or has been changed where the guest has paid already. Raises ChangeUnderWay where the
    provider does not answer.
    """
    try:
        payment_pages.close(actor, awaited.charge, context)
    except NoAnswer:
        raise ChangeUnderWay from None


@reading
def is_confirmed(change_id: uuid.UUID) -> bool:
    found = change_rows.find(change_id)
    return found is not None and found.state == CHANGE_CONFIRMED


@reading
def _reference(booking_id: uuid.UUID) -> str:
    return repository.booking(booking_id).reference


@transaction(isolation=READ_COMMITTED)
def keep_late(booking_id: uuid.UUID, keep: Keep | None) -> Booking:
    """The booking as somebody else's step has left it; kept under the request's key."""
    booking = repository.booking(booking_id, lock=True)
    if keep:
        keep((booking,))
    return booking
