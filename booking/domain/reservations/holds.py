"""Reserving from a page: what a person means by pressing "Reserve" once, twice, or again with other dates."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ARRAY, Uuid, any_, bindparam, or_, select

from booking.domain import inventory, payments, pricing
from booking.domain.actors import Actor
from booking.domain.notices import Notice
from booking.domain.pricing import StayQuote
from booking.domain.reservations import (
    cancellation,
    changes,
    deposits,
    hold_limits,
    holding,
    promotion_codes,
    repository,
    sale,
    unit_choice,
)
from booking.domain.reservations.booking_details import OVER, BookingDetails
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import CONFIRMED, PENDING, Booking
from booking.domain.reservations.requests import BookingRequest
from booking.domain.stays import Stay
from booking.infra.db import fetch, reading, transaction


def reserve(
    actor: Actor, wanted: BookingRequest, context: BookingContext, *, lost: list[Notice] | None = None
) -> Booking:
    """Hold the nights, or return what the guest already has for exactly this room and stay, be it held or paid. Of
    identical units each is this room.

    The guest's own unpaid holds of other, overlapping dates in the room make way, if the new dates can be had;
    otherwise everything stays as it is. Other dates do not start the clock anew: the hold ends when the first of those
    that made way would have. They keep its promotion code where that is to be had for them; why it is not is added to
    `lost`. Raises Invalid, RoomNotFound, RoomNotAvailable, RoomLocked, TooManyHolds, AccountNotFound.
    """

    def hold(exactly: BookingRequest, wait: float) -> Booking:
        with holding.lock_rooms(exactly, context, wait=wait):
            return holding.clearing_only_if_needed(lambda take: _reserve(actor, exactly, context, take, told), exactly)

    told: list[Notice] = lost if lost is not None else []

    return unit_choice.decided(hold, wanted, context, wait=2, own=_own_units)


@dataclass(frozen=True, slots=True)
class GuestClaim:
    """What the guest already has of a room for some nights, for looking.

    `same` is for exactly this stay, held or paid, `changes` says that reserving would give it other guests or extras
    (`changes_extras`: these alone), `moves_plan` that it would be on another rate plan; `making_way` is an unpaid hold
    of other dates that alone stands in the way of these; `standing` is a stay of other dates, paid or being paid, that
    stays in their way; `kept` is an unpaid hold of other dates that stays as it is, because somebody else has some of
    these nights. `until` says until when the one of them can be paid, where it waits for that, be it at the provider's
    page.
    """

    same: Booking | None = None
    making_way: Booking | None = None
    standing: Booking | None = None
    kept: Booking | None = None
    changes: bool = False
    changes_extras: bool = False
    moves_plan: bool = False
    until: dt.datetime | None = None

    @property
    def in_the_way(self) -> Booking | None:
        """Why the guest finds these nights taken, where that is by the guest."""
        return self.same or self.standing or self.making_way

    @property
    def overlapping(self) -> Booking | None:
        """What the guest has of these nights, whether or not that is why they are taken."""
        return self.in_the_way or self.kept

    def replaces(self, trip: BookingDetails) -> bool:
        """Whether this took the place of a hold that the guest had for these nights, and did not pay."""
        made_way = trip.stage == OVER and trip.cancelled_at is not None and not trip.money_went_back
        return made_way and self.overlapping is not None and self.same is None

    def can_be_had(self, quote: StayQuote) -> bool:
        """Whether reserving would get the guest these nights anew."""
        return quote.is_available or self.making_way is not None


@reading
def mine(actor: Actor, wanted: BookingRequest) -> GuestClaim:
    """What reserve() would find of the guest's own. Raises AccountNotFound."""
    holding.refuse_for_others(actor, wanted.guest_id, wanted.room_id)
    taken = inventory.units_taken(wanted.room_id, wanted.stay)
    having = _mine_in_the_way(replace(wanted, units=frozenset(taken)))
    if same := _same(having, wanted):
        wanted, until = _as_held(same, wanted), _payable_until(same)
        changes, extras = _is_for_others(same, wanted), _is_same_party(same, wanted)
        moves_plan = _is_on_another_plan(same, wanted)
        return GuestClaim(same, changes=changes, changes_extras=changes and extras, moves_plan=moves_plan, until=until)
    if standing := next((one for one in having if not _can_make_way(one)), None):
        return GuestClaim(standing=standing, until=_payable_until(standing))
    for own in having:
        taken[own.room_id] -= set(Stay(own.check_in, own.check_out).dates())
    free = inventory.any_free(taken.values(), wanted.stay)
    hold = next(iter(having), None)
    until = hold.held_until if hold else None
    return GuestClaim(making_way=hold, until=until) if free else GuestClaim(kept=hold, until=until)


def _payable_until(booking: Booking) -> dt.datetime | None:
    if booking.held_until is not None or booking.status != PENDING:
        return booking.held_until
    return payments.awaited_until([booking.order_id]).get(booking.order_id)


@transaction(retry_on=holding.REFERENCES)
def _reserve(
    actor: Actor, wanted: BookingRequest, context: BookingContext, take: inventory.Take, lost: list[Notice]
) -> Booking:
    holding.refuse_for_others(actor, wanted.guest_id, wanted.room_id)
    hold_limits.one_at_a_time(wanted.guest_id)
    having = _mine_in_the_way(wanted, lock=True) if fetch(_MINE_ID, **_asked(wanted)) else ()
    if same := _same(having, wanted):
        return _as_wanted(actor, same, wanted, context)
    making_way = [other for other in having if _can_make_way(other)]
    until = min((other.held_until for other in making_way if other.held_until), default=None)
    for other in making_way:
        inventory.release_nights(actor, other.id)
        cancellation.close(actor, other, None)
    hold_limits.refuse_another(wanted.guest_id, context.holds_per_guest, {other.order_id for other in making_way})
    # Whether a refusal is about run-out holds alone is looked up from outside, where the guest's own still stand.
    take = inventory.claim_nights if making_way else take
    [booking] = holding.begin(actor, wanted, context, take=take, until=until)
    lost[:] = promotion_codes.take_over(actor, booking, making_way, context.rules)
    return booking


def _mine_in_the_way(wanted: BookingRequest, *, lock: bool = False) -> Sequence[Booking]:
    """The guest's running holds and paid stays that overlap in this room, or in one of the units like it."""
    return repository.find(_MINE_LOCKED if lock else _MINE, _asked(wanted))


def _own_units(wanted: BookingRequest, units: inventory.UnitsFree) -> list[uuid.UUID]:
    """Where the guest has some of these nights."""
    asked = _asked(replace(wanted, units=units.all))
    return [row.room_id for row in fetch(_MINE_ROOMS, **asked)]


def _asked(wanted: BookingRequest) -> dict[str, Any]:
    dates = {"first_night": wanted.stay.check_in, "check_out": wanted.stay.check_out}
    return {"rooms": list(wanted.units or {wanted.room_id}), "guest_id": wanted.guest_id, **dates}


_MINE = (
    repository.BOOKINGS.where(
        Booking.room_id == any_(bindparam("rooms", type_=ARRAY(Uuid))),
        Booking.user_id == bindparam("guest_id"),
        Booking.check_in < bindparam("check_out"),
        bindparam("first_night") < Booking.check_out,
    )
    .where(or_(Booking.status == CONFIRMED, hold_limits.RUNNING))
    .order_by(Booking.id)
)
_MINE_LOCKED = _MINE.with_for_update()
_MINE_ID = _MINE.with_only_columns(Booking.id)
_MINE_ROOMS = _MINE.with_only_columns(Booking.room_id)


def _can_make_way(booking: Booking) -> bool:
    """A hold by itself: one of several rooms is held with the others, and is given back from its own page."""
    if booking.held_until is None or booking.reference.count("-"):
        return False
    return len(fetch(_OF_ORDER, order_id=booking.order_id)) == 1


_OF_ORDER = select(Booking.id).where(Booking.order_id == bindparam("order_id"))


def _same(having: Sequence[Booking], wanted: BookingRequest) -> Booking | None:
    dates = wanted.stay.check_in, wanted.stay.check_out
    return next((one for one in having if (one.check_in, one.check_out) == dates), None)


def _as_wanted(actor: Actor, booking: Booking, wanted: BookingRequest, context: BookingContext) -> Booking:
    """The same stay once more, perhaps for another number of guests or on another plan; only a hold still follows."""
    wanted = _as_held(booking, wanted)
    is_for_others = _is_for_others(booking, wanted)
    if is_for_others or _is_on_another_plan(booking, wanted):
        room = pricing.for_sale(wanted.room_id)
        stay, children, extras = wanted.stay, wanted.children, set(wanted.extras) - set(booking.extras)
        room.refuse_unless_fit(stay, wanted.guests, context.rules, children=children, extras=extras)
        before, was = _party(booking), pricing.kept_lines(booking.price_lines)
        in_steps = booking.policy.get("deposit")
        for column, value in sale.frozen(room, wanted, wanted.deposit, was).items():
            setattr(booking, column, value)
        promotion_codes.keep(booking, was)
        repository.save(booking)
        if booking.policy.get("deposit") != in_steps:
            deposits.plan_again(booking)
        after = _party(booking)
        action = "booking.guests_changed" if is_for_others else "booking.plan_changed"
        changed = [name for name in before if before[name] != after[name]]
        told = ({name: facts[name] for name in changed} for facts in (before, after))
        changes.audit(actor, action, booking, *told)
    return booking


def _party(booking: Booking) -> dict[str, Any]:
    """What of it may change, as the log has it."""
    plan = pricing.kept_plan(booking.policy)
    beside = {"childrenAges": [*booking.children], "extras": [*booking.extras]}
    return {"guests": booking.guests, "ratePlan": plan.name if plan else "", **beside}


def _is_on_another_plan(booking: Booking, wanted: BookingRequest) -> bool:
    if booking.held_until is None or wanted.plan == pricing.CHEAPEST:
        return False
    plan = pricing.kept_plan(booking.policy)
    return (plan.id if plan else pricing.OWN_PLAN) != (wanted.plan or pricing.OWN_PLAN)


def _is_for_others(booking: Booking, wanted: BookingRequest) -> bool:
    """Or whether something else was chosen beside the stay."""
    if booking.held_until is None:
        return False
    return not _is_same_party(booking, wanted) or set(wanted.extras) != set(booking.extras)


def _is_same_party(booking: Booking, wanted: BookingRequest) -> bool:
    return (wanted.guests, wanted.children) == (booking.guests, booking.children)


def _as_held(booking: Booking, wanted: BookingRequest) -> BookingRequest:
    """What nobody has said of as many guests is as this booking has it."""
    if not wanted.as_held or wanted.guests != booking.guests:
        return wanted
    return replace(wanted, children=booking.children, extras=booking.extras)
