"""Who stays, corrected by staff: another name, address or number in the contact of an order, for as long as it is kept.

Emails about the order go to the new address from then on. A guest with an account changes that themselves; an order of
theirs gets a contact of its own, and loses it again where that says what the account does.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any

from sqlalchemy import func, update

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import AccountNotFound, Invalid
from booking.domain.inputs import ClockTime, Input, Phone, Version
from booking.domain.notices import Notice
from booking.domain.payments import CONTACT_COLUMNS, Contact, Order
from booking.domain.people import Action, Personal, User
from booking.domain.reservations import bookings
from booking.domain.reservations.desk_errors import ContactErased, ContactModified
from booking.domain.reservations.front_desk import text_consents
from booking.domain.reservations.front_desk.text_consents import MaybeTextable
from booking.domain.reservations.inputs import Requests
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode

# What a contact consists of, as pages and programs call it.
_CALLED = {
    "full_name": "fullName",
    "email": "email",
    "phone": "phone",
    "arrival_time": "arrivalTime",
    "requests": "requests",
}


class ContactChange(Input):
    """Who stays, whole: what is left out is not known, or not any more. `texts`: whether they agree to be texted at the
    number; None says nothing of it.
    """

    full_name: people.PersonName
    email: people.Email | None = None
    phone: Phone | None = None
    texts: MaybeTextable = None
    arrival_time: ClockTime | None = None
    requests: Requests | None = None

    @property
    def contact(self) -> Contact:
        return Contact(self.full_name, self.email, self.phone, self.arrival_time, self.requests)


class ContactEdit(ContactChange):
    """The same in the place of what was seen: `version` is the order's."""

    version: Version


def of(order: Order, guest: User | None) -> Contact | None:
    """Whom the house turns to, be it by the account (None: there is none); None where nobody is known any more."""
    if order.contact_erased_at is not None or (guest and guest.deleted_at):
        return None
    return payments.contact_of(order) or (Contact(guest.full_name, guest.email) if guest else None)


def is_without_account(order: Order) -> bool:
    """Whether there is a contact that belongs to no account."""
    return order.user_id is None and order.contact_name is not None


@transaction(isolation=READ_COMMITTED)
def change(actor: Actor, booking_id: uuid.UUID, wanted: ContactChange, seen_version: int) -> None:
    """Turn to somebody else, or elsewhere, about this booking's order, which was seen in this version. Twice is once.

    Raises BookingNotFound, Invalid without a way to reach them; ContactErased, ContactModified.
    """
    booking = bookings.permitted(actor, Action.CHANGE_CONTACTS, booking_id)
    guest = _account(booking.user_id)  # before the order, as whoever deletes an account does
    order = payments.lock_order(booking.order_id)
    was, new = of(order, guest), wanted.contact
    if was is None:
        raise ContactErased
    if new != was:
        _refuse_unreachable(order, new)
        if order.version != seen_version:
            raise ContactModified
        _keep(order, guest, new)
        _audit(actor, order, was, new)
    text_consents.heed(actor, order, was, new, wanted.texts)


def _account(user_id: uuid.UUID | None) -> User | None:
    """Locked, so that it is not deleted meanwhile, and nothing of its guest stays behind. Raises ContactErased."""
    try:
        return people.lock_account(user_id) if user_id else None
    except AccountNotFound:
        raise ContactErased from None


def _refuse_unreachable(order: Order, contact: Contact) -> None:
    """What was made elsewhere may have come without either."""
    if not (contact.email or contact.phone or order.source_id):
        raise Invalid(details={"phone": Notice("phone_or_email")})


def _keep(order: Order, guest: User | None, contact: Contact) -> None:
    is_own = guest is not None and contact == Contact(guest.full_name, guest.email)
    new: dict[str, Any] = dict.fromkeys(CONTACT_COLUMNS) if is_own else contact.as_columns()
    counted = {"version": Order.version + 1, "updated_at": func.clock_timestamp()}
    changed = update(Order).where(Order.id == order.id).values(new | counted)
    db.session.execute(changed, execution_options={"synchronize_session": False})


def _audit(actor: Actor, order: Order, was: Contact, now: Contact) -> None:
    """What it was and is goes with the person's account; without one, only what was changed is said."""
    before, after = _facts(was), _facts(now)
    changed = [name for name in before if before[name] != after[name]]
    about = None
    if order.user_id:
        before, after = ({name: facts[name] for name in changed} for facts in (before, after))
        about = Personal(order.user_id, before, after)
    people.audit(actor, "guest.contact_changed", encode("order", order.id), after={"changed": changed}, personal=about)


def _facts(contact: Contact) -> dict[str, str | None]:
    known = dataclasses.asdict(contact)
    return {shown: _text(known[name]) for name, shown in _CALLED.items()}


def _text(value: str | dt.time | None) -> str | None:
    return value.isoformat("minutes") if isinstance(value, dt.time) else value
