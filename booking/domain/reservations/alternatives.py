"""What a guest whose nights are gone is offered instead: looked for once that is certain, and no sooner."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from booking.domain import inventory, search
from booking.domain.actors import Actor
from booking.domain.errors import RoomNotAvailable
from booking.domain.reservations import bookings
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.orders import get as get_order
from booking.domain.reservations.requests import OrderItem, RoomWanted, Wanted
from booking.domain.search import Gone
from booking.domain.stays import Stay
from booking.infra import telemetry
from booking.infra.db import Unavailable, reading


@contextmanager
def to(wanted: Wanted, context: BookingContext) -> Iterator[None]:
    """A RoomNotAvailable from inside has `alternatives` for the item that it names."""
    with _offering(lambda refusal: _gone(wanted.items, wanted.places, refusal), context):
        yield


@contextmanager
def to_held(actor: Actor, order_id: uuid.UUID, context: BookingContext) -> Iterator[None]:
    """The same where an order that was held is paid for, and its nights are gone."""

    def gone(refusal: RoomNotAvailable) -> Gone | None:
        held = get_order(actor, order_id).bookings
        items = [
            OrderItem(one.room_id, Stay(one.check_in, one.check_out), one.guests, children=one.children) for one in held
        ]
        return _gone(items, [None] * len(items), refusal)

    with _offering(gone, context):
        yield


@contextmanager
def to_change(actor: Actor, booking_id: uuid.UUID, wanted: StayChange, context: BookingContext) -> Iterator[None]:
    """The same for a stay that cannot become the wanted one: in the same house, and not in parts."""

    def gone(_: RoomNotAvailable) -> Gone:
        was = bookings.get(actor, booking_id)
        own = Stay(was.check_in, was.check_out)
        room_id = wanted.room_id or was.room_id
        return Gone(
            room_id,
            Stay(wanted.check_in or was.check_in, wanted.check_out or was.check_out),
            wanted.guests or was.guests,
            was.children if wanted.children is None else wanted.children,
            own=own if room_id == was.room_id else None,
            in_house=True,
            in_one_room=True,
        )

    with _offering(gone, context):
        yield


@contextmanager
def _offering(gone: Callable[[RoomNotAvailable], Gone | None], context: BookingContext) -> Iterator[None]:
    try:
        yield
    except RoomNotAvailable as refusal:
        try:
            what = gone(refusal)
            found = search.alternatives_to(what, context.rules, context.search_cache_seconds) if what else []
        except Unavailable:
            # That the nights are gone is certain: a refusal does not become a fault by what it offers beside.
            telemetry.log.warning("alternatives_unknown", exc_info=True)
            found = []
        refusal.alternatives = found
        raise


def _gone(items: Sequence[RoomWanted], places: Sequence[str | None], refusal: RoomNotAvailable) -> Gone | None:
    """The item that is refused: the one that is named, else the first whose nights are taken."""
    named = (number for number, place in enumerate(places) if place in refusal.details)
    number = next(named, 0) if len(items) == 1 else next(named, None)
    if number is None:
        number = _first_taken(items)
    if number is None:
        return None
    item = items[number]
    beside = tuple((one.room_id, one.stay) for one in items if one is not item)
    return Gone(item.room_id, item.stay, item.guests, item.children, beside=beside, in_house=len(items) > 1)


@reading
def _first_taken(items: Sequence[RoomWanted]) -> int | None:
    taken = (number for number, item in enumerate(items) if not inventory.is_free(item.room_id, item.stay))
    return next(taken, None)
