"""References as people say them: in any case, with spaces and dashes, or with a slip."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from booking.domain import people, spelling
from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.reservations.models import Booking
from booking.infra import ids
from booking.infra.db import db


def find(reference: str) -> Booking | None:
    """By its reference, or by its id as it is shown, inside the caller's transaction."""
    if booking_id := ids.decode("booking", reference.strip()):
        return db.session.get(Booking, booking_id)
    return db.session.scalars(select(Booking).where(Booking.reference.in_(_meant(reference)))).one_or_none()


def close(actor: Actor, action: Action, reference: str) -> list[str]:
    """References of bookings with which the actor may do this, one slip away."""
    slips = select(Booking).where(Booking.reference.in_(set(_slips(_plain(reference))))).order_by(Booking.reference)
    found = [booking.reference for booking in db.session.scalars(slips) if may(actor, action, booking)]
    return found[: spelling.MOST]


def may(actor: Actor, action: Action, booking: Booking) -> bool:
    return people.may(actor, action, own=booking.user_id, at=booking.property_id)


def _meant(reference: str) -> tuple[str, ...]:
    """Its first booking has the order's own reference; that of another one has a dash and its number behind it."""
    text, length = _plain(reference), ids.REFERENCE_LENGTH
    return text, f"{text[:length]}-{text[length:]}"


def _plain(reference: str) -> str:
    return "".join(sign for sign in reference if sign.isalnum()).upper()


def _slips(text: str) -> Iterator[str]:
    """What was meant by whoever took one character for another, left one out, added one, or swapped two."""
    if abs(len(text) - ids.REFERENCE_LENGTH) > 1:
        return
    for place in range(len(text) + 1):
        before, after = text[:place], text[place:]
        yield before + after[1:]
        yield before + after[1:2] + after[:1] + after[2:]
        for letter in ids.SPOKEN:
            yield before + letter + after[1:]
            yield before + letter + after
