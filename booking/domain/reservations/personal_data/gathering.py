"""Everything that is kept about a person, for themselves: in the words of the API, without secrets."""

from __future__ import annotations

import uuid
from typing import TypeAlias, TypeVar

from sqlalchemy import ColumnElement, or_, select

from booking.domain import payments, people, texting
from booking.domain.actors import Actor
from booking.domain.messages import GuestMessage, SentEmail
from booking.domain.payments import Order, Payment
from booking.domain.people import PersonalEntry, User, as_utc_text
from booking.domain.reservations.change_models import BookingChange
from booking.domain.reservations.front_desk import notes
from booking.domain.reservations.guest_register import keeping
from booking.domain.reservations.guest_register.keeping import Secrets
from booking.domain.reservations.models import Booking
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import encode

OfBooking = TypeVar("OfBooking", BookingChange, Payment)
Whose: TypeAlias = uuid.UUID | ColumnElement[bool]  # an account, or what is true of the bookings


def of_guest(whose: Whose) -> ColumnElement[bool]:
    """Which bookings are meant."""
    return Booking.user_id == whose if isinstance(whose, uuid.UUID) else whose


def own_data(actor: Actor, secrets: Secrets) -> PersonalEntry:
    """One entry per table: account, sessions, passkeys, securityEvents, emailChanges, auditLog, orders, bookings, their
    changes, payments, guestRegister (opened with `secrets`), notes, messages, emails, textConsents, texts.

    Lists newest first. Instants and dates are ISO 8601, amounts Decimal, ids TypeIDs. Raises SignInTooOld.
    """
    people.require_recent_sign_in(actor)
    return _gathered(actor, secrets)


def download_own_data(actor: Actor, secrets: Secrets) -> PersonalEntry:
    """The same, to take away: that somebody did is written down. Raises SignInTooOld."""
    found = own_data(actor, secrets)
    people.record_security_event_now(people.SecurityEventKind.DATA_DOWNLOADED, actor.account)
    return found


@reading
def _gathered(actor: Actor, secrets: Secrets) -> PersonalEntry:
    return {
        "createdAt": as_utc_text(clock.now()),
        **people.personal_data_of(actor),
        **about_stays(actor.account, secrets),
        **with_texts(actor.account, actor.account),
    }


def with_texts(account: uuid.UUID | None, whose: Whose) -> dict[str, list[PersonalEntry]]:
    """textConsents, texts: an account's own, and of whoever stays in these bookings."""
    stays = db.session.execute(select(Booking.id, Booking.order_id).where(of_guest(whose))).all()
    theirs = texting.texts_of_orders({one.order_id for one in stays}, {one.id for one in stays})
    own = texting.texts_of_account(account) if account else {}
    return {name: [*own.get(name, []), *entries] for name, entries in theirs.items()}


def about_stays(whose: Whose, secrets: Secrets) -> PersonalEntry:
    """What is kept of these bookings, inside the caller's transaction: all but the account."""
    return {
        "orders": _orders(whose),
        "bookings": _bookings(whose),
        "bookingChanges": _changes(whose),
        "payments": _payments(whose),
        "guestRegister": _registers(whose, secrets),
        "notes": _notes(whose),
        "messages": _messages(whose),
        "emails": _emails(whose),
    }


def _orders(whose: Whose) -> list[PersonalEntry]:
    rows = db.session.scalars(
        select(Order)
        .where(Order.id.in_(select(Booking.order_id).where(of_guest(whose))))
        .order_by(Order.created_at.desc(), Order.id.desc())
    ).all()
    billing = payments.billing_of_orders([order.id for order in rows])
    return [
        {
            "id": encode("order", order.id),
            "reference": order.reference,
            "channel": order.channel,
            "contact": _contact(order),
            "billing": _billing(billing.get(order.id)),
            "locale": order.locale,
            "owed": order.owed,
            "paid": order.paid,
            "refunded": order.refunded,
            "waived": order.let_off,
            "currency": order.currency,
            "createdAt": as_utc_text(order.created_at),
        }
        for order in rows
    ]


def _contact(order: Order) -> PersonalEntry | None:
    contact = payments.contact_of(order)
    if contact is None:
        return None
    return {
        "fullName": contact.full_name,
        "email": contact.email,
        "phone": contact.phone,
        "arrivalTime": contact.arrival_time and contact.arrival_time.isoformat("minutes"),
        "requests": contact.requests,
    }


def _billing(said: payments.Billing | None) -> PersonalEntry | None:
    """Whom the invoices are made out to, where somebody has said so."""
    if said is None:
        return None
    return {
        "name": said.name,
        "company": said.company,
        "street": said.street,
        "postalCode": said.postal_code,
        "city": said.city,
        "country": said.country,
        "vatNumber": said.vat_number,
    }


def _bookings(whose: Whose) -> list[PersonalEntry]:
    newest = select(Booking).where(of_guest(whose)).order_by(Booking.created_at.desc(), Booking.id.desc())
    return [_booking(row) for row in db.session.scalars(newest)]


def _booking(booking: Booking) -> PersonalEntry:
    return {
        "id": encode("booking", booking.id),
        "orderId": encode("order", booking.order_id),
        "reference": booking.reference,
        "room": booking.sold_name,
        "earlierRooms": [one.name for one in booking.sold_rooms_before],
        "property": booking.property_name,
        "checkIn": booking.check_in.isoformat(),
        "checkOut": booking.check_out.isoformat(),
        "guests": booking.guests,
        "childrenAges": [*booking.children],
        "status": booking.status,
        "totalPrice": booking.total_price,
        "refundAmount": booking.refund_amount,
        "currency": booking.currency,
        "createdAt": as_utc_text(booking.created_at),
        "confirmedAt": as_utc_text(booking.confirmed_at),
        "cancelledAt": as_utc_text(booking.cancelled_at),
    }


def _changes(whose: Whose) -> list[PersonalEntry]:
    return [
        {
            "booking": reference,
            "state": change.state,
            "room": change.sold_name,
            "checkIn": change.check_in.isoformat(),
            "checkOut": change.check_out.isoformat(),
            "guests": change.guests,
            "childrenAges": [*change.children],
            "difference": change.difference,
            "currency": change.currency,
            "createdAt": as_utc_text(change.created_at),
        }
        for change, reference in _with_references(BookingChange, whose)
    ]


def _notes(whose: Whose) -> list[PersonalEntry]:
    """What staff wrote about their stays; by whom is the house's business."""
    return [
        {"booking": reference, "text": text, "createdAt": as_utc_text(at)}
        for reference, text, at in notes.about_guest(of_guest(whose))
    ]


def _messages(whose: Whose) -> list[PersonalEntry]:
    """What they and the house wrote to each other."""
    rows = db.session.execute(
        select(Booking.reference, GuestMessage.author, GuestMessage.text, GuestMessage.created_at)
        .join(Booking, Booking.id == GuestMessage.booking_id)
        .where(of_guest(whose))
        .order_by(GuestMessage.id.desc())
    )
    return [
        {"booking": reference, "from": author, "message": text, "createdAt": as_utc_text(at)}
        for reference, author, text, at in rows
    ]


def _emails(whose: Whose) -> list[PersonalEntry]:
    """What was sent about these bookings and to the account's address, as long as it is kept."""
    sent: ColumnElement[bool] = SentEmail.booking_id.in_(select(Booking.id).where(of_guest(whose)))
    if isinstance(whose, uuid.UUID):
        own_key = select(User.email_key).where(User.id == whose).scalar_subquery()
        sent = or_(sent, SentEmail.to_key == own_key)
    rows = db.session.scalars(select(SentEmail).where(sent).order_by(SentEmail.event_id.desc()))
    return [
        {"to": one.to_address, "subject": one.subject, "text": one.text, "sentAt": as_utc_text(one.sent_at)}
        for one in rows
    ]


def _registers(whose: Whose, secrets: Secrets) -> list[PersonalEntry]:
    return [
        {
            "booking": reference,
            "fullName": first.full_name,
            "nationality": first.nationality,
            "birthDate": first.birth_date,
            "documentType": first.document_type,
            "documentNumber": first.document_number,
            "livesInTheCountry": first.lives_here,
            "otherGuests": others,
        }
        for reference, first, others in keeping.of_guest(of_guest(whose), secrets)
    ]


def _payments(whose: Whose) -> list[PersonalEntry]:
    return [
        {
            "booking": reference,
            "kind": payment.kind,
            "state": payment.state,
            "amount": payment.amount,
            "currency": payment.currency,
            "createdAt": as_utc_text(payment.created_at),
        }
        for payment, reference in _with_references(Payment, whose)
    ]


def _with_references(model: type[OfBooking], whose: Whose) -> list[tuple[OfBooking, str]]:
    """The rows of these bookings, the newest first, each with its booking's reference."""
    known = select(model, Booking.reference).join(Booking, Booking.id == model.booking_id).where(of_guest(whose))
    return [(row[0], row[1]) for row in db.session.execute(known.order_by(model.id.desc()))]
