"""Rooms and guests for a trace, and what the tables say at the end."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from sqlalchemy import text

from booking.domain.catalogue.cancellation_policies import FLEXIBLE
from booking.domain.maintenance import verification
from booking.domain.people import users
from booking.domain.tables import Property, Room
from booking.infra.db import db, reading, transaction
from booking.infra.ids import new_id
from tests.cast import SYSTEM
from tests.replay.player import House
from tests.replay.trace import Recorded

ZONE, CURRENCY, LOCATION = "Europe/Lisbon", "EUR", "replayed"
PRICE = Decimal(100)  # of a night in every room; what people paid is not replayed
LONGEST = 10_000  # nights; the trace's own stays are what they are


def furnish(bookings: list[Recorded], shards: int) -> list[House]:
    """Every room of the trace, as large as its largest party; a guest and a rival for each shard."""
    largest: dict[str, int] = {}
    for booking in bookings:
        if booking.replayable:
            largest[booking.room] = max(largest.get(booking.room, 1), booking.guests)
    rooms = _build(largest)
    return [House(rooms, _guest(f"guest-{shard}"), _guest(f"rival-{shard}")) for shard in range(shards)]


@transaction
def _build(largest: dict[str, int]) -> dict[str, uuid.UUID]:
    house = Property(
        id=new_id(),
        name="The replayed house",
        slug="the-replayed-house",
        location=LOCATION,
        address={},
        time_zone=ZONE,
        currency=CURRENCY,
        legal_name="The replayed house",
    )
    db.session.add(house)
    db.session.flush()
    ids = {name: new_id() for name in largest}
    db.session.add_all(
        Room(
            id=ids[name],
            property_id=house.id,
            name=name,
            location=LOCATION,
            currency=CURRENCY,
            capacity=capacity,
            price_per_night=PRICE,
            max_nights=LONGEST,
            cancellation_policy=FLEXIBLE,
            published=True,
        )
        for name, capacity in largest.items()
    )
    return ids


def _guest(name: str) -> uuid.UUID:
    return users.ensure(
        SYSTEM,
        email=f"{name}@example.com",
        password="a-password-for-replays",
        full_name=name,
        role="guest",
        region="eu",
    ).id


def disagreements(bookings: list[Recorded], rooms: dict[str, uuid.UUID]) -> list[str]:
    """What is otherwise than the trace's notes say, when all has been played."""
    played = [booking for booking in bookings if booking.replayable]
    stayed = [booking for booking in played if booking.released_at is None]
    expected = {(rooms[booking.room], night) for booking in stayed for night in booking.dates()}
    found = [f"flask bookings verify: {finding}" for finding in verification.verify().findings]
    found += _differences("nights taken at the end", expected, _nights())
    counted = {"CONFIRMED": len(stayed), "CANCELLED": len(played) - len(stayed)}
    wanted = {status: number for status, number in counted.items() if number}
    if (stored := _statuses()) != wanted:
        found.append(f"the trace says {wanted}, the bookings are {stored}")
    return found


def _differences(
    what: str, expected: set[tuple[uuid.UUID, dt.date]], found: set[tuple[uuid.UUID, dt.date]]
) -> list[str]:
    lost, extra = expected - found, found - expected
    return [f"{what}: {len(lost)} missing, {len(extra)} too many, of {len(expected)}"] if lost or extra else []


@reading
def _nights() -> set[tuple[uuid.UUID, dt.date]]:
    taken = text("SELECT room_id, night FROM availability WHERE state = 'booked'")
    return {(uuid.UUID(str(room)), night) for room, night in db.session.execute(taken)}


@reading
def _statuses() -> dict[str, int]:
    counted = text("SELECT status, count(*) AS number FROM bookings GROUP BY status")
    return {row.status: row.number for row in db.session.execute(counted)}
