"""One booking as its guest's pages show it: what it is now, and what can still be done with it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Row, bindparam, select

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotCancellable, BookingNotFound
from booking.domain.payments import FAILED, SUCCEEDED, Order, Payment
from booking.domain.people import User
from booking.domain.reservations import booking_summary, cancellation
from booking.domain.reservations.booking_summary import BookingSummary
from booking.domain.reservations.cancellation import Terms
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import db, reading

# What a guest sees. A hold is AWAITED while its guest may be paying at the provider's page. One that ended unpaid is
# OVER, however it ended.
HELD, AWAITED, PAYING, BOOKED, CANCELLED, OVER = "held", "awaited", "paying", "booked", "cancelled", "over"


@dataclass(frozen=True, slots=True)
class BookingDetails:
    """A guest's own booking with every fact its pages need. Instants are in the property's zone."""

    id: uuid.UUID
    room_id: uuid.UUID
    location: str
    time_zone: str
    stage: str
    version: int
    notice: BookingSummary
    stay: Stay
    held_until: dt.datetime | None
    confirmed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    money_went_back: bool  # charged although the nights were gone, and refunded in full
    refund: str | None  # what became of the money that is owed back, as in refunds; None where none is
    payment_failed: bool  # over, and the last card was not charged
    last_failure: str | None  # still held, and why the last payment was not charged: DECLINED or ABANDONED
    failed_unheard: bool  # it was recovery that found out, when nobody waited for an answer any more
    given_back: bool  # over, because the guest did not want it any more
    refund_now: Decimal | None  # what comes back if it is cancelled now; None where that is not possible any more
    refund_until: dt.datetime | None  # until when it stays so
    due_if_cancelled: Decimal  # what the order would still owe then

    @property
    def seconds_left(self) -> int:
        """Until the hold ends, by our clock; 0 where none runs."""
        return max(0, int((self.held_until - clock.now()).total_seconds())) if self.held_until else 0

    @property
    def is_past(self) -> bool:
        """A stay from which its guest has checked out."""
        return self.stage == BOOKED and clock.now() >= self.notice.departure


def trip(actor: Actor, booking_id: uuid.UUID) -> BookingDetails:
    """The guest's own booking; raises BookingNotFound."""
    booking, order, guest, rooms = _own(actor, booking_id)
    refund, summary = (
        payments.refund_states([booking_id]).get(booking_id),
        booking_summary.of(booking, guest, order, rooms),
    )
    return _trip(booking, order, summary, payments.latest_charge(order.id), refund)


@reading
def _own(actor: Actor, booking_id: uuid.UUID) -> Row[Booking, Order, User, int]:
    """As a guest, whatever else the actor may see."""
    found = db.session.execute(_OWN, {"booking_id": booking_id, "guest": actor.account}).one_or_none()
    if found is None:
        raise BookingNotFound
    return found


_OWN = (
    select(Booking, Order, User, booking_summary.ROOMS)
    .join(Order, Order.id == Booking.order_id)
    .join(User, User.id == Booking.user_id)
    .where(Booking.id == bindparam("booking_id"), User.id == bindparam("guest"), User.deleted_at.is_(None))
)


def _trip(
    booking: Booking, order: Order, notice: BookingSummary, charge: Payment | None, refund: str | None
) -> BookingDetails:
    shown, zone = stage(booking), notice.arrival.tzinfo
    held_until = booking.held_until if shown == HELD else None
    if shown == PAYING and charge is not None and payments.awaits_guest(charge):
        shown, held_until = AWAITED, charge.next_at
    left = charge is not None and charge.state == FAILED and charge.method == payments.HOSTED  # nobody paid there
    terms = _terms_now(booking, order) if shown == BOOKED else None
    return BookingDetails(
        id=booking.id,
        room_id=booking.room_id,
        location=booking.location,
        time_zone=booking.time_zone,
        stage=shown,
        version=booking.version,
        notice=notice,
        stay=Stay(booking.check_in, booking.check_out),
        held_until=held_until.astimezone(zone) if held_until else None,
        confirmed_at=booking.confirmed_at and booking.confirmed_at.astimezone(zone),
        cancelled_at=booking.cancelled_at and booking.cancelled_at.astimezone(zone),
        money_went_back=shown == OVER and charge is not None and charge.state == SUCCEEDED,
        refund=refund,
        payment_failed=shown == OVER and charge is not None and charge.state == FAILED and not left,
        last_failure=charge.failure if shown == HELD and charge is not None and not left else None,
        failed_unheard=shown == HELD and charge is not None and charge.attempts > 0 and not left,
        given_back=shown == OVER and (charge is None or left) and booking.cancelled_at is not None,
        refund_now=terms.refund if terms else None,
        refund_until=cancellation.refund_until(booking) if shown == BOOKED else None,
        due_if_cancelled=_due_after(booking, order, terms) if terms else order.due,
    )


def stage(booking: Booking) -> str:
    """Which of HELD, PAYING, BOOKED, CANCELLED, OVER it is now."""
    shown = cancellation.shown_status(booking)
    if shown == PENDING:
        return PAYING if booking.held_until is None else HELD
    if shown == CONFIRMED:
        return BOOKED
    return CANCELLED if booking.confirmed_at else OVER


def _terms_now(booking: Booking, order: Order) -> Terms | None:
    try:
        cancellation.refuse_unless_possible(booking)
    except BookingNotCancellable:
        return None
    return cancellation.terms_now(booking, order)


def _due_after(booking: Booking, order: Order, terms: Terms) -> Decimal:
    owed = order.owed - booking.total_price + terms.kept
    return max(Decimal(0), owed - (order.net_paid - terms.refund))
