"""What another stay would cost somebody who has booked one, and whether it can be had."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from booking.domain import catalogue, inventory, people, pricing, spelling
from booking.domain.actors import Actor
from booking.domain.errors import (
    ChangeAfterStay,
    ChangeOfUnconfirmed,
    Invalid,
    RoomNotAvailable,
    RoomNotFound,
    UnknownBooking,
)
from booking.domain.notices import Notice
from booking.domain.people import Action
from booking.domain.pricing import Extra, ForSale, Line, RefundPromise
from booking.domain.reservations import bookings, change_rows, change_terms, earlier_rooms, occupied_rooms, references
from booking.domain.reservations.change_models import BookingChange
from booking.domain.reservations.change_terms import NewPrice, Sold
from booking.domain.reservations.desk_errors import MoveToOccupied
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.domain.stays import Stay, StayRules
from booking.infra import clock
from booking.infra.db import reading

Party: TypeAlias = tuple[int, tuple[int, ...]]  # how many guests, and how old those are who are children
TOO_SHORT = ("stay_below_room", "stay_below_rule")
FIELDS = {
    "check_in": "checkIn",
    "check_out": "checkOut",
    "room_id": "roomId",
    "guests": "guests",
    "children": "childrenAges",
    "extras": "extras",
}


@dataclass(frozen=True, slots=True)
class StayChange:
    """What somebody wants instead; None: as it is. Fewer nights at either end give a part of the stay back."""

    check_in: dt.date | None = None
    check_out: dt.date | None = None
    room_id: uuid.UUID | None = None
    guests: int | None = None
    children: tuple[int, ...] | None = None  # the ages of those of the guests who are
    extras: tuple[str, ...] | None = None  # what is chosen beside it, by the rules of these


@dataclass(frozen=True, slots=True)
class ChangeQuote:
    """A booking and what would take its place. `version` is the booking's that this was worked out for.

    `moves_on`: the first night in the other room, of a stay that has begun; None where all nights are in the one.
    """

    booking: Booking
    stay: Stay
    room_id: uuid.UUID
    room_name: str
    guests: int
    price: NewPrice
    columns: dict[str, Any]  # of the booking, as they would be
    moves_on: dt.date | None = None
    reason: str | None = None  # where the house has decided upon the price
    offered: tuple[Extra, ...] = ()  # what could be chosen beside it

    def priced(self, price: NewPrice, reason: str) -> ChangeQuote:
        """The same at a price that the house has decided upon."""
        columns = {"total_price": price.total, "price_lines": [line.as_json() for line in price.lines]}
        return replace(self, price=price, columns={**self.columns, **columns, "policy": price.policy}, reason=reason)

    @property
    def version(self) -> int:
        return self.booking.version

    @property
    def currency(self) -> str:
        return self.booking.currency

    @property
    def difference(self) -> Decimal:
        """What is to be paid; below 0, what comes back."""
        return self.price.difference

    @property
    def sold_name(self) -> str:
        """What its guest knows the room by."""
        return self.columns["sold_as"] or self.room_name

    @property
    def is_nothing(self) -> bool:
        """Whether the stay is so already."""
        was = self.booking
        now = Stay(was.check_in, was.check_out), was.room_id, was.guests, was.children, set(was.extras)
        return (self.stay, self.room_id, self.guests, self.children, set(self.extras)) == now

    @property
    def extras(self) -> tuple[str, ...]:
        """What is chosen, by their rules."""
        return pricing.chosen_extras(self.price.lines)

    @property
    def children(self) -> tuple[int, ...]:
        """Their ages."""
        return tuple(self.columns["children_ages"] or ())

    @property
    def refunds(self) -> tuple[RefundPromise, ...]:
        """What could still come back afterwards, the most generous first."""
        price = self.price.total, self.currency
        return tuple(pricing.refund_promises_of(self.price.policy, self.stay.check_in, *price, clock.now()))

    @property
    def new_nights(self) -> list[Stay]:
        """Those that the booking does not have."""
        return _new_nights(self.booking, self.room_id, self.stay, self.moves_on)

    def begun(self, actor: Actor) -> BookingChange:
        """The row of the change that somebody has decided to make."""
        return change_rows.begun(actor, self.booking, self.columns, moves_on=self.moves_on, reason=self.reason)


@reading
def quote(
    actor: Actor,
    booking_id: uuid.UUID,
    wanted: StayChange,
    rules: StayRules,
    *,
    without: Collection[uuid.UUID] = (),
) -> ChangeQuote:
    """What the change costs or brings back now, and whether the nights can be had, `without` these rooms.

    Raises BookingNotFound, BookingNotChangeable, Invalid, RoomNotFound, RoomNotAvailable.
    """
    return quoted(actor, bookings.permitted(actor, Action.CHANGE_BOOKING, booking_id), wanted, rules, without)


@reading
def quote_by_reference(actor: Actor, reference: str, wanted: StayChange, rules: StayRules) -> ChangeQuote:
    """The same for staff, who know the booking by what its guest told them. Raises UnknownBooking, and as quote()."""
    booking = references.find(reference)
    if booking is None or not references.may(actor, Action.CHANGE_BOOKING, booking):
        hint = spelling.perhaps_meant(references.close(actor, Action.CHANGE_BOOKING, reference))
        raise UnknownBooking(reference=reference, hint=hint)
    return quoted(actor, booking, wanted, rules)


def quoted(
    actor: Actor, booking: Booking, wanted: StayChange, rules: StayRules, without: Collection[uuid.UUID] = ()
) -> ChangeQuote:
    """Inside the caller's reading. Raises as quote() does.

    Of identical units, staff means the one that is named, or the booking's own. A guest keeps theirs where that can be
    had, else gets the one that the stay fits best.
    """
    by_staff = is_staff(actor, booking)
    found = worked_out(booking, wanted, rules, by_staff=by_staff)
    if not found.new_nights or (found.room_id not in without and _are_free(found)):
        return found
    if by_staff or (has_begun(booking) and found.room_id == booking.room_id):
        raise RoomNotAvailable
    units = inventory.free_units_inside(found.room_id, found.stay)
    for unit in (one for one in units.free if one not in without) if units else ():
        other = worked_out(booking, replace(wanted, room_id=unit), rules)
        if _are_free(other):
            return other
    raise RoomNotAvailable


def _are_free(quoted: ChangeQuote) -> bool:
    """What an attempt of one's own has claimed makes way, or is what somebody is to pay for at this moment."""
    earlier = change_rows.find_pending(quoted.booking.id)
    own = earlier.new_nights if earlier and earlier.room_id == quoted.room_id else []
    making_way = {night for part in own for night in part.dates()}
    return all(inventory.taken_nights(quoted.room_id, part) <= making_way for part in quoted.new_nights)


def worked_out(
    booking: Booking,
    wanted: StayChange,
    rules: StayRules,
    *,
    earliest: dt.date | None = None,
    by_staff: bool = False,
) -> ChangeQuote:
    """The same inside the caller's transaction, without looking whether the nights are taken.

    A stay that has begun ends on the day `earliest` or later; where nobody says, the night that runs is used. Staff
    may give its guest another room for the nights that are left, the one that runs included.
    """
    refuse_unless_possible(booking, is_leaving=earliest is not None)
    stay = Stay(wanted.check_in or booking.check_in, wanted.check_out or booking.check_out)
    room_id, guests = wanted.room_id or booking.room_id, wanted.guests or booking.guests
    if has_begun(booking):
        first = earliest or rules.today(booking.time_zone) + dt.timedelta(days=1)
        _refuse_what_is_past(booking, wanted, first, may_move=by_staff)
    moves_on = earlier_rooms.moves_on(booking, room_id, rules)
    if moves_on and moves_on >= stay.check_out:
        raise Invalid(details={"roomId": Notice("no_night_left")})
    if other := occupied_rooms.in_the_way(booking, room_id):
        raise MoveToOccupied(reference=other.reference)
    party = guests, _children(booking, wanted, guests)
    room = _room(booking, room_id, stay, party)
    sold = as_sold(booking)
    offered = pricing.extras_of(room, stay, guests, party[1]) if room else ()
    chosen = _extras(booking, wanted, offered)
    is_alike = room_id == booking.room_id or (
        room is not None and room.unit_group_id is not None and catalogue.are_units_alike(room_id, booking.room_id)
    )
    _refuse_unless_fit(booking, room, stay, party, rules, is_alike=is_alike, moves=moves_on is not None)
    lines = _lines(booking, sold, room, stay, party, chosen=chosen, is_alike=is_alike, moves_on=moves_on)
    price = change_terms.new_price(sold, lines, stay.check_in, clock.now())
    columns: dict[str, Any] = {
        "room_id": room_id,
        "room_name": room.name if room and room_id != booking.room_id else booking.room_name,
        "sold_as": room.sold_as if room and room_id != booking.room_id else booking.sold_as,
        "room_kind": room.kind if room and room_id != booking.room_id else booking.room_kind,
        "location": room.location if room else booking.location,
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "guests": guests,
        "children_ages": list(party[1]) or None,
        "earlier_rooms": earlier_rooms.after_move(booking, room_id, moves_on) if moves_on else booking.earlier_rooms,
        "total_price": price.total,
        "price_lines": [line.as_json() for line in price.lines],
        "policy": price.policy,
    }
    return ChangeQuote(booking, stay, room_id, columns["room_name"], guests, price, columns, moves_on, offered=offered)


def as_sold(booking: Booking) -> Sold:
    """What it says about its price."""
    lines = pricing.kept_lines(booking.price_lines)
    return Sold(booking.check_in, booking.total_price, booking.currency, lines, booking.policy)


def refuse_unless_possible(booking: Booking, *, is_leaving: bool = False) -> None:
    """A guest may change a confirmed stay that is not over: by the hour, or because they were checked out.

    Raises BookingNotChangeable, as the one that says why.
    """
    if booking.status != CONFIRMED:
        raise ChangeOfUnconfirmed
    if (booking.checked_out_at is not None and not is_leaving) or clock.now() >= booking.departure:
        raise ChangeAfterStay


def has_begun(booking: Booking) -> bool:
    """From check-in on: of its guest, or by the hour where that comes first."""
    return booking.checked_in_at is not None or clock.now() >= pricing.check_in_instant(
        booking.policy, booking.check_in
    )


def is_staff(actor: Actor, booking: Booking) -> bool:
    """Whether the actor checks guests in at the booking's property."""
    return people.may(actor, Action.CHECK_IN, at=booking.property_id)


def _refuse_what_is_past(booking: Booking, wanted: StayChange, first: dt.date, *, may_move: bool) -> None:
    """Of a stay that has begun only check-out moves, and not to before the `first` day; and perhaps the room."""
    problems: dict[str, Notice] = {}
    fixed = ("check_in", "guests", "children")
    for name in fixed if may_move else ("room_id", *fixed):
        new = getattr(wanted, name)
        if new is not None and new != getattr(booking, name):
            problems[FIELDS[name]] = Notice("stay_has_begun")
    if wanted.extras is not None and set(wanted.extras) != set(booking.extras):
        problems["extras"] = Notice("stay_has_begun")
    if wanted.check_out and wanted.check_out < min(first, booking.check_out):
        problems["checkOut"] = Notice("night_is_used", first=first)
    if problems:
        raise Invalid(details=problems)


def _children(booking: Booking, wanted: StayChange, guests: int) -> tuple[int, ...]:
    """As they are where nobody says; raises Invalid where they are more than there are guests."""
    children = booking.children if wanted.children is None else wanted.children
    if len(children) > guests:
        raise Invalid(details={"childrenAges": Notice("too_many_children", most=guests)})
    return children


def _extras(booking: Booking, wanted: StayChange, offered: Collection[Extra]) -> tuple[str, ...]:
    """As they are where nobody says; raises Invalid where one is new and not offered."""
    if wanted.extras is None:
        return booking.extras
    if set(wanted.extras) - set(booking.extras) - {one.id for one in offered}:
        raise Invalid(details={"extras": Notice("no_such_extra")})
    return wanted.extras


def _room(booking: Booking, room_id: uuid.UUID, stay: Stay, party: Party) -> ForSale | None:
    """The room as it is sold now; None where nothing new of it is wanted and it is for sale no more."""
    is_own = room_id == booking.room_id
    try:
        room = pricing.for_sale(room_id)
    except RoomNotFound:
        if not is_own:
            raise
        if party != _party(booking) or _new_nights(booking, room_id, stay):
            raise RoomNotAvailable from None
        return None
    if room.property_id != booking.property_id or room.currency != booking.currency:
        raise Invalid(details={"roomId": Notice("other_property")})
    return room


def _refuse_unless_fit(
    booking: Booking, room: ForSale | None, stay: Stay, party: Party, rules: StayRules, *, is_alike: bool, moves: bool
) -> None:
    """The rules of the house for what is new; what was sold once may stay as it is, also in a unit like it.

    Whoever moves in the middle of a stay does not begin one: how short a stay may be is not asked then.
    """
    if room is None:
        return
    problems = room.problems(stay, party[0], rules, children=party[1])
    if stay.check_in == booking.check_in:
        problems.pop("checkIn", None)
    if is_alike:
        if party == _party(booking):
            problems.pop("guests", None)
        as_long = stay.nights == booking.nights
        too_long = "checkOut" in problems and problems["checkOut"].code not in TOO_SHORT
        if "checkOut" in problems and problems["checkOut"].code == "closed_to_departure":
            if stay.check_out == booking.check_out:
                problems.pop("checkOut")
        elif as_long or (stay.nights < booking.nights and (too_long or has_begun(booking))):
            problems.pop("checkOut", None)
    if moves and stay.nights <= booking.nights:
        problems.pop("checkOut", None)
    if problems:
        raise Invalid(details=problems)


def _lines(
    booking: Booking,
    sold: Sold,
    room: ForSale | None,
    stay: Stay,
    party: Party,
    *,
    chosen: tuple[str, ...],
    is_alike: bool,
    moves_on: dt.date | None,
) -> list[Line]:
    plan, quoted = pricing.kept_plan(sold.policy), tuple[Line, ...]()
    if room:
        guests, children = party
        beside: dict[str, Any] = {"children": children, "extras": chosen, "sold": sold.lines}
        quoted = pricing.quote(room, stay, guests, room.read_at, plan, **beside).lines
    if room and (not is_alike or party != _party(booking)):
        if moves_on is None:
            promoted = pricing.promoted(quoted, pricing.promotion_of(sold.lines), booking.currency)
            return [*promoted, *change_terms.goodwill_lines(sold)]
        sold = replace(sold, lines=change_terms.lines_before(sold, moves_on))
    sold = change_terms.with_extras(sold, chosen, quoted)
    lines = change_terms.stay_lines(sold, stay.dates(), quoted)
    sold_on = booking.created_at.astimezone(ZoneInfo(booking.time_zone)).date()
    discounts = change_terms.discounts(sold, lines, quoted, (stay.check_in - sold_on).days)
    nights = [line for line in lines if line.kind == pricing.NIGHT_LINE]
    charges = change_terms.charges(sold, [*lines, *discounts])
    return [*nights, *discounts, *charges, *change_terms.goodwill_lines(sold)]


def _party(booking: Booking) -> Party:
    return booking.guests, booking.children


def _new_nights(booking: Booking, room_id: uuid.UUID, stay: Stay, moves_on: dt.date | None = None) -> list[Stay]:
    if moves_on:
        return [Stay(moves_on, stay.check_out)]
    was = Stay(booking.check_in, booking.check_out)
    return stay.without(was) if room_id == booking.room_id else [stay]
