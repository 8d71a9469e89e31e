"""Changing a booked stay: claim only what is new, charge or refund the difference, and only then move.

The old stay is kept until the new one is paid for: a declined card, a silent provider, a taken night or a process that
dies leave it as it was. Claiming and pinning are SERIALIZABLE, as for a booking; what follows locks the booking first
(change_outcomes.py). Whatever dies in between is finished by recovery, or ends with its hold.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from booking.domain import inventory, payments, people
from booking.domain.actors import Actor
from booking.domain.errors import (
    BookingError,
    BookingModified,
    ChangeUnderWay,
    Invalid,
    PaymentFailed,
    PaymentUnknown,
    PriceChanged,
    RefundChanged,
    RoomLocked,
    RoomNotAvailable,
)
from booking.domain.money import as_text
from booking.domain.notices import Notice
from booking.domain.payments import Payment
from booking.domain.people import Action
from booking.domain.reservations import (
    bookings,
    change_charging,
    change_outcomes,
    change_quotes,
    change_rows,
    change_settlements,
    changes,
    goodwill,
    idempotency,
    occupied_rooms,
    payment_pages,
    recovery,
)
from booking.domain.reservations.change_models import CHANGE_CONFIRMED, CHANGE_PENDING, BookingChange
from booking.domain.reservations.change_outcomes import Done
from booking.domain.reservations.change_quotes import ChangeQuote, StayChange
from booking.domain.reservations.change_settlements import Settlement
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Booking
from booking.domain.reservations.payment_pages import Links
from booking.domain.reservations.refund_decisions import Decided
from booking.infra import telemetry
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, execute, reading, transaction
from booking.infra.ids import encode

_NOW = select(sql_now())
ONE_AT_A_TIME = ("uq_booking_changes_pending",)  # a second change of the booking: look again


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody has agreed to: the stay, and the difference and the version that they were shown."""

    wanted: StayChange
    shown_difference: Decimal
    seen_version: int | None = None
    method: str | None = None  # a card, where the difference is to be paid; staff may leave it due where they vouch
    links: Links | None = None  # without a card: it is paid at the provider's page, which leads back there
    settlement: Settlement | None = None  # what staff says of a difference that no card pays
    shown_refund: Decimal | None = None  # of a cheaper stay: what they were told comes back
    decided: Decided | None = None  # what comes back instead, by the house's decision


def change(
    actor: Actor,
    booking_id: uuid.UUID,
    agreed: Agreed,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None = None,
    render: idempotency.Render | None = None,
) -> Booking:
    """Another stay in the place of the one that is booked; the same values change nothing.

    With a `claim`, what an earlier call with the same key began is finished instead. Raises BookingNotFound, Invalid,
    RoomNotFound, RoomNotAvailable, RoomLocked, PriceChanged, BookingModified, BookingNotChangeable, PaymentFailed,
    PaymentUnknown, ChangeActionRequired, PaymentPageUnavailable, Forbidden, RefundChanged: the old stay is kept in
    every case.
    """
    keep = idempotency.keeper(claim, render)
    if begun_earlier := _begun_earlier(actor, claim, agreed, context, keep):
        return begun_earlier
    again = partial(_change, actor, booking_id, agreed, context, claim=claim, keep=keep)
    try:
        return again()
    except ChangeUnderWay:
        awaited = change_charging.find_awaited(booking_id)
        if awaited is None:
            raise
    if agreed.links and _is_same(awaited.change, agreed):
        return change_charging.send_to_page(actor, awaited, context, agreed.links, keep)
    change_charging.close_page(actor, awaited, context)
    return again()


def _is_same(pending: BookingChange, agreed: Agreed) -> bool:
    wanted = agreed.wanted
    stay = wanted.check_in or pending.old_check_in, wanted.check_out or pending.old_check_out
    room, guests = wanted.room_id or pending.old_room_id, wanted.guests or pending.old_guests
    children = pending.children if wanted.children is None else wanted.children
    asked = (*stay, room, guests, children, agreed.shown_difference)
    new = pending.check_in, pending.check_out, pending.room_id, pending.guests, pending.children, pending.difference
    return asked == new


def _change(
    actor: Actor,
    booking_id: uuid.UUID,
    agreed: Agreed,
    context: BookingContext,
    *,
    claim: idempotency.Claim | None,
    keep: Keep | None,
) -> Booking:
    quoted = change_quotes.quote(actor, booking_id, agreed.wanted, context.rules)
    if quoted.is_nothing or not (quoted.new_nights or quoted.difference > 0):
        return _changed(actor, _change_at_once(actor, booking_id, agreed, context, keep), context)
    begun, is_paid_first = _begin_with_a_unit(actor, quoted, agreed, context, claim)
    try:
        if not is_paid_first:
            return _changed(actor, _confirm_unpaid(actor, begun, agreed, context, keep), context)
        if agreed.method is None:
            awaited = change_charging.begin_page(actor, begun, context)
        else:
            payment = change_charging.begin(actor, begun, agreed.method, context)
    except BookingError:
        change_outcomes.give_back(actor, booking_id, begun.id)
        raise
    if agreed.method is None and agreed.links:
        return change_charging.send_to_page(actor, awaited, context, agreed.links, keep)
    return change_charging.charge(actor, payment, context, keep)


def _begin_with_a_unit(
    actor: Actor, quoted: ChangeQuote, agreed: Agreed, context: BookingContext, claim: idempotency.Claim | None
) -> tuple[BookingChange, bool]:
    """In the room that was looked at; where somebody else has just come to it, in the next of identical units."""
    booking_id, tried = quoted.booking.id, set[uuid.UUID]()
    while True:
        in_room = replace(agreed, wanted=replace(agreed.wanted, room_id=quoted.room_id))
        try:
            with inventory.lock_room(quoted.room_id, quoted.stay, wait=0, lock=context.lock_rooms):
                return _begin(actor, booking_id, in_room, context, claim)
        except (RoomNotAvailable, RoomLocked) as refusal:
            tried.add(quoted.room_id)
            try:
                quoted = change_quotes.quote(actor, booking_id, agreed.wanted, context.rules, without=tried)
            except RoomNotAvailable:
                raise refusal from None


def _changed(actor: Actor, done: Done, context: BookingContext) -> Booking:
    payments.send_refunds(actor, done.refunds, context)
    if done.is_changed:
        payment_pages.close_beyond(actor, done.booking.order_id, context)
        telemetry.count_booking("changed")
    return done.booking


# --- what costs nothing more, and needs no night that the booking does not have


@transaction(isolation=READ_COMMITTED)
def _change_at_once(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext, keep: Keep | None
) -> Done:
    booking, quoted, _ = _looked_at(actor, booking_id, agreed, context)
    if quoted.is_nothing:
        if keep:
            keep((booking,))
        return Done(booking, [], is_changed=False)
    if quoted.new_nights or quoted.difference > 0:
        raise BookingModified  # since it was looked at
    made = quoted.begun(actor)
    change_rows.add(made)
    return Done(booking, _as_shown(agreed, change_outcomes.apply(actor, booking, made, context, keep)))


def _looked_at(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext
) -> tuple[Booking, ChangeQuote, bool]:
    """Booking, locked, what is to become of it, and whether that is paid first, inside the caller's transaction.

    Raises what change() raises where it is not as agreed.
    """
    booking = bookings.permitted(actor, Action.CHANGE_BOOKING, booking_id, lock=True)
    if agreed.seen_version is not None and agreed.seen_version != booking.version:
        raise BookingModified
    by_staff = change_quotes.is_staff(actor, booking)
    quoted = change_quotes.worked_out(booking, agreed.wanted, context.rules, by_staff=by_staff)
    if not quoted.is_nothing and quoted.difference != agreed.shown_difference:
        raise PriceChanged
    # Also for the stay that it is already: whoever is told so keeps it, whatever was begun before.
    change_outcomes.make_way(actor, booking)
    if agreed.decided and not quoted.is_nothing:
        quoted = goodwill.decide(actor, quoted, agreed.decided, agreed.shown_refund)
    return booking, quoted, quoted.difference > 0 and _is_paid_first(actor, booking, agreed)


def _is_paid_first(actor: Actor, booking: Booking, agreed: Agreed) -> bool:
    """Whether what it costs more is paid before it is made. Raises Invalid where nobody says how."""
    if agreed.method is None and agreed.settlement:
        change_settlements.refuse_unless_possible(actor, booking, agreed.settlement)
        return False
    if agreed.method is None and _may_stay_due(actor, booking):
        return False
    if agreed.method is None and agreed.links is None:
        raise Invalid(details={"paymentMethodId": Notice("missing")})
    return True


def _may_stay_due(actor: Actor, booking: Booking) -> bool:
    """Whether staff changes what staff has vouched for: then what it costs more is paid as the rest."""
    is_staff = people.may(actor, Action.GUARANTEE, at=booking.property_id)
    return is_staff and payments.lock_order(booking.order_id).guarantee is not None


# --- claim, pin, charge


@transaction(retry_on=ONE_AT_A_TIME)
def _begin(
    actor: Actor, booking_id: uuid.UUID, agreed: Agreed, context: BookingContext, claim: idempotency.Claim | None
) -> tuple[BookingChange, bool]:
    """Claim the new nights, and write down what was agreed; from here on the hold's end frees them. Also whether it is
    paid before it is made.
    """
    booking, quoted, is_paid_first = _looked_at(actor, booking_id, agreed, context)
    if quoted.is_nothing:
        raise BookingModified  # since it was looked at
    made = quoted.begun(actor)
    made.held_until = execute(_NOW, {}).column[0] + context.hold_for
    wanted = [inventory.Claim(made.id, made.room_id, made.location, part) for part in made.new_nights]
    inventory.claim_all_nights(actor, wanted, held_until=made.held_until)
    change_rows.add(made)
    changes.audit(actor, "change.begun", booking, {}, {"difference": as_text(made.difference, made.currency)})
    if claim:
        idempotency.attach(claim, made.id)
    return made, is_paid_first


@transaction(retry_on=occupied_rooms.ONE_IN_ROOM)
def _confirm_unpaid(
    actor: Actor, begun: BookingChange, agreed: Agreed, context: BookingContext, keep: Keep | None
) -> Done:
    booking, pending = change_charging.pinned(begun)
    if not change_outcomes.is_ready(booking, pending):
        raise RoomNotAvailable
    refunds = _as_shown(agreed, change_outcomes.apply(actor, booking, pending, context, keep))
    if agreed.settlement and pending.difference > 0:
        change_settlements.settle(actor, booking, pending.difference, agreed.settlement)
    return Done(booking, refunds)


def _as_shown(agreed: Agreed, refunds: list[Payment]) -> list[Payment]:
    """The refunds that a change brings about. Raises RefundChanged."""
    expected = agreed.decided.refund if agreed.decided else agreed.shown_refund
    if expected is not None and expected != sum((one.amount for one in refunds), Decimal(0)):
        raise RefundChanged
    return refunds


# --- for a request that comes again with its key


def _begun_earlier(
    actor: Actor, claim: idempotency.Claim | None, agreed: Agreed, context: BookingContext, keep: Keep | None
) -> Booking | None:
    """What an earlier call with this key has made of the booking; None where nothing came of it, and it begins anew.

    Raises PaymentUnknown while the earlier call may still be charging, or the provider is silent; PaymentFailed;
    ChangeActionRequired, where its page is still to be paid at.
    """
    earlier = _find(claim.booking_id) if claim and claim.booking_id else None
    if earlier is None:
        return None
    if earlier.payment_id and earlier.state == CHANGE_PENDING:
        charge = payments.find_payment(earlier.payment_id)
        if charge and charge.state == payments.AWAITING_GUEST and agreed.links:
            awaited = change_charging.Awaited(earlier, charge)
            return change_charging.send_to_page(actor, awaited, context, agreed.links, keep)
        if charge and not payments.is_live_charge(charge):
            recovery.settle(actor, charge, context)
        earlier = _find(earlier.id) or earlier
        if earlier.state == CHANGE_PENDING:
            raise PaymentUnknown
    if earlier.state == CHANGE_CONFIRMED:
        return change_charging.keep_late(earlier.booking_id, keep)
    charge = payments.find_payment(earlier.payment_id) if earlier.payment_id else None
    if charge and charge.failure == payments.DECLINED:
        raise PaymentFailed(named={"bookingId": encode("booking", earlier.booking_id)})
    return None


_find = reading(change_rows.find)
