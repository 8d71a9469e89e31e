"""Changing a booked stay on the terms that are quoted, and looking at what became of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from booking.domain import pricing
from booking.domain.maintenance import verification
from booking.domain.reservations import change_quotes, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.stays import Stay
from booking.domain.tables import Booking, BookingChange, Event, Room
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from tests.cast import (
    VISA,
    acting,
    in_days,
    later,
    nights_of,
    order_of,
    payments_of,
    reload,
)

DAY = dt.timedelta(days=1)


def longer() -> dict[str, Any]:
    """Two nights more."""
    return {"check_out": in_days(30, 5).check_out}


def shorter() -> dict[str, Any]:
    """One night less."""
    return {"check_out": in_days(30, 2).check_out}


@transaction
def neighbour(room: Room, price: Decimal, **more: Any) -> Room:
    same = {"property_id": room.property_id, "location": room.location, "currency": room.currency}
    made = Room(
        **same,
        name="The suite",
        capacity=6,
        price_per_night=price,
        cancellation_policy=room.cancellation_policy,
        published=True,
        amenities=[],
        **more,
    )
    db.session.add(made)
    return made


def quoted(booking: Booking, desk: BookingContext, **wanted: Any) -> Any:
    return change_quotes.quote(acting(booking.user_id), booking.id, StayChange(**wanted), desk.rules)


def changed(booking: Booking, desk: BookingContext, method: str | None = VISA, **wanted: Any) -> Any:
    """Changed on the terms that are quoted now."""
    difference = quoted(booking, desk, **wanted).difference
    return agreed(booking, desk, difference, method, **wanted)


def agreed(
    booking: Booking, desk: BookingContext, difference: Decimal | int, method: str | None = VISA, **wanted: Any
) -> Any:
    asked = Agreed(StayChange(**wanted), Decimal(difference), method=method)
    return stay_changes.change(acting(booking.user_id), booking.id, asked, desk)


def before_check_in(booking: Booking, delta: dt.timedelta) -> None:
    """Let it be so long before the stay begins."""
    later(pricing.check_in_instant(booking.policy, booking.check_in) - delta - clock.now())


def stay_of(booking: Booking) -> Stay:
    return Stay(booking.check_in, booking.check_out)


def has_exactly(booking: Booking, *rooms: Room) -> None:
    """The booking's nights are booked, and no other night of these rooms is taken."""
    now = reload(booking)
    for room in rooms:
        own = stay_of(now).dates() if room.id == now.room_id else []
        assert nights_of(room) == dict.fromkeys(own, "booked")


def as_it_was(booking: Booking, *rooms: Room) -> None:
    """Nothing of it has changed, and all its money is where it was."""
    now = reload(booking)
    same = ("room_id", "check_in", "check_out", "guests", "total_price", "price_lines", "policy", "status", "version")
    assert [getattr(now, name) for name in same] == [getattr(booking, name) for name in same]
    has_exactly(booking, *rooms)
    order_now = order_of(booking)
    assert order_now.paid - order_now.refunded == order_now.owed == booking.total_price
    assert findings() == []


def findings() -> list[Any]:
    return verification.verify().findings


@reading
def kept_money() -> Any:
    """What the provider has kept, all in all."""
    sums = "SELECT coalesce(sum(CASE kind WHEN 'charge' THEN amount WHEN 'refund' THEN -amount ELSE 0 END), 0)"
    return db.session.scalar(text(f"{sums} FROM simulated_ledger"))


@transaction
def changes_of(booking: Booking) -> list[BookingChange]:
    return db.session.query(BookingChange).filter_by(booking_id=booking.id).order_by(BookingChange.id).all()


@transaction
def told(kind: str = "booking.changed") -> list[dict[str, Any]]:
    return [event.payload for event in db.session.query(Event).filter_by(type=kind).order_by(Event.id)]


def attempts_of(booking: Booking) -> list[tuple[Any, ...]]:
    """Of all payments: what for, kind, how much, and what became of it."""
    return [(one.purpose, one.kind, int(one.amount), one.state) for one in payments_of(booking)]
