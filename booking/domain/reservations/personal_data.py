"""Everything that is kept about a person, for themselves: in the words of the API, without secrets."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select

from booking.domain.people import security_log, sessions
from booking.domain.people.users import CurrentUser
from booking.domain.tables import Booking, EmailChange, Payment, Property, Room, SecurityEvent, Session, User
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode

Entry = dict[str, Any]


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
        "createdAt": _instant(clock.now()),
        "account": _account(db.session.get_one(User, user_id)),
        "sessions": _sessions(user_id),
        "securityEvents": _security_events(user_id),
        "emailChanges": _email_changes(user_id),
        "bookings": _bookings(user_id),
        "payments": _payments(user_id),
    }


def _account(user: User) -> Entry:
    return {
        "id": encode("user", user.id),
        "email": user.email,
        "emailVerifiedAt": _instant(user.email_verified_at),
        "fullName": user.full_name,
        "role": user.role,
        "region": user.region,
        "locale": user.locale,
        "createdAt": _instant(user.created_at),
    }


def _sessions(user_id: uuid.UUID) -> list[Entry]:
    rows = db.session.scalars(select(Session).where(Session.user_id == user_id).order_by(Session.id.desc()))
    return [
        {
            "id": encode("session", row.id),
            "kind": row.kind,
            "client": row.client,
            "createdAt": _instant(row.created_at),
            "lastSeenAt": _instant(row.last_seen_at),
            "endedAt": _instant(row.ended_at),
        }
        for row in rows
    ]


def _security_events(user_id: uuid.UUID) -> list[Entry]:
    mine = select(SecurityEvent).where(SecurityEvent.user_id == user_id).order_by(SecurityEvent.at.desc())
    return [
        {"at": _instant(row.at), "kind": row.kind, "address": row.address, "client": row.client}
        for row in db.session.scalars(mine)
    ]


def _email_changes(user_id: uuid.UUID) -> list[Entry]:
    mine = select(EmailChange).where(EmailChange.user_id == user_id).order_by(EmailChange.created_at.desc())
    return [
        {
            "from": row.old_email,
            "to": row.new_email,
            "createdAt": _instant(row.created_at),
            "confirmedAt": _instant(row.confirmed_at),
            "stoppedAt": _instant(row.stopped_at),
        }
        for row in db.session.scalars(mine)
    ]


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
        "createdAt": _instant(booking.created_at),
        "confirmedAt": _instant(booking.confirmed_at),
        "cancelledAt": _instant(booking.cancelled_at),
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
            "createdAt": _instant(payment.created_at),
        }
        for payment, reference in rows
    ]


def _instant(instant: dt.datetime | None) -> str | None:
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if instant else None
