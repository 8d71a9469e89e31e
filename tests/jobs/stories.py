"""What happened, made by hand: facts for letters, and booked stays in the database with their events."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update

from booking.config import Settings
from booking.domain.catalogue.cancellation_policies import MODERATE
from booking.domain.messages import outbox
from booking.domain.pricing import policies
from booking.domain.pricing.policies import RefundPromise
from booking.domain.pricing.quotes import PriceLine
from booking.domain.reservations.booking_summary import BookingSummary
from booking.domain.tables import Booking, Delivery, Event, Order, Property, Room, User
from booking.infra import ids
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.jobs.email_builder import Letter
from tests.cast import SYSTEM

JERUSALEM = ZoneInfo("Asia/Jerusalem")
WRITTEN = dt.datetime(2026, 3, 1, 10, 15, 0, 123456, tzinfo=dt.UTC)

SETTINGS = Settings(
    app_env="development",
    database_url="",
    migration_database_url="",
    read_database_url="",
    redis_url="",
    cache_redis_url="",
    secret_key="",
    jwt_keys=(),
    site_url="https://stay.example",
)

NOTICE = BookingSummary(
    booking_id=uuid.UUID("019a0000-0000-7000-8000-000000000001"),
    reference="K7PQ2WXH",
    guest_name="Dana Levi",
    email="dana@example.com",
    guests=2,
    room="Sea-facing studio",
    property="Neve House",
    address=("12 Shabazi St", "Tel Aviv", "Israel"),
    arrival=dt.datetime(2026, 5, 4, 15, tzinfo=JERUSALEM),
    departure=dt.datetime(2026, 5, 8, 11, tzinfo=JERUSALEM),
    nights=4,
    lines=(PriceLine(3, Decimal("480.000"), "base"), PriceLine(1, Decimal("560.500"), "weekend")),
    total=Decimal("2000.500"),
    currency="ILS",
    refunds=(
        RefundPromise(dt.datetime(2026, 4, 29, 15, tzinfo=JERUSALEM), 100, Decimal("2000.5")),
        RefundPromise(dt.datetime(2026, 5, 3, 15, tzinfo=JERUSALEM), 50, Decimal("1000.25")),
    ),
    refunded=None,
    paid=Decimal("2000.500"),
    due=Decimal(0),
    let_off=Decimal(0),
    guarantee=None,
    due_now=Decimal(0),
    later=(),
)
CANCELLED_NOTICE = replace(NOTICE, refunded=Decimal("1000.25"))


def letter(kind: str = "confirmation", delivery: str = "019a.mail") -> Letter:
    return Letter(kind, f"<{delivery}@stay.example>", WRITTEN)


@transaction
def booked(number: int = 1, **changes: Any) -> Booking:
    """A paid, confirmed stay in Tel Aviv; `changes` are columns of the booking."""
    guest = User(
        email=f"Guest{number}@example.com", email_key=f"guest{number}@example.com", full_name="Dana Levi", region="eu"
    )
    house = Property(
        name="Neve House",
        slug=f"neve-house-{number}",
        location="tel-aviv",
        address={"street": "12 Shabazi St", "city": "Tel Aviv", "country": "Israel"},
        time_zone="Asia/Jerusalem",
        currency="ILS",
        legal_name="Neve House Ltd",
    )
    db.session.add_all([guest, house])
    db.session.flush()
    room = Room(
        property_id=house.id,
        name="Sea-facing studio",
        location="tel-aviv",
        currency="ILS",
        capacity=2,
        price_per_night=Decimal(480),
        cancellation_policy=MODERATE,
        published=True,
    )
    db.session.add(room)
    db.session.flush()
    facts = {
        "user_id": guest.id,
        "room_id": room.id,
        "reference": ids.new_reference(),
        "check_in": dt.date(2026, 5, 4),
        "check_out": dt.date(2026, 5, 7),
        "guests": 2,
        "total_price": Decimal(1440),
        "currency": "ILS",
        "price_lines": [{"night": f"2026-05-0{day}", "amount": "480.000", "rule": "base"} for day in (4, 5, 6)],
        "policy": policies.frozen(MODERATE, "Asia/Jerusalem", dt.time(15)),
        "status": "CONFIRMED",
        "confirmed_at": WRITTEN,
    }
    stay = Booking(**facts | changes)
    db.session.add(stay)
    db.session.flush()
    # Its order is made by a trigger, with the booking's own id.
    moved = {"paid": stay.total_price, "refunded": stay.refund_amount or 0}
    db.session.execute(update(Order).where(Order.id == stay.id).values(moved))
    return stay


@transaction(isolation=READ_COMMITTED)
def happened(kind: str, **payload: Any) -> None:
    outbox.record(SYSTEM, kind, payload)


def confirmed(stay: Booking) -> None:
    happened("booking.confirmed", bookingId=ids.encode("booking", stay.id))


def cancelled(stay: Booking, *, was_confirmed: bool = True) -> None:
    happened("booking.cancelled", bookingId=ids.encode("booking", stay.id), wasConfirmed=was_confirmed)


@transaction(isolation=READ_COMMITTED)
def time_passes(seconds: float) -> None:
    """Everything that waits becomes due that much earlier."""
    earlier = dt.timedelta(seconds=seconds)
    db.session.execute(update(Delivery).values(next_at=Delivery.next_at - earlier))


@transaction(isolation=READ_COMMITTED)
def events_age(by: dt.timedelta) -> None:
    db.session.execute(update(Event).values(occurred_at=sql_now() - by))


@transaction(isolation=READ_COMMITTED)
def deliveries() -> list[Delivery]:
    return list(db.session.query(Delivery).order_by(Delivery.event_id, Delivery.consumer))
