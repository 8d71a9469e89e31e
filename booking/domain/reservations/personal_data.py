"""Everything that is kept about a person, for themselves: in the words of the API, without secrets."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from booking.domain.catalogue.models import Property, Room
from booking.domain.payments.models import Payment
from booking.domain.people import personal_data as people_data
from booking.domain.people import security_log, sessions
from booking.domain.people.personal_data import Entry, instant
from booking.domain.people.users import CurrentUser
from booking.domain.reservations.models import Booking
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode


def of(who: CurrentUser) -> Entry:
    """One entry per table: account, sessions, securityEvents, emailChanges, bookings, payments; lists newest first.

    Instants and dates are ISO 8601, amounts Decimal, ids TypeIDs. Raises SignInTooOld.
    """
    sessions.require_recent(who)
    return _gathered(who.id)


def download(who: CurrentUser) -> Entry:
    """The same, to take away: that somebody did is written down. Raises SignInTooOld."""
    found = of(who)
    security_log.record_now(security_log.Kind.DATA_DOWNLOADED, who.id)
    return found


@reading
def _gathered(user_id: uuid.UUID) -> Entry:
    return {
        "createdAt": instant(clock.now()),
        **people_data.about(user_id),
        "bookings": _bookings(user_id),
        "payments": _payments(user_id),
    }


def _bookings(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.execute(
        select(Booking, Room.name, Property.name)
        .join(Room, Room.id == Booking.room_id)
        .join(Property, Property.id == Room.property_id)
        .where(Booking.user_id == user_id)
        .order_by(Booking.created_at.desc(), Booking.id.desc())
    )
    return [_booking(*row) for row in rows]


def _booking(booking: Booking, room: str, house: str) -> Entry:
    return {
        "id": encode("booking", booking.id),
        "reference": booking.reference,
        "room": room,
        "property": house,
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "guests": booking.guests,
        "status": booking.status,
        "totalPrice": booking.total_price,
        "refundAmount": booking.refund_amount,
        "currency": booking.currency,
        "createdAt": instant(booking.created_at),
        "confirmedAt": instant(booking.confirmed_at),
        "cancelledAt": instant(booking.cancelled_at),
    }


def _payments(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.execute(
        select(Payment, Booking.reference)
        .join(Booking, Booking.id == Payment.booking_id)
        .where(Booking.user_id == user_id)
        .order_by(Payment.id.desc())
    )
    return [
        {
            "booking": reference,
            "kind": payment.kind,
            "state": payment.state,
            "amount": payment.amount,
            "currency": payment.currency,
            "createdAt": instant(payment.created_at),
        }
        for payment, reference in rows
    ]
