"""A link by which somebody without an account reads what was written about their stay, and writes: in their emails.

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
from booking.domain.correspondence import conversations
from booking.domain.correspondence.conversations import Conversation, MessageText
from booking.domain.correspondence.errors import ConversationNotFound
from booking.domain.payments import Order
from booking.domain.reservations import Booking
from booking.infra import clock, secret_keys
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode

GOOD_FOR = dt.timedelta(days=60)  # after the day of check-out
BY_LINK = Actor.system("conversation-link")  # whoever holds it: who that is, nobody knows


def written(booking_id: uuid.UUID, email: str, secrets: Sequence[str]) -> str:
    """What stands in the link, whose proof is made with the first of the secrets."""
    return f"{encode('booking', booking_id)}.{_proofs(booking_id, email, secrets)[0]}"


@reading
def look(link: str, secrets: Sequence[str]) -> Conversation:
    """Without names of staff. Raises ConversationNotFound."""
    return conversations.of(_proven(link, secrets))


@transaction(isolation=READ_COMMITTED)
def write(link: str, said: MessageText, secrets: Sequence[str]) -> None:
    """As the guest. Raises ConversationNotFound, WritingRefused, TooManyAttempts."""
    conversations.written_by_guest(BY_LINK, _proven(link, secrets, lock=True), said.message, None)


def _proven(link: str, secrets: Sequence[str], *, lock: bool = False) -> Booking:
    """Raises ConversationNotFound where we did not write it, or not to the address that is the guest's by now."""
    name, _, proof = link.partition(".")
    booking_id = decode("booking", name)
    wanted = select(Booking).where(Booking.id == booking_id)
    booking = booking_id and db.session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if not booking or clock.now().date() > booking.check_out + GOOD_FOR:
        raise ConversationNotFound
    contact = payments.contact_of(db.session.get_one(Order, booking.order_id))
    known = _proofs(booking.id, contact.email, secrets) if contact and contact.email else []
    if not any(hmac.compare_digest(ours.encode(), proof.encode()) for ours in known):
        raise ConversationNotFound
    return booking


def _proofs(booking_id: uuid.UUID, email: str, secrets: Sequence[str]) -> list[str]:
    keys, told = secret_keys.ring(secrets, secret_keys.LINKS), people.email_key(email).encode()
    return [hmac.digest(key, b"conversation:" + booking_id.bytes + told, "sha256").hex() for key in keys]
