"""The things that the audit log speaks of: what they are called, and which of them somebody means."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from booking.domain import inventory, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Property, Room
from booking.domain.errors import NotFound, UnknownBooking
from booking.domain.payments import Order, Payment, Waiver
from booking.domain.people import Action, User
from booking.domain.pricing import Promotion, RateRule
from booking.domain.reservations.front_desk import order_lookup, staff_search
from booking.domain.reservations.front_desk.staff_search import BookingSearch
from booking.domain.reservations.models import Booking
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode


@dataclass(frozen=True, slots=True)
class NamedThing:
    """`currency` is that of its amounts, empty where it has none; `booking_id` the booking to which it belongs."""

    name: str
    currency: str = ""
    booking_id: uuid.UUID | None = None


@reading
def named(actor: Actor, subjects: Collection[str]) -> dict[str, NamedThing]:
    """By TypeID; what is gone, or has no name, is not among them. One statement for each kind that is asked for.

    Raises NotFound for who may not see the audit log.
    """
    people.require(actor, Action.SEE_AUDIT_LOG, otherwise=NotFound)
    wanted: dict[str, set[uuid.UUID]] = defaultdict(set)
    for subject in subjects:
        kind = subject.partition("_")[0]
        if kind in _KINDS and (known := decode(kind, subject)):
            wanted[kind].add(known)
    return {encode(kind, known): thing for kind, ids in sorted(wanted.items()) for known, thing in _KINDS[kind](ids)}


def meant(actor: Actor, said: str) -> list[str]:
    """The TypeIDs that something else stands for: a reference for its order and its bookings, a block for its room.

    So do the name of a guest, and whatever else a list of bookings is searched by, as long as anybody knows it: not
    after it was erased.

    Nothing where there is none, or it is not the actor's to see.
    """
    said = said.strip()
    try:
        if block := decode("block", said):
            return [encode("room", inventory.get_block(actor, block).block.room_id)]
        if not said or "_" in said:
            return []
        order = order_lookup.look_up(actor, said)
    except inventory.BlockNotFound:
        return []
    except UnknownBooking:
        return _of_guests(actor, said)
    return [encode("order", order.order_id), *(encode("booking", one.id) for one in order.bookings)]


def _of_guests(actor: Actor, said: str) -> list[str]:
    found = [one.id for one in staff_search.find(actor, BookingSearch(q=said)).entries]
    return [*(encode("booking", one) for one in found), *(encode("order", one) for one in _orders_of(found))]


@reading
def _orders_of(bookings: list[uuid.UUID]) -> set[uuid.UUID]:
    return set(db.session.scalars(select(Booking.order_id).where(Booking.id.in_(bookings))))


Found = Iterator[tuple[uuid.UUID, NamedThing]]


def _rooms(ids: set[uuid.UUID]) -> Found:
    rows = db.session.execute(select(Room.id, Room.name, Room.currency).where(Room.id.in_(ids)))
    yield from ((row.id, NamedThing(row.name, row.currency)) for row in rows)


def _properties(ids: set[uuid.UUID]) -> Found:
    rows = db.session.execute(select(Property.id, Property.name).where(Property.id.in_(ids)))
    yield from ((row.id, NamedThing(row.name)) for row in rows)


def _people(ids: set[uuid.UUID]) -> Found:
    rows = db.session.execute(select(User.id, User.full_name).where(User.id.in_(ids), User.deleted_at.is_(None)))
    yield from ((row.id, NamedThing(row.full_name)) for row in rows)


def _bookings(ids: set[uuid.UUID]) -> Found:
    wanted = select(Booking.id, Booking.reference, Booking.room_name, Booking.currency).where(Booking.id.in_(ids))
    for row in db.session.execute(wanted):
        yield row.id, NamedThing(f"{row.reference}, {row.room_name}", row.currency, row.id)


def _orders(ids: set[uuid.UUID]) -> Found:
    wanted = select(Order.id, Order.reference, Order.currency).where(Order.id.in_(ids))
    yield from ((row.id, NamedThing(row.reference, row.currency)) for row in db.session.execute(wanted))


def _payments(ids: set[uuid.UUID]) -> Found:
    wanted = select(Payment.id, Payment.booking_id, Order.reference, Order.currency)
    rows = db.session.execute(wanted.join(Order, Order.id == Payment.order_id).where(Payment.id.in_(ids)))
    yield from ((row.id, NamedThing(row.reference, row.currency, row.booking_id)) for row in rows)


def _waivers(ids: set[uuid.UUID]) -> Found:
    wanted = select(Waiver.id, Order.reference, Order.currency)
    rows = db.session.execute(wanted.join(Order, Order.id == Waiver.order_id).where(Waiver.id.in_(ids)))
    yield from ((row.id, NamedThing(row.reference, row.currency)) for row in rows)


def _rates(ids: set[uuid.UUID]) -> Found:
    """By their newest names."""
    newest = select(RateRule.rule_id, RateRule.name, Property.currency).join(
        Property, Property.id == RateRule.property_id
    )
    rows = newest.where(RateRule.rule_id.in_(ids)).ext(distinct_on(RateRule.rule_id))
    for row in db.session.execute(rows.order_by(RateRule.rule_id, RateRule.version.desc())):
        yield row.rule_id, NamedThing(row.name, row.currency)


def _promotions(ids: set[uuid.UUID]) -> Found:
    wanted = select(Promotion.id, Promotion.code, Promotion.currency).where(Promotion.id.in_(ids))
    yield from ((row.id, NamedThing(row.code, row.currency or "")) for row in db.session.execute(wanted))


_KINDS = {
    "promotion": _promotions,
    "rate": _rates,
    "room": _rooms,
    "property": _properties,
    "user": _people,
    "booking": _bookings,
    "order": _orders,
    "payment": _payments,
    "waiver": _waivers,
}
