"""Emails for staff: to whom they went, in which state they are, and in which words they were sent.

By property, like the bookings that they are about. What is about none (an account, an invitation) is for owners of all
properties. An email is known as long as its event, and in its words from its first try on.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator
from sqlalchemy import ColumnElement, Select, and_, or_, select

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.correspondence.errors import SentEmailNotFound
from booking.domain.correspondence.inbox import decoded, meant, within
from booking.domain.correspondence.outgoing_search import OutgoingSearch
from booking.domain.inputs import one_of
from booking.domain.messages import (
    DELIVERY_DONE,
    DELIVERY_GIVEN_UP,
    DELIVERY_RUNNING,
    DELIVERY_WAITING,
    EMAIL_BOUNCED,
    MAIL,
    Delivery,
    Event,
    MailWork,
    SentEmail,
)
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

PAGE = 50
PORTION = 500  # of what has not been sent, read at a time
TO_SEND, SENT, FAILED, BOUNCED = EMAIL_STATES = ("to_send", "sent", "failed", "bounced")
_UNSENT = {
    None: (DELIVERY_WAITING, DELIVERY_RUNNING, DELIVERY_GIVEN_UP),
    TO_SEND: (DELIVERY_WAITING, DELIVERY_RUNNING),
    FAILED: (DELIVERY_GIVEN_UP,),
}
_SHOWN = {
    DELIVERY_WAITING: TO_SEND,
    DELIVERY_RUNNING: TO_SEND,
    DELIVERY_GIVEN_UP: FAILED,
    DELIVERY_DONE: SENT,
    EMAIL_BOUNCED: BOUNCED,
}


class EmailSearch(OutgoingSearch):
    """What emails are narrowed to: `q` may be a whole address."""

    state: Annotated[str, AfterValidator(one_of(EMAIL_STATES))] | None = None


@dataclass(frozen=True, slots=True)
class ListedEmail:
    """An email as a list shows it. `kind` is the type of the event that it tells of; `state` one of EMAIL_STATES, with
    the reason in `error` where it was not delivered. Not composed yet, it has neither `to` nor subject.
    """

    id: uuid.UUID
    kind: str
    was_resent: bool
    to: str
    subject: str
    at: dt.datetime
    state: str
    error: str | None
    booking_id: uuid.UUID | None
    reference: str
    property: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class ReadEmail:
    """One email with its words, which are empty until it is composed."""

    email: ListedEmail
    text: str


@dataclass(frozen=True, slots=True)
class EmailPage:
    """`after` leads to the next page, where there is one."""

    entries: tuple[ListedEmail, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class _Sought:
    """What was asked for, with what of it the actor may see: of these properties (None: all), and `all` the rest."""

    wanted: EmailSearch
    reach: Collection[uuid.UUID] | None
    all: bool
    about: Collection[uuid.UUID] | None  # bookings that were meant
    key: str | None  # an address that was meant
    before: uuid.UUID | None


def find(actor: Actor, wanted: EmailSearch, limit: int = PAGE) -> EmailPage:
    """The newest first. Raises NotFound for who sees no bookings of others, and for another property's."""
    said = wanted.q.strip()
    about = meant(actor, said, wanted.property) if said else None
    return _found(actor, wanted, about, people.email_key(said) if "@" in said else None, limit)


@reading
def _found(
    actor: Actor, wanted: EmailSearch, about: Collection[uuid.UUID] | None, key: str | None, limit: int
) -> EmailPage:
    sought = _sought(actor, wanted, about, key)
    found = sorted((*_sent(sought, limit + 1), *_unsent(sought, limit + 1)), key=lambda one: one.id, reverse=True)
    entries = tuple(found[:limit])
    return EmailPage(entries, encode("email", entries[-1].id) if len(found) > limit else None)


@reading
def get(actor: Actor, email_id: uuid.UUID) -> ReadEmail:
    """One email as it was sent. Raises SentEmailNotFound, also for another property's."""
    row = db.session.execute(_EVENTS.where(Event.id == email_id)).one_or_none()
    if row is None or row.Event.type not in _worth_an_email():
        raise SentEmailNotFound
    [booking] = _bookings([row])
    place = booking.property_id if booking else None
    people.require(actor, _needed(booking), at=place, otherwise=SentEmailNotFound)
    return ReadEmail(_listed(row, booking), row.SentEmail.text if row.SentEmail else "")


def _needed(booking: Booking | None) -> Action:
    """What is about no booking is about an account."""
    return Action.SEE_BOOKING if booking else Action.SEE_ACCOUNT


def _sought(actor: Actor, wanted: EmailSearch, about: Collection[uuid.UUID] | None, key: str | None) -> _Sought:
    within(actor, wanted.property, SentEmail.property_id)  # refuses what is not there for them
    everywhere = people.reach(actor, Action.SEE_BOOKING).properties
    reach = everywhere if wanted.property is None else {decoded("property", wanted.property)}
    sees_accounts = wanted.property is None and people.may(actor, Action.SEE_ACCOUNT)
    return _Sought(wanted, reach, sees_accounts, about, key, (wanted.after and decoded("email", wanted.after)) or None)


# --- by the email, where it was sent

_COLUMNS = (Event, Delivery, SentEmail, messages.BOUNCE.label("bounce"))
_DELIVERED = and_(Delivery.event_id == Event.id, Delivery.consumer == MAIL)
_EMAILS: Select[Any] = select(*_COLUMNS).join(Delivery, _DELIVERED).outerjoin(SentEmail, SentEmail.event_id == Event.id)
# Also before anybody has made a delivery of it.
_EVENTS: Select[Any] = (
    select(*_COLUMNS).outerjoin(Delivery, _DELIVERED).outerjoin(SentEmail, SentEmail.event_id == Event.id)
)


def _sent(sought: _Sought, limit: int) -> Iterator[ListedEmail]:
    if sought.wanted.state not in (None, SENT, BOUNCED):
        return
    rows = db.session.execute(
        _EMAILS.where(SentEmail.sent_at.is_not(None), Delivery.state == DELIVERY_DONE, *_conditions(sought))
        .order_by(SentEmail.event_id.desc())
        .limit(limit)
    ).all()
    yield from (_listed(row, booking) for row, booking in zip(rows, _bookings(rows), strict=True))


def _conditions(sought: _Sought) -> Iterator[ColumnElement[bool]]:
    wanted = sought.wanted
    if wanted.state == BOUNCED:
        yield SentEmail.bounced_at.is_not(None)
    elif wanted.state == SENT:
        yield SentEmail.bounced_at.is_(None)
    if sought.reach is not None:
        yield SentEmail.property_id.in_(sought.reach)
    elif not sought.all:
        yield SentEmail.property_id.is_not(None)
    if sought.about is not None:
        same = SentEmail.to_key == sought.key if sought.key else None
        about = SentEmail.booking_id.in_(sought.about)
        yield about if same is None else or_(about, same)
    if sought.before is not None:
        yield SentEmail.event_id < sought.before


# --- by the delivery, where it was not


def _unsent(sought: _Sought, limit: int) -> Iterator[ListedEmail]:
    """What was never composed says by its event alone which booking it is about, so that these are sorted here."""
    states, before, found = _UNSENT.get(sought.wanted.state), sought.before, 0
    while states and found < limit:
        rows = _portion(states, before)
        for row, booking in zip(rows, _bookings(rows), strict=True):
            if found < limit and _is_sought(sought, row, booking):
                found += 1
                yield _listed(row, booking)
        if len(rows) < PORTION:
            return
        before = rows[-1].Event.id


def _portion(states: Collection[str], before: uuid.UUID | None) -> list[Any]:
    ways = [_EMAILS.where(or_(*(Delivery.state == state for state in states)))]
    if DELIVERY_WAITING in states:
        ways.append(_EVENTS.where(Event.sent_at.is_(None), Event.type.in_(_worth_an_email())))
    older = (way.where(Event.id < before) if before else way for way in ways)
    found = [row for way in older for row in db.session.execute(way.order_by(Event.id.desc()).limit(PORTION))]
    return sorted(found, key=lambda row: row.Event.id, reverse=True)[:PORTION]


def _worth_an_email() -> frozenset[str]:
    """The types of events of which emails may tell."""
    consumer = messages.find_consumer(MAIL)
    return consumer.events if consumer else frozenset()


def _is_sought(sought: _Sought, row: Any, booking: Booking | None) -> bool:
    if booking is None and not sought.all:
        return False
    if booking is not None and sought.reach is not None and booking.property_id not in sought.reach:
        return False
    if sought.about is None:
        return True
    to_key = row.SentEmail.to_key if row.SentEmail else None
    return (booking is not None and booking.id in sought.about) or (to_key is not None and to_key == sought.key)


# --- as it is shown


def _bookings(rows: Iterable[Any]) -> list[Booking | None]:
    """What each is about, by one statement."""
    about = [decode("booking", row.Event.payload.get("bookingId") or "") for row in rows]
    ids = {one for one in about if one}
    known = {one.id: one for one in db.session.scalars(select(Booking).where(Booking.id.in_(ids)))} if ids else {}
    return [known.get(one) if one else None for one in about]


def _listed(row: Any, booking: Booking | None) -> ListedEmail:
    work: MailWork = messages.mail_work(row.Event, row.Delivery, row.bounce)
    return ListedEmail(
        id=work.event_id,
        kind=work.tells,
        was_resent=work.type == messages.EMAIL_RESENT,
        to=row.SentEmail.to_address if row.SentEmail else "",
        subject=row.SentEmail.subject if row.SentEmail else "",
        at=work.at,
        state=_SHOWN.get(work.state, work.state),
        error=work.error if work.state in (DELIVERY_GIVEN_UP, EMAIL_BOUNCED, DELIVERY_WAITING) else None,
        booking_id=booking.id if booking else None,
        reference=booking.reference if booking else "",
        property=booking.property_name if booking else "",
        time_zone=booking.time_zone if booking else "Etc/UTC",
    )
