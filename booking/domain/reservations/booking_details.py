"""One booking as its guest's pages show it: what it is now, and what can still be done with it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Row, bindparam, select

from booking.domain import payments, pricing
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotCancellable, BookingNotFound
from booking.domain.payments import FAILED, SUCCEEDED, Order, Payment
from booking.domain.people import User
from booking.domain.reservations import booking_summary, cancellation, change_details, repository, rest_payments
from booking.domain.reservations.booking_summary import BookingSummary
from booking.domain.reservations.cancellation import Terms
from booking.domain.reservations.change_details import ChangeToPay
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking, Lines
from booking.domain.reservations.rest_payments import Rest
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import db, reading

# What a guest sees. A hold is AWAITED while its guest may be paying at the provider's page. One that ended unpaid is
# OVER, however it ended.
HELD, AWAITED, PAYING, BOOKED, CANCELLED, OVER = "held", "awaited", "paying", "booked", "cancelled", "over"


@dataclass(frozen=True, slots=True)
class OrderedRoom:
    """One of the bookings of an order of several rooms. A cancelled one costs what its policy keeps."""

    booking_id: uuid.UUID
    name: str
    stay: Stay
    guests: int
    stage: str
    price: Decimal
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BookingDetails:
    """A guest's own booking with every fact its pages need. Instants are in the property's zone."""

    id: uuid.UUID
    order_id: uuid.UUID
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
    went_back: Decimal | None  # what was charged although the nights were gone, and is refunded in full
    refund: str | None  # as refund_state() has it
    payment_failed: bool  # over, and the last card was not charged
    last_failure: str | None  # still held, and why the last payment was not charged: DECLINED or ABANDONED
    failed_unheard: bool  # it was recovery that found out, when nobody waited for an answer any more
    given_back: bool  # over, because the guest did not want it any more
    refund_now: Decimal | None  # what comes back if it is cancelled now; None where that is not possible any more
    refund_until: dt.datetime | None  # until when it stays so
    kept_if_cancelled: Decimal  # of its price, by its policy
    order_if_cancelled: Decimal  # what the order would cost then
    due_if_cancelled: Decimal  # what the order would still owe then
    rooms: tuple[OrderedRoom, ...]  # all of the order, where it has several
    change: ChangeToPay | None  # another stay that takes this one's place once it is paid
    change_not_paid: bool  # the guest left its page not long ago
    promotion: str | None  # what the house calls the one that it uses
    rest: Rest | None  # what its guest may pay now of an order whose deposit was paid

    @property
    def money_went_back(self) -> bool:
        return self.went_back is not None

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
    of_order = _of_order(order.id) if rooms > 1 else ()
    summary = booking_summary.of(booking, guest, order, of_order)
    latest = payments.latest_charge(order.id)
    charge = _of_its_own(booking, latest, of_order)
    charged_for = charge.booking_id if charge else booking_id  # what goes back for all rooms goes back for that one
    refunds = payments.refund_states(list({booking_id, charged_for}))
    refund = refunds.get(booking_id if booking.confirmed_at else charged_for)
    shown = _trip(booking, order, summary, charge, refund=refund, rooms=booking_summary.counted(booking, of_order))
    change = change_details.to_pay(booking, charge) if shown.stage == BOOKED else None
    rest = rest_payments.of(order, of_order or (booking,), latest)
    return replace(shown, change=change, rest=rest) if change or rest else shown


@reading
def _own(actor: Actor, booking_id: uuid.UUID) -> Row[Booking, Order, User, int]:
    """As a guest, whatever else the actor may see."""
    found = db.session.execute(_OWN, {"booking_id": booking_id, "guest": actor.account}).one_or_none()
    if found is None:
        raise BookingNotFound
    return found


_OWN = (
    select(Booking, Order, User, repository.ROOMS)
    .join(Order, Order.id == Booking.order_id)
    .join(User, User.id == Booking.user_id)
    .where(Booking.id == bindparam("booking_id"), User.id == bindparam("guest"), User.deleted_at.is_(None))
)


_of_order = reading(repository.of_order)


def _of_its_own(booking: Booking, charge: Payment | None, of_order: Lines) -> Payment | None:
    """What was begun after one of several rooms was given back was for the others."""
    if charge and of_order and booking.cancelled_at and charge.created_at > booking.cancelled_at:
        return None
    return charge


def _trip(
    booking: Booking, order: Order, notice: BookingSummary, charge: Payment | None, *, refund: str | None, rooms: Lines
) -> BookingDetails:
    shown, zone = stage(booking), notice.arrival.tzinfo
    held_until = booking.held_until if shown == HELD else None
    if shown == PAYING and charge is not None and payments.awaits_guest(charge):
        shown, held_until = AWAITED, charge.next_at
    left = charge is not None and charge.state == FAILED and charge.method == payments.HOSTED  # nobody paid there
    terms = _terms_now(booking, order) if shown == BOOKED else None
    return BookingDetails(
        id=booking.id,
        order_id=order.id,
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
        went_back=charge.amount if shown == OVER and charge and charge.state == SUCCEEDED else None,
        refund=refund,
        payment_failed=shown == OVER and charge is not None and charge.state == FAILED and not left,
        last_failure=charge.failure if shown == HELD and charge is not None and not left else None,
        failed_unheard=shown == HELD and charge is not None and charge.attempts > 0 and not left,
        given_back=shown == OVER and (charge is None or left) and booking.cancelled_at is not None,
        refund_now=terms.refund if terms else None,
        refund_until=cancellation.refund_until(booking) if shown == BOOKED else None,
        kept_if_cancelled=terms.kept if terms else Decimal(0),
        order_if_cancelled=cancellation.owed_after(booking, order, terms) if terms else order.owed,
        due_if_cancelled=cancellation.due_after(booking, order, terms) if terms else order.due,
        rooms=tuple(map(_ordered, rooms)) if len(rooms) > 1 else (),
        change=None,
        promotion=used.label if (used := pricing.promotion_of(pricing.kept_lines(booking.price_lines))) else None,
        change_not_paid=shown == BOOKED and change_details.was_not_paid(booking, charge),
        rest=None,
    )


def _ordered(booking: Booking) -> OrderedRoom:
    shown, stay = stage(booking), Stay(booking.check_in, booking.check_out)
    price = booking.total_price if shown != CANCELLED else booking.kept or Decimal(0)
    return OrderedRoom(booking.id, booking.sold_name, stay, booking.guests, shown, price, booking.children)


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
