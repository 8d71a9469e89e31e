"""At the desk: a guest arrives, leaves, or does not come.

Each step says who did it, when, and what it was before; pressed twice, it answers the same. Whoever leaves early gives
the nights back that they have not slept: those are on sale at once, and what comes back is what the frozen policy says,
shown before (previews). A no-show frees nothing unless told so; then the nights after the first, on the same terms.
Each step can be undone for a minute (undoing.py). Days are the property's own.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from booking.domain import inventory, payments, pricing, spelling
from booking.domain.actors import Actor
from booking.domain.errors import BookingModified, RefundChanged, UnknownBooking
from booking.domain.money import as_text
from booking.domain.payments import Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations import (
    bookings,
    change_outcomes,
    change_quotes,
    change_rows,
    changes,
    occupied_rooms,
    references,
    repository,
)
from booking.domain.reservations.change_outcomes import Done
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.desk_errors import (
    CheckedOutAlready,
    CheckInAfterStay,
    CheckInOfUnconfirmed,
    CheckInTooEarly,
    CheckOutRefused,
    NoShowOfArrived,
    NoShowOfUnconfirmed,
    NoShowTooEarly,
    RoomOccupied,
)
from booking.domain.reservations.models import CONFIRMED, DEPARTED, IN_HOUSE, NO_SHOW, Booking
from booking.domain.stays import StayRules
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction

NO_SHOW_FROM = dt.time(18)  # on the day of arrival, at the property; where check-in begins later, from then on


@dataclass(frozen=True, slots=True)
class Departure:
    """What a check-out now, or a no-show that frees nights, would mean. `quote` is None where no night comes free."""

    booking: Booking
    last_day: dt.date
    freed: int  # nights
    refund: Decimal
    quote: ChangeQuote | None
    due: Decimal = Decimal(0)  # what is still owed of the whole order then
    guest: str = ""  # empty where nobody knows any more

    @property
    def currency(self) -> str:
        return self.booking.currency


# --- before it is decided


@reading
def preview(actor: Actor, booking_id: uuid.UUID, rules: StayRules) -> Departure:
    """Which nights a guest who leaves now, or has not come, gives back, what of their price comes back or is due.

    Raises BookingNotFound.
    """
    booking = bookings.permitted(actor, Action.CHECK_IN, booking_id)
    order = db.session.get_one(Order, booking.order_id)
    found = _departure(booking, rules, order)
    taken_off = found.quote.difference if found.quote else Decimal(0)
    guest = order.contact_name or db.session.scalar(select(User.full_name).where(User.id == order.user_id))
    return replace(found, due=max(Decimal(0), order.due + taken_off), guest=guest or "")


@reading
def find(actor: Actor, reference: str) -> Booking:
    """The booking by what its guest says, for staff. Raises UnknownBooking."""
    booking = references.find(reference)
    if booking is None or not references.may(actor, Action.CHECK_IN, booking):
        hint = spelling.perhaps_meant(references.close(actor, Action.CHECK_IN, reference))
        raise UnknownBooking(reference=reference, hint=hint)
    return booking


def _departure(booking: Booking, rules: StayRules, order: Order | None = None) -> Departure:
    """Inside the caller's transaction, which locks the order where none is given.

    The night of the day on which somebody leaves has not been slept, however late that is; of a stay one night is used
    in any case.
    """
    last_day = departure_day(booking)
    if booking.status != CONFIRMED or last_day >= booking.check_out:
        return Departure(booking, booking.check_out, 0, Decimal(0), None)
    quoted = change_quotes.worked_out(booking, StayChange(check_out=last_day), rules, earliest=last_day)
    refund = change_outcomes.refund_due(order or payments.lock_order(booking.order_id), quoted.difference)
    return Departure(booking, last_day, (booking.check_out - last_day).days, refund, quoted)


def departure_day(booking: Booking) -> dt.date:
    """On which the stay of a guest who leaves now, or has not come, would end."""
    return max(clock.today(booking.time_zone), booking.check_in + dt.timedelta(days=1))


# --- arriving


@transaction(retry_on=occupied_rooms.ONE_IN_ROOM)
def check_in(
    actor: Actor, booking_id: uuid.UUID, context: BookingContext, *, seen_version: int | None = None
) -> Booking:
    """The guest is here: from the day of arrival on, also before the hour of check-in, which is written down then.

    Whoever was marked as a no-show, and comes after all, is none. What is due stays due. Raises BookingNotFound,
    BookingModified, CheckInRefused.
    """
    booking = bookings.permitted(actor, Action.CHECK_IN, booking_id, lock=True)
    if booking.presence == IN_HOUSE:
        return booking
    refuse_if_modified(booking, seen_version)
    _refuse_unless_arriving(booking, context.rules)
    refuse_if_occupied(booking)
    before, now = booking.presence, clock.now()
    booking.checked_in_at, booking.no_show_at = now, None
    repository.save(booking)
    is_early = now < pricing.check_in_instant(booking.policy, booking.check_in)
    tell(actor, "booking.arrived", booking, before, **({"early": True} if is_early else {}))
    return booking


def _refuse_unless_arriving(booking: Booking, rules: StayRules) -> None:
    if booking.status != CONFIRMED:
        raise CheckInOfUnconfirmed
    if booking.presence == DEPARTED:
        raise CheckedOutAlready
    if rules.today(booking.time_zone) < booking.check_in:
        raise CheckInTooEarly(day=booking.check_in)
    if clock.now() >= booking.departure:
        raise CheckInAfterStay


def refuse_if_occupied(booking: Booking) -> None:
    """Inside the caller's transaction, which is to begin anew where ONE_IN_ROOM refuses it."""
    if other := occupied_rooms.find_other(booking, booking.room_id):
        raise RoomOccupied(reference=other.reference)


# --- leaving


def check_out(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    seen_version: int | None = None,
    seen_refund: Decimal | None = None,
) -> Booking:
    """The guest has left: nights that they did not sleep are free at once, and the room is to be cleaned.

    Raises BookingNotFound, BookingModified, CheckOutRefused, ChangeUnderWay; RefundChanged where what comes back is not
    what was shown.
    """
    done = _check_out(actor, booking_id, context, seen_version, seen_refund)
    payments.send_refunds(actor, done.refunds, context)
    return done.booking


@transaction(isolation=READ_COMMITTED)
def _check_out(
    actor: Actor, booking_id: uuid.UUID, context: BookingContext, seen_version: int | None, seen_refund: Decimal | None
) -> Done:
    booking = bookings.permitted(actor, Action.CHECK_IN, booking_id, lock=True)
    if booking.presence == DEPARTED:
        return Done(booking, [], is_changed=False)
    refuse_if_modified(booking, seen_version)
    if booking.presence != IN_HOUSE:
        raise CheckOutRefused
    booking.checked_out_at = clock.now()
    refunds, freed = _give_nights_back(actor, booking, context, seen_refund, at=booking.checked_out_at)
    tell(actor, "booking.departed", booking, IN_HOUSE, **freed)
    inventory.soil_room(actor, booking.room_id)
    return Done(booking, refunds)


# --- not coming


def mark_no_show(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    free_nights: bool = False,
    seen_version: int | None = None,
    seen_refund: Decimal | None = None,
) -> Booking:
    """The guest has not come, known from the evening of the day of arrival on. Their nights stay theirs, they may come
    yet; with `free_nights` those after the first, and not before today, are on sale again.

    Raises BookingNotFound, BookingModified, NoShowRefused, ChangeUnderWay, RefundChanged.
    """
    done = _mark_no_show(
        actor, booking_id, context, free_nights=free_nights, seen_version=seen_version, seen_refund=seen_refund
    )
    payments.send_refunds(actor, done.refunds, context)
    return done.booking


@transaction(isolation=READ_COMMITTED)
def _mark_no_show(
    actor: Actor,
    booking_id: uuid.UUID,
    context: BookingContext,
    *,
    free_nights: bool,
    seen_version: int | None,
    seen_refund: Decimal | None,
) -> Done:
    booking = bookings.permitted(actor, Action.CHECK_IN, booking_id, lock=True)
    departure = _departure(booking, context.rules) if free_nights else None
    if booking.presence == NO_SHOW and not (departure and departure.freed):
        return Done(booking, [], is_changed=False)
    refuse_if_modified(booking, seen_version)
    _refuse_unless_missed(booking)
    before, now = booking.presence, clock.now()
    booking.no_show_at = now
    if departure and departure.freed:
        refunds, freed = _give_nights_back(actor, booking, context, seen_refund, at=now)
    else:
        repository.save(booking)
        refunds, freed = [], {}
    tell(actor, "booking.missed", booking, before, **freed)
    return Done(booking, refunds)


def _refuse_unless_missed(booking: Booking) -> None:
    if booking.status != CONFIRMED:
        raise NoShowOfUnconfirmed
    if booking.checked_in_at:
        raise NoShowOfArrived
    if not is_missed(booking):
        raise NoShowTooEarly(day=booking.check_in, hour=no_show_hour(booking))


def is_missed(booking: Booking) -> bool:
    """Whether the hour has come from which on a guest who is not there has not come."""
    begins = dt.datetime.combine(booking.check_in, no_show_hour(booking), tzinfo=ZoneInfo(booking.time_zone))
    return clock.now() >= begins


def no_show_hour(booking: Booking) -> dt.time:
    """From when on, on the day of arrival at the property, its guest has not come."""
    return max(NO_SHOW_FROM, booking.check_in_time)


# --- around them


def refuse_if_modified(booking: Booking, seen_version: int | None) -> None:
    if seen_version is not None and seen_version != booking.version:
        raise BookingModified


def tell(actor: Actor, kind: str, booking: Booking, before: str, **facts: object) -> None:
    """The event, and the entry of the audit log: where the guest was, where they are."""
    changes.tell(actor, kind, booking, {"presence": before}, {"presence": booking.presence}, **facts)


def _give_nights_back(
    actor: Actor, booking: Booking, context: BookingContext, seen_refund: Decimal | None, *, at: dt.datetime
) -> tuple[list[Payment], dict[str, object]]:
    """Save the booking, without its nights from the day of departure on: the refunds to be asked for, and the facts."""
    change_outcomes.make_way(actor, booking)
    departure = _departure(booking, context.rules)
    if seen_refund is not None and seen_refund != departure.refund:
        raise RefundChanged
    if departure.quote is None:
        repository.save(booking)
        return [], {}
    made = departure.quote.begun(actor)
    made.old_price_lines, made.old_policy = list(booking.price_lines), dict(booking.policy)
    change_rows.add(made)
    refunds = change_outcomes.apply(actor, booking, made, context, None, at=at)
    return refunds, {"nightsFreed": departure.freed, "refundAmount": as_text(departure.refund, booking.currency)}
