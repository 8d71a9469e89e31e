"""A link by which somebody without an account has the invoices of their stay: in their emails.

It names the booking, with a keyed hash (HMAC-SHA256) of it and of the address that the emails go to as the proof that
we wrote it: once staff corrects the address, links that went to the old one lead nowhere. Nothing of it is stored.
"""

from __future__ import annotations

import datetime as dt
import hmac
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.invoicing.errors import InvoiceNotFound
from booking.domain.payments import Order
from booking.domain.reservations import Booking
from booking.infra import clock, secret_keys
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

GOOD_FOR = dt.timedelta(days=400)  # after the day of check-out: until the books of that year are closed
BY_LINK = Actor.system("invoice-link")  # whoever holds it: who that is, nobody knows


def written(booking_id: uuid.UUID, email: str, secrets: Sequence[str]) -> str:
    """What stands in the link, whose proof is made with the first of the secrets."""
    return f"{encode('booking', booking_id)}.{_proofs(booking_id, email, secrets)[0]}"


@reading
def booking_of(link: str, secrets: Sequence[str]) -> uuid.UUID:
    """The booking whose invoices BY_LINK may see now. Raises InvoiceNotFound where we did not write it."""
    name, _, proof = link.partition(".")
    booking_id = decode("booking", name)
    booking = booking_id and db.session.scalars(select(Booking).where(Booking.id == booking_id)).one_or_none()
    if not booking or clock.now().date() > booking.check_out + GOOD_FOR:
        raise InvoiceNotFound
    contact = payments.contact_of(db.session.get_one(Order, booking.order_id))
    known = _proofs(booking.id, contact.email, secrets) if contact and contact.email else []
    if not any(hmac.compare_digest(ours.encode(), proof.encode()) for ours in known):
        raise InvoiceNotFound
    return booking.id


def _proofs(booking_id: uuid.UUID, email: str, secrets: Sequence[str]) -> list[str]:
    keys, told = secret_keys.ring(secrets, secret_keys.LINKS), people.email_key(email).encode()
    return [hmac.digest(key, b"invoices:" + booking_id.bytes + told, "sha256").hex() for key in keys]
