"""Conversations for staff: those that wait for an answer, and all of them, the latest message first."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.inputs import Input, one_of, plain
from booking.domain.messages import BY_GUEST, GuestMessage
from booking.domain.payments import Order
from booking.domain.people import Action, User
from booking.domain.reservations import Booking, front_desk
from booking.domain.reservations.front_desk import BookingSearch
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

MOST_WAITING = 50
PAGE = 25
MOST_MEANT = 200  # bookings that a search may mean
TO_ANSWER = "open"


class MessageSearch(Input):
    """What the list is narrowed to. `after` is where the page before ended."""

    q: Annotated[str, Field(max_length=320), AfterValidator(plain)] = ""
    state: Annotated[str, AfterValidator(one_of((TO_ANSWER,)))] | None = None
    property: Annotated[str, Field(max_length=64)] | None = None
    after: Annotated[str, Field(max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as a list shows it: its last message, and how many of the guest's wait for an answer."""

    booking_id: uuid.UUID
    reference: str
    guest: str  # empty where nobody knows any more
    room: str
    property: str
    time_zone: str
    check_in: dt.date
    check_out: dt.date
    text: str
    is_guests: bool
    at: dt.datetime
    to_answer: int
    message_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class TalkPage:
    """`after` leads to the next page, where there is one."""

    entries: tuple[Talk, ...]
    after: str | None


@reading
def to_answer(actor: Actor, houses: Collection[uuid.UUID]) -> list[Talk]:
    """Of these properties, as far as the actor may answer there; who has waited for the longest comes first."""
    reach = people.reach(actor, Action.ANSWER_GUESTS).properties
    seen = [one for one in houses if reach is None or one in reach]
    if not seen:
        return []
    waiting = (
        select(GuestMessage.booking_id, func.min(GuestMessage.created_at).label("since"))
        .where(*_OPEN, GuestMessage.property_id.in_(seen))
        .group_by(GuestMessage.booking_id)
        .subquery("waiting")
    )
    found = _LATEST.join(waiting, waiting.c.booking_id == GuestMessage.booking_id)
    return [_talk(row) for row in db.session.execute(found.order_by(waiting.c.since).limit(MOST_WAITING))]


def find(actor: Actor, wanted: MessageSearch, limit: int = PAGE) -> TalkPage:
    """The latest message first. Raises NotFound for who sees no bookings of others, and for another property's."""
    about = meant(actor, wanted.q, wanted.property) if wanted.q.strip() else None
    return _found(actor, wanted, about, limit)


@reading
def _found(actor: Actor, wanted: MessageSearch, about: Collection[uuid.UUID] | None, limit: int) -> TalkPage:
    found = _LATEST.where(*_where(actor, wanted, about)).order_by(GuestMessage.id.desc())
    rows = db.session.execute(found.limit(limit + 1)).all()
    entries = tuple(_talk(row) for row in rows[:limit])
    return TalkPage(entries, encode("message", entries[-1].message_id) if len(rows) > limit else None)


# The newest message of each booking, with the booking. Without deciding for a join of all that was ever written.
_NEWER = aliased(GuestMessage)
_COUNTED = aliased(GuestMessage)
_OPEN, _COUNTED_OPEN = ((one.author == BY_GUEST, one.settled_at.is_(None)) for one in (GuestMessage, _COUNTED))
_TO_ANSWER = (
    select(func.count()).where(_COUNTED.booking_id == GuestMessage.booking_id, *_COUNTED_OPEN).scalar_subquery()
)
_LATEST: Select[Any] = (
    select(GuestMessage, Booking, Order.contact_name, User.full_name, _TO_ANSWER)
    .join(Booking, Booking.id == GuestMessage.booking_id)
    .join(Order, Order.id == Booking.order_id)
    .outerjoin(User, User.id == Booking.user_id)
    .where(
        ~select(_NEWER.id)
        .where(_NEWER.booking_id == GuestMessage.booking_id, _NEWER.id > GuestMessage.id)
        .offset(0)
        .exists()
    )
)


def _where(actor: Actor, wanted: MessageSearch, about: Collection[uuid.UUID] | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = within(actor, wanted.property, GuestMessage.property_id)
    if wanted.state == TO_ANSWER:
        found.append(GuestMessage.booking_id.in_(select(_COUNTED.booking_id).where(*_COUNTED_OPEN)))
    if about is not None:
        found.append(GuestMessage.booking_id.in_(about))
    if wanted.after is not None:
        found.append(GuestMessage.id < decoded("message", wanted.after))
    return found


def within(actor: Actor, shown: str | None, column: Any) -> list[ColumnElement[bool]]:
    """What of a list is within the actor's reach, and at the property that was asked for. Raises NotFound."""
    reach = people.reach(actor, Action.SEE_BOOKING)
    if not reach:
        raise NotFound
    if shown is None:
        return [] if reach.properties is None else [column.in_(reach.properties)]
    asked = decoded("property", shown)
    if reach.properties is not None and asked not in reach.properties:
        raise NotFound
    return [column == asked]


def meant(actor: Actor, said: str, place: str | None) -> list[uuid.UUID]:
    """The bookings that a search means, as the list of bookings finds them: a reference, a name, an address. The latest
    ones, where it means many.
    """
    asked = BookingSearch(q=said, property=place)
    return [one.id for one in front_desk.find_bookings(actor, asked, MOST_MEANT).entries]


def decoded(kind: str, shown: str) -> uuid.UUID:
    """Raises NotFound for what is no id of this kind."""
    found = decode(kind, shown)
    if found is None:
        raise NotFound
    return found


def _talk(row: Any) -> Talk:
    message, booking, contact, account, waiting = row
    return Talk(
        booking.id,
        booking.reference,
        contact or account or "",
        booking.room_name,
        booking.property_name,
        booking.time_zone,
        booking.check_in,
        booking.check_out,
        message.text,
        message.author == BY_GUEST,
        message.created_at,
        waiting,
        message.id,
    )
