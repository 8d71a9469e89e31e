"""The emails about bookings, for staff who is asked whether one was sent."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, select, text

from booking.domain.columns import one_of
from booking.domain.messages.models import (
    ABOUT_BOOKINGS,
    BOUNCED,
    DONE,
    NOTHING_SENT,
    RUNNING,
    WAITING,
    Delivery,
    Event,
)
from booking.domain.messages.sent_models import SentEmail
from booking.infra.db import db
from booking.infra.ids import decode, encode

MAIL = "mail"  # the consumer that sends them


@dataclass(frozen=True, slots=True)
class MailWork:
    """An event that may be worth an email, and how far that is. `state`: one of DELIVERY_STATES, of NOTHING_SENT, or
    BOUNCED, with the code in `error`.
    """

    event_id: uuid.UUID
    type: str
    payload: dict[str, Any]
    at: dt.datetime
    state: str
    attempts: int
    error: str | None

    @property
    def tells(self) -> str:
        """The type of the event that it tells of: where it was sent again, of the first one's."""
        return str(self.payload.get("repeats", self.type))

    @property
    def first_id(self) -> uuid.UUID | None:
        """The event of the email as it was sent first; its own, where this is that one."""
        return decode("email", self.payload["of"]) if "repeats" in self.payload else self.event_id

    @property
    def is_on_its_way(self) -> bool:
        """Not sent yet, and still tried."""
        return self.state in (WAITING, RUNNING)


def repeating(first: MailWork) -> dict[str, str]:
    """What an event says by which an email is sent again."""
    return {"of": encode("email", first.event_id), "repeats": first.type}


# Of an email that came back, why; else nothing.
BOUNCE = case((SentEmail.bounced_at.is_not(None), func.coalesce(SentEmail.bounce_code, "")))


def about_bookings(shown_ids: Sequence[str]) -> list[MailWork]:
    """Of these bookings, the newest first, inside the caller's transaction. Events are forgotten after some time."""
    return [work(*row) for row in db.session.execute(of(shown_ids))]


def of(shown_ids: Sequence[str]) -> Select[Event, Delivery, str]:
    """The statement: it names the types in its text, by which the partial index is found."""
    return (
        select(Event, Delivery, BOUNCE)
        .outerjoin(Delivery, and_(Delivery.event_id == Event.id, Delivery.consumer == MAIL))
        .outerjoin(SentEmail, SentEmail.event_id == Event.id)
        .where(Event.payload["bookingId"].astext.in_(shown_ids), text(f"events.{one_of('type', ABOUT_BOOKINGS)}"))
        .order_by(Event.id.desc())
    )


def work(event: Event, delivery: Delivery | None, bounce: str | None) -> MailWork:
    """An event with its delivery, if it has one by now."""
    state, attempts = (delivery.state, delivery.attempts) if delivery else (WAITING, 0)
    error = delivery.error if delivery else None
    if state == DONE and error in NOTHING_SENT:
        state, error = error, None
    elif state == DONE and bounce is not None:
        state, error = BOUNCED, bounce
    return MailWork(event.id, event.type, event.payload, event.occurred_at, state, attempts, error)
