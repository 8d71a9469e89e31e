"""Changing a booked stay: claim only what is new, charge or refund the difference, and only then move.

The old stay is kept until the new one is paid for: a declined card, a silent provider, a taken night or a process that
dies leave it as it was. Claiming and pinning are SERIALIZABLE, as for a booking; what follows locks the booking first
(change_outcomes.py). Whatever dies in between is finished by recovery, or ends with its hold.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from booking.domain import inventory, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import (
    BookingError,
    BookingModified,
    Invalid,
    PaymentFailed,
    PaymentUnknown,
    PriceChanged,
    RoomNotAvailable,
)
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.reservations import (
    bookings,
    change_outcomes,
    change_quotes,
    change_rows,
    changes,
    idempotency,
    recovery,
    repository,
)
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, CHANGE_PENDING, BookingChange
from booking.domain.reservations.change_outcomes import Done
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Booking
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, execute, reading, transaction
from booking.infra.ids import encode
from booking.infra.provider import NoAnswer, Result

_NOW = select(sql_now())
ONE_AT_A_TIME = ("uq_booking_changes_pending",)  # a second change of the booking: look again


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody has agreed to: the stay, and the difference and the version that they were shown."""

    wanted: StayChange
    shown_difference: Decimal
    seen_version: int | None = None
    method: str | None = None  # a card, where the difference is to be paid; staff may leave it due where they vouch


def change(
    actor: Actor,
    booking_id: uuid.UUID,
    agreed: Agreed,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None = None,
    render: bookings.Render | None = None,
) -> Booking:
    """Another stay in the place of the one that is booked; the same values change nothing.

    With a `claim`, what an earlier call with the same key began is finished instead. Raises BookingNotFound, Invalid,
    RoomNotFound, RoomNotAvailable, RoomLocked, PriceChanged, BookingModified, BookingNotChangeable, PaymentFailed,
    PaymentUnknown: the old stay is kept in every case.
    """
    keep = bookings.keeper(claim, render)
    if begun_earlier := _begun_earlier(actor, claim, context, keep):
        return begun_earlier
    quoted = change_quotes.quote(actor, booking_id, agreed.wanted, context.rules)
    if quoted.is_nothing or not (quoted.new_nights or quoted.difference > 0):
        return _changed(actor, _change_at_once(actor, booking_id, agreed, context, keep), context)
    with inventory.lock_room(quoted.room_id, quoted.stay, wait=0, lock=context.lock_rooms):
        begun = _begin(actor, booking_id, agreed, context, claim)
    try:
        if agreed.method is None or not begun.difference > 0:
            return _changed(actor, _confirm_unpaid(actor, begun, context, keep), context)
        payment = _begin_payment(actor, begun, str(agreed.method), context)
    except BookingError:
        change_outcomes.give_back(actor, booking_id, begun.id)
        raise
    return _charge(actor, payment, context, keep)


def _changed(actor: Actor, done: Done, context: BookingContext) -> Booking:
    payments.send_refunds(actor, done.refunds, context)
    if done.is_changed:
        telemetry.count_booking("changed")
    return done.booking


# --- what costs nothing more, and needs no night that the booking does not have


@transaction(isolation=READ_COMMITTED)
def _change_at_once(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext, keep: Keep | None
) -> Done:
    booking, quoted = _looked_at(actor, booking_id, agreed, context)
    if quoted.is_nothing:
        if keep:
            keep((booking,))
        return Done(booking, [], is_changed=False)
    if quoted.new_nights or quoted.difference > 0:
        raise BookingModified  # since it was looked at
    made = quoted.begun(actor)
    change_rows.add(made)
    return Done(booking, change_outcomes.apply(actor, booking, made, context, keep))


def _looked_at(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext
) -> tuple[Booking, ChangeQuote]:
    """Booking, locked, and what is to become of it, inside the caller's transaction.

    Raises what change() raises where it is not as agreed.
    """
    booking = bookings.permitted(actor, Action.CHANGE_BOOKING, booking_id, lock=True)
    if agreed.seen_version is not None and agreed.seen_version != booking.version:
        raise BookingModified
    quoted = change_quotes.worked_out(booking, agreed.wanted, context.rules)
    if not quoted.is_nothing and quoted.difference != agreed.shown_difference:
        raise PriceChanged
    # Also for the stay that it is already: whoever is told so keeps it, whatever was begun before.
    change_outcomes.make_way(actor, booking)
    if quoted.difference > 0 and agreed.method is None and not _may_stay_due(actor, booking):
        raise Invalid(details={"paymentMethodId": Notice("missing")})
    return booking, quoted


def _may_stay_due(actor: Actor, booking: Booking) -> bool:
    """Whether staff changes what staff has vouched for: then what it costs more is paid as the rest."""
    is_staff = people.may(actor, Action.GUARANTEE, at=booking.property_id)
    return is_staff and payments.lock_order(booking.order_id).guarantee is not None


# --- claim, pin, charge


@transaction(retry_on=ONE_AT_A_TIME)
def _begin(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext, claim: idempotency.Claim | None
) -> BookingChange:
    """Claim the new nights, and write down what was agreed. From here on the hold's end frees them."""
    booking, quoted = _looked_at(actor, booking_id, agreed, context)
    if quoted.is_nothing:
        raise BookingModified  # since it was looked at
    made = quoted.begun(actor)
    made.held_until = execute(_NOW, {}).column[0] + context.hold_for
    wanted = [inventory.Claim(made.id, made.room_id, made.location, part) for part in made.new_nights]
    inventory.claim_all_nights(actor, wanted, held_until=made.held_until)
    change_rows.add(made)
    changes.audit(actor, "change.begun", booking, {}, {"difference": str(made.difference)})
    if claim:
        idempotency.attach(claim, made.id)
    return made


def _pinned(begun: BookingChange) -> tuple[Booking, BookingChange]:
    """Both locked, the new nights pinned, inside the caller's SERIALIZABLE transaction. Raises RoomNotAvailable."""
    booking = repository.booking(begun.booking_id, lock=True)
    pending = change_rows.get(begun.id)
    if pending.state != CHANGE_PENDING or pending.payment_id or not pending.starts_from(booking):
        raise BookingModified
    if not inventory.pin_nights(pending.id, pending.claimed):
        raise RoomNotAvailable
    return booking, pending


@transaction
def _confirm_unpaid(actor: Actor, begun: BookingChange, context: BookingContext, keep: Keep | None) -> Done:
    booking, pending = _pinned(begun)
    if not change_outcomes.is_ready(booking, pending):
        raise RoomNotAvailable
    return Done(booking, change_outcomes.apply(actor, booking, pending, context, keep))


@transaction
def _begin_payment(actor: Actor, begun: BookingChange, method: str, context: BookingContext) -> payments.Payment:
    """Record the attempt and pin the nights: from here on they do not end by time."""
    booking, pending = _pinned(begun)
    money = {"amount": str(pending.difference), "currency": pending.currency}
    changes.audit(actor, "payment.started", booking, {}, money | {"purpose": payments.FOR_CHANGE})
    due = payments.Due(
        booking.order_id,
        booking.id,
        pending.difference,
        pending.currency,
        payments.FOR_CHANGE,
        beyond=pending.difference,
    )
    payment = payments.start_charge(due, method=method, context=context)
    pending.payment_id, pending.held_until = payment.id, None
    change_rows.save(pending)
    return payment


def _charge(actor: Actor, payment: payments.Payment, context: BookingContext, keep: Keep | None) -> Booking:
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


# --- for a request that comes again with its key


def _begun_earlier(
    actor: Actor, claim: idempotency.Claim | None, context: BookingContext, keep: Keep | None
) -> Booking | None:
    """What an earlier call with this key has made of the booking; None where nothing came of it, and it begins anew.

    Raises PaymentUnknown while the earlier call may still be charging, or the provider is silent; PaymentFailed.
    """
    earlier = _find(claim.booking_id) if claim and claim.booking_id else None
    if earlier is None:
        return None
    if earlier.payment_id and earlier.state == CHANGE_PENDING:
        charge = payments.find_payment(earlier.payment_id)
        if charge and not payments.is_live_charge(charge):
            recovery.settle(actor, charge, context)
        earlier = _find(earlier.id) or earlier
        if earlier.state == CHANGE_PENDING:
            raise PaymentUnknown
    if earlier.state == CHANGE_CONFIRMED:
        return _keep_late(earlier.booking_id, keep)
    charge = payments.find_payment(earlier.payment_id) if earlier.payment_id else None
    if charge and charge.failure == payments.DECLINED:
        raise PaymentFailed(named={"bookingId": encode("booking", earlier.booking_id)})
    return None


_find = reading(change_rows.find)


@transaction(isolation=READ_COMMITTED)
def _keep_late(booking_id: uuid.UUID, keep: Keep | None) -> Booking:
    booking = repository.booking(booking_id, lock=True)
    if keep:
        keep((booking,))
    return booking
