"""Somebody has been here before: stays in the demo rooms from 90 days ago to 60 days ahead, paid and complete.

Written as rows, because the booking core rightly refuses to sell the past; `flask bookings verify` finds them whole.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, insert, select

from booking.demo.compose import SOURCE
from booking.demo.guests import contact
from booking.domain import inventory, pricing, reservations
from booking.domain.catalogue import Property, Room
from booking.domain.inventory import Claim
from booking.domain.payments import AT_DESK, IMPORT, Order, Payment
from booking.domain.reservations import Booking
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import new_id, new_reference
from booking.infra.provider import SimulatedLedger

PAST, AHEAD = 90, 60  # days
GAPS, LENGTHS = (0, 2, 5, 9, 14, 21, 30, 45), (1, 2, 2, 3, 3, 4, 5, 7, 9)  # nights
PAUSE = dt.timedelta(days=11)  # between two stays of the demo guest, who is in one place at a time


@transaction(isolation=READ_COMMITTED)
def load(guest_id: uuid.UUID, others_id: uuid.UUID) -> int:
    """Fill the demo rooms' calendars and return how many stays that were; 0 where it was done before."""
    if db.session.scalar(select(Booking.id).where(Booking.user_id.in_([guest_id, others_id])).limit(1)):
        return 0
    rows = rooms()
    chance = random.Random(len(rows))  # noqa: S311 a believable calendar is no secret
    stays = [(room, house, stay) for room, house in rows for stay in _calendar(chance, house)]
    own = _one_guests([stay for _, _, stay in stays])
    write(
        [
            Sale(room, house, stay, guest_id if number in own else others_id, is_named=number not in own)
            for number, (room, house, stay) in enumerate(stays)
        ]
    )
    return len(stays)


def rooms() -> list[tuple[Room, Property]]:
    """The demo rooms with their houses, inside the caller's transaction."""
    houses = select(Room, Property).join(Property, Property.id == Room.property_id)
    rows = db.session.execute(houses.where(Room.source == SOURCE, Room.published).order_by(Room.id)).all()
    return [(row.Room, row.Property) for row in rows]


@dataclass(frozen=True, slots=True)
class Sale:
    """A stay that was booked some time ago. `is_named`: by somebody else than whose account it is."""

    room: Room
    house: Property
    stay: Stay
    guest_id: uuid.UUID
    is_named: bool


def write(sales: Sequence[Sale]) -> None:
    """Their rows and nights, inside the caller's transaction. Raises IntegrityError where a night is taken."""
    written = [_sold(sale) for sale in sales]
    for table in (Order, Booking, Payment, SimulatedLedger):
        if rows := [sold[table] for sold in written if table in sold]:
            db.session.execute(insert(cast(Table, table.__table__)), rows)
    claims = zip((sold[Booking]["id"] for sold in written), sales, strict=True)
    inventory.record_sold_nights(
        [Claim(claim_id, sale.room.id, sale.room.location, sale.stay) for claim_id, sale in claims]
    )


def _one_guests(stays: list[Stay]) -> set[int]:
    """Which of these stays one person may have: one after the other, with a pause at home."""
    own, home = set[int](), dt.date.min
    for number in sorted(range(len(stays)), key=lambda number: (stays[number].check_in, number)):
        if stays[number].check_in >= home:
            own.add(number)
            home = stays[number].check_out + PAUSE
    return own


def _calendar(chance: random.Random, house: Property) -> Iterator[Stay]:
    today = clock.today(house.time_zone)
    day = today - dt.timedelta(days=PAST) + dt.timedelta(days=chance.choice(GAPS))
    while True:
        leave = day + dt.timedelta(days=chance.choice(LENGTHS))
        if leave > today + dt.timedelta(days=AHEAD):
            return
        yield Stay(day, leave)
        day = leave + dt.timedelta(days=chance.choice(GAPS))


def _sold(sale: Sale) -> dict[Any, dict[str, Any]]:
    """The rows of one stay that was booked some time ago; one of seven that begin now is paid at the desk."""
    room, house, stay = sale.room, sale.house, sale.stay
    order_id, booking_id, payment_id, reference = new_id(), new_id(), new_id(), f"sim_{uuid.uuid4().hex}"
    booked_at = min(clock.now() - dt.timedelta(days=3), _noon(stay.check_in - dt.timedelta(days=20)))
    offer, guests = pricing.offered(room, house, booked_at), 1 + booking_id.int % room.capacity
    sold = reservations.frozen_sale(offer, reservations.OrderItem(room.id, stay, guests))
    money = {"amount": sold["total_price"], "currency": room.currency}
    at = {"created_at": booked_at}
    at_desk = stay.check_in >= clock.today(house.time_zone) and order_id.int % 7 == 0
    # What was paid is counted where the payment is written.
    order = {
        "id": order_id,
        "reference": new_reference(),
        "user_id": sale.guest_id,
        "channel": IMPORT,
        "guarantee": AT_DESK if at_desk else None,
        "guaranteed_at": booked_at if at_desk else None,
        "guaranteed_by": "system:demo" if at_desk else None,
        **contact(booking_id.int, is_named=sale.is_named),
        "property_id": house.id,
        "currency": room.currency,
        "owed": sold["total_price"],
    }
    booking = {
        "id": booking_id,
        "order_id": order_id,
        "user_id": sale.guest_id,
        "room_id": room.id,
        "reference": order["reference"],
        "check_in": stay.check_in,
        "check_out": stay.check_out,
        "status": "CONFIRMED",
        "confirmed_at": booked_at,
        "version": 2,
        **sold,
    }
    if at_desk:
        return {Order: order | at, Booking: booking | at}
    payment = {"id": payment_id, "order_id": order_id, "booking_id": booking_id, "kind": "charge", "state": "succeeded"}
    ledger = {"key": payment_id, "kind": "charge", "reference": reference}
    paid_by = {"method": "pm_card_visa", "provider": "simulated", "provider_reference": reference}
    return {
        Order: order | at,
        Booking: booking | at,
        Payment: payment | money | at | paid_by,
        SimulatedLedger: ledger | money,
    }


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)
