"""Text messages for staff: to which number they went, in which state they are, and what they said.

By property, like the bookings that they are about. Those to staff about the house are for owners of all properties.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator
from sqlalchemy import ColumnElement, Select, and_, or_, select

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.correspondence.errors import SentTextNotFound
from booking.domain.correspondence.inbox import decoded, meant, within
from booking.domain.correspondence.outgoing_search import OutgoingSearch
from booking.domain.inputs import one_of
from booking.domain.messages import (
    DELIVERY_DONE,
    DELIVERY_GIVEN_UP,
    DELIVERY_RUNNING,
    DELIVERY_WAITING,
    Delivery,
    Event,
)
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.domain.texting import TEXT, SentText
from booking.infra import phone_numbers
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import decode, encode

PAGE = 50
TO_SEND, SENT, DELIVERED, UNDELIVERED, FAILED = TEXT_STATES = ("to_send", "sent", "delivered", "undelivered", "failed")
_UNDONE = (DELIVERY_WAITING, DELIVERY_RUNNING, DELIVERY_GIVEN_UP)


class TextSearch(OutgoingSearch):
    """What text messages are narrowed to: `q` may be a whole number."""

    state: Annotated[str, AfterValidator(one_of(TEXT_STATES))] | None = None


@dataclass(frozen=True, slots=True)
class ListedText:
    """A text message as a list shows it. `kind` is the type of the event that it tells of; `state` one of TEXT_STATES,
    or why none was sent, with the reason in `error`. Not composed yet, it has neither `number` (E.164) nor text.
    """

    id: uuid.UUID
    kind: str
    number: str
    text: str
    segments: int
    at: dt.datetime
    state: str
    error: str | None
    booking_id: uuid.UUID | None
    reference: str
    property: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class TextPage:
    """`after` leads to the next page, where there is one."""

    entries: tuple[ListedText, ...]
    after: str | None


def find(actor: Actor, wanted: TextSearch, limit: int = PAGE) -> TextPage:
    """The newest first. Raises NotFound for who sees no bookings of others, and for another property's."""
    said = wanted.q.strip()
    number = _number(said) if said else None
    about = meant(actor, said, wanted.property) if said and number is None else None
    return _found(actor, wanted, number, about, limit)


def of_order(actor: Actor, booking_ids: Collection[uuid.UUID], limit: int = PAGE) -> tuple[ListedText, ...]:
    """Those about these bookings, the newest first. Raises NotFound for who sees no bookings of others."""
    return _found(actor, TextSearch(), None, booking_ids, limit).entries


def _number(said: str) -> str | None:
    try:
        return phone_numbers.textable(said)
    except ValueError:
        return None


@transaction(isolation=READ_COMMITTED)
def again(actor: Actor, text_id: uuid.UUID) -> bool:
    """Try one more time what was given up; whether it was. Raises SentTextNotFound, also for another property's."""
    event = db.session.get(Event, text_id)
    if event is None or db.session.get(Delivery, (text_id, TEXT)) is None:
        raise SentTextNotFound
    place = decode("property", event.payload.get("propertyId") or "")
    people.require(actor, Action.RESEND_EMAILS, at=place, otherwise=SentTextNotFound)
    is_again = messages.settle_given_up_delivery(text_id, TEXT, again=True)
    if is_again:
        people.audit(actor, "text.resent", event.payload.get("bookingId") or encode("text", text_id))
    return is_again


@reading
def _found(
    actor: Actor, wanted: TextSearch, number: str | None, about: Collection[uuid.UUID] | None, limit: int
) -> TextPage:
    narrowed = [*_reach(actor, wanted), *_sought(wanted, number, about)]
    # By what was composed, and by work that was not: each has an index, and both together have none.
    ways = [_COMPOSED.where(*narrowed).order_by(SentText.event_id.desc())]
    if number is None and wanted.state in (None, TO_SEND, FAILED):
        unwritten = Delivery.state.in_(_UNDONE), Delivery.consumer == TEXT, SentText.event_id.is_(None)
        ways.append(_WORK.where(*unwritten, *narrowed).order_by(Event.id.desc()))
    rows = [row for way in ways for row in db.session.execute(way.limit(limit + 1))]
    rows = sorted(rows, key=lambda row: row.Event.id, reverse=True)
    bookings = _bookings(rows[:limit])
    entries = tuple(_listed(row, bookings.get(row.Event.payload.get("bookingId"))) for row in rows[:limit])
    return TextPage(entries, encode("text", entries[-1].id) if len(rows) > limit else None)


_OF_EVENT = and_(Delivery.event_id == Event.id, Delivery.consumer == TEXT)
_BOOKED = Event.payload["bookingId"].astext
_PLACE = Event.payload["propertyId"].astext
_COMPOSED: Select[Event, Delivery, SentText] = (
    select(Event, Delivery, SentText)
    .join_from(SentText, Event, Event.id == SentText.event_id)
    .join(Delivery, _OF_EVENT)
)
_WORK: Select[Event, Delivery, SentText] = (
    select(Event, Delivery, SentText)
    .join_from(Delivery, Event, Event.id == Delivery.event_id)
    .outerjoin(SentText, SentText.event_id == Event.id)
)


def _reach(actor: Actor, wanted: TextSearch) -> list[ColumnElement[bool]]:
    within(actor, wanted.property, SentText.property_id)  # refuses what is not there for them
    if wanted.property is not None:
        return [wanted.property == _PLACE, _BOOKED.is_not(None)]
    reach = people.reach(actor, Action.SEE_BOOKING).properties
    found: list[ColumnElement[bool]] = []
    if reach is not None:
        found.append(_PLACE.in_([encode("property", one) for one in reach]))
    if not people.may(actor, Action.SEE_ACCOUNT):
        found.append(_BOOKED.is_not(None))
    return found


def _sought(
    wanted: TextSearch, number: str | None, about: Collection[uuid.UUID] | None
) -> Iterable[ColumnElement[bool]]:
    if wanted.state is not None:
        yield _STATES[wanted.state]
    if number is not None:
        yield SentText.number == number
    if about is not None:
        yield _BOOKED.in_([encode("booking", one) for one in about])
    if wanted.after is not None:
        yield Event.id < decoded("text", wanted.after)


_IS_DONE = Delivery.state == DELIVERY_DONE
_STATES: dict[str, ColumnElement[bool]] = {
    TO_SEND: or_(Delivery.state == DELIVERY_WAITING, Delivery.state == DELIVERY_RUNNING),
    FAILED: Delivery.state == DELIVERY_GIVEN_UP,
    DELIVERED: and_(_IS_DONE, SentText.delivered_at.is_not(None)),
    UNDELIVERED: and_(_IS_DONE, SentText.failed_at.is_not(None)),
    SENT: and_(_IS_DONE, SentText.sent_at.is_not(None), SentText.delivered_at.is_(None), SentText.failed_at.is_(None)),
}


def _bookings(rows: Iterable[Any]) -> dict[str, Booking]:
    """What they are about, by its id as events write it; by one statement."""
    about = [decode("booking", shown) for row in rows if (shown := row.Event.payload.get("bookingId"))]
    known = db.session.scalars(select(Booking).where(Booking.id.in_(about))) if about else ()
    return {encode("booking", one.id): one for one in known}


def _listed(row: Any, booking: Booking | None) -> ListedText:
    event, delivery, sent = row
    state, error = _state(delivery, sent)
    return ListedText(
        id=event.id,
        kind=event.payload.get("tells", event.type),
        number=sent.number if sent else "",
        text=sent.text if sent else "",
        segments=sent.segments if sent else 0,
        at=event.occurred_at,
        state=state,
        error=error,
        booking_id=booking.id if booking else None,
        reference=booking.reference if booking else "",
        property=booking.property_name if booking else "",
        time_zone=booking.time_zone if booking else "Etc/UTC",
    )


def _state(delivery: Delivery, sent: SentText | None) -> tuple[str, str | None]:
    if delivery.state == DELIVERY_GIVEN_UP:
        return FAILED, delivery.error
    if delivery.state != DELIVERY_DONE:
        return TO_SEND, delivery.error
    if sent is None or sent.sent_at is None:
        return delivery.error or messages.NOT_NEEDED, None
    if sent.failed_at is not None:
        return UNDELIVERED, sent.code
    return (DELIVERED if sent.delivered_at else SENT), None
