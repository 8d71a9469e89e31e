"""What staff books for somebody, mostly without an account: which rooms could be had, and all of them or none."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from booking.domain import catalogue, inventory, payments, people, pricing
from booking.domain.actors import Actor
from booking.domain.catalogue import Room
from booking.domain.errors import BookingError, Invalid, PriceChanged
from booking.domain.people import Action
from booking.domain.pricing import Extra
from booking.domain.reservations import bookings, guarantees, orders
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.models import Lines
from booking.domain.reservations.orders import OrderDetails
from booking.domain.reservations.requests import OrderRequest
from booking.domain.stays import Stay, StayRules
from booking.infra import clock
from booking.infra.db import reading

MOST_ROOMS = 100  # that are offered at once


@dataclass(frozen=True, slots=True)
class OfferedRoom:
    """A room that is free, and what it costs for all of the stay."""

    id: uuid.UUID
    name: str
    kind: str | None
    capacity: int
    total: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class RoomOffer:
    """The rooms in the order of their names, at most MOST_ROOMS; `matching` is how many are free.

    `extras` can be chosen beside a stay in one of them or more.
    """

    stay: Stay
    rooms: list[OfferedRoom]
    matching: int
    extras: list[Extra]


@reading
def free_rooms(
    actor: Actor,
    property_id: uuid.UUID,
    stay: Stay,
    guests: int,
    rules: StayRules,
    *,
    goes_on: bool = False,
    children: Sequence[int] = (),
    extras: Collection[str] = (),
) -> RoomOffer:
    """Rooms of the property that could be booked for so many guests each, with these extras. Raises NotFound, Invalid.

    `goes_on`: for somebody who stays already, whatever rules and the shortest and longest stay there are.
    """
    people.require(actor, Action.BOOK, at=property_id)
    house = catalogue.get_house(property_id)
    if problems := rules.problems(stay, house.time_zone):
        raise Invalid(details=problems)
    long_enough = () if goes_on else (pricing.can_be_had(stay, guests),)
    fits = (
        Room.published.is_(True),
        Room.capacity >= pricing.places_needed(guests, children, house.babies_under),
        *long_enough,
        inventory.rooms_in_state(inventory.ROOM_FREE, stay),
    )
    page = catalogue.page_of_rooms(property_id, *fits, offset=0, limit=MOST_ROOMS)
    now = clock.now()
    offers = {room.id: pricing.offered(room, house, now) for room in page.rooms}
    party: dict[str, Any] = {"children": children, "extras": extras}
    totals = {id: pricing.quote(offer, stay, guests, now, **party).total for id, offer in offers.items()}
    beside = (extra for offer in offers.values() for extra in pricing.extras_of(offer, stay, guests, children))
    rooms = [
        OfferedRoom(room.id, room.name, room.kind, room.capacity, totals[room.id], room.currency) for room in page.rooms
    ]
    return RoomOffer(stay, rooms, page.matching, list({extra.id: extra for extra in beside}.values()))


def book(
    actor: Actor,
    wanted: OrderRequest,
    how: str,
    note: str | None,
    context: BookingContext,
    *,
    shown: Mapping[uuid.UUID, Decimal] | None = None,
) -> OrderDetails:
    """Book for somebody and vouch for it: `how` it is to be paid, of GUARANTEES. All rooms or none.

    `shown`: what each room was said to cost. Where it costs something else by now, or cannot be vouched for, nothing
    stays held. Raises as orders.hold() and guarantee() do, and PriceChanged.
    """
    guarantees.refuse_unless_sensible(how, note)
    held = bookings.hold_all(actor, replace(wanted, exact=True), context, channel=payments.DESK)  # as staff named them
    order_id = held[0].order_id
    try:
        _refuse_other_prices(held, shown)
        guarantees.guarantee(actor, order_id, how, note)
    except BookingError:
        orders.release(actor, order_id, context)
        raise
    return orders.get(actor, order_id)


def _refuse_other_prices(held: Lines, shown: Mapping[uuid.UUID, Decimal] | None) -> None:
    if shown is not None and any(shown.get(line.room_id) != line.total_price for line in held):
        raise PriceChanged
