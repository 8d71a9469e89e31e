"""Bookings as the desk looks for them: by whatever a guest says, by dates, state, property, balance and channel.

What the actor may not see is not found. A page is read from a cursor on, so that the hundredth costs what the first
one does, by one statement however many rows it shows.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONPATH

from booking.config import SIMULATED
from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.catalogue import Room
from booking.domain.errors import NotFound
from booking.domain.inputs import CalendarDate, Input, one_of, plain
from booking.domain.payments import CHANNELS, ORDER_IS_DUE, Contact, Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations import cancellation
from booking.domain.reservations.models import CANCELLED, CONFIRMED, EXPIRED, PENDING, Booking, EarlierRoom
from booking.infra import clock, ids
from booking.infra.clock import sql_now
from booking.infra.db import db, reading

HELD, BOOKED, GONE, OVER = SEARCH_STATES = ("held", "confirmed", "cancelled", "expired")
NEWEST, BY_ARRIVAL = SEARCH_ORDERS = ("newest", "arrival")
IS_DUE = "due"
MOST_ROOMS = 500  # whose bookings are looked for by the room's name
LEAST_DIGITS = 5  # fewer might be any number
SAME_DIGITS = 8  # at the end: a number with the code of its country and one without are the same


class BookingSearch(Input):
    """What the desk asks for; all of it must be so. `q` is what a guest says: see `_said`."""

    q: Annotated[str, Field(max_length=320), AfterValidator(plain)] = ""
    property: str | None = None
    state: Annotated[str, AfterValidator(one_of(SEARCH_STATES))] | None = None
    arriving_from: CalendarDate | None = None
    arriving_to: CalendarDate | None = None
    leaving_from: CalendarDate | None = None
    leaving_to: CalendarDate | None = None
    staying: CalendarDate | None = None
    channel: Annotated[str, AfterValidator(one_of(CHANNELS))] | None = None
    balance: Annotated[str, AfterValidator(one_of((IS_DUE,)))] | None = None
    sort: Annotated[str, AfterValidator(one_of(SEARCH_ORDERS))] = NEWEST
    after: Annotated[str, Field(max_length=120)] | None = None


@dataclass(frozen=True, slots=True)
class FoundBooking:
    """A row of the list. `due` is the whole order's; a hold that ran out is EXPIRED.

    `guest` is empty where the contact was erased, `email` also where the caller has left none.
    """

    id: uuid.UUID
    reference: str
    guest: str
    email: str
    phone: str | None
    room: str
    property: str
    property_id: uuid.UUID
    check_in: dt.date
    check_out: dt.date
    guests: int
    status: str
    total: Decimal
    due: Decimal
    currency: str
    channel: str
    created_at: dt.datetime
    earlier_rooms: tuple[EarlierRoom, ...]  # before `room`, where they have moved
    children: tuple[int, ...]  # the ages of those of the guests who are some


@dataclass(frozen=True, slots=True)
class FoundBookings:
    """A page, and where the next one begins; None where this is the last."""

    entries: list[FoundBooking]
    after: str | None


@reading
def find(actor: Actor, wanted: BookingSearch, limit: int = 50, *, room_id: uuid.UUID | None = None) -> FoundBookings:
    """The bookings that the actor may see and that are so, the newest or the first to arrive at the top; of a room, by
    whatever name they were made.

    Raises NotFound where the actor may see no bookings of others, or none at that property, and for a cursor that is
    none.
    """
    rooms = _rooms_called(wanted.q.strip())
    found = _statement(actor, wanted, rooms)
    if room_id is not None:
        found = found.where(Booking.room_id == room_id)
    rows = db.session.execute(found.limit(limit + 1)).all()
    entries = [_entry(*row) for row in rows[:limit]]
    return FoundBookings(entries, _cursor(entries[-1], wanted.sort) if len(rows) > limit else None)


def _statement(
    actor: Actor, wanted: BookingSearch, rooms: Sequence[uuid.UUID] = ()
) -> Select[Booking, Order, str, str]:
    found = (
        select(Booking, Order, User.full_name, User.email)
        .join(Order, Order.id == Booking.order_id)
        .outerjoin(User, User.id == Booking.user_id)
        .where(*_where(actor, wanted), *_filters(wanted))
    )
    if wanted.q.strip():
        found = found.where(_said(wanted.q.strip(), rooms))
    elif wanted.state is None:
        found = found.where(Booking.status != EXPIRED, ~_RUN_OUT)
    if wanted.sort == BY_ARRIVAL:
        return found.order_by(Booking.check_in, Booking.id)
    return found.order_by(Booking.id.desc())


def _where(actor: Actor, wanted: BookingSearch) -> list[ColumnElement[bool]]:
    reach = people.reach(actor, Action.SEE_BOOKING)
    if not reach:
        raise NotFound
    if wanted.property is None:
        return [] if reach.properties is None else [Booking.property_id.in_(reach.properties)]
    asked = ids.decode("property", wanted.property)
    if asked is None or not (reach.properties is None or asked in reach.properties):
        raise NotFound
    return [Booking.property_id == asked]


_RUN_OUT = and_(Booking.status == PENDING, Booking.held_until <= sql_now())
_STATES: dict[str, ColumnElement[bool]] = {
    HELD: and_(Booking.status == PENDING, or_(Booking.held_until.is_(None), Booking.held_until > sql_now())),
    BOOKED: Booking.status == CONFIRMED,
    GONE: Booking.status == CANCELLED,
    OVER: or_(Booking.status == EXPIRED, _RUN_OUT),
}


def _filters(wanted: BookingSearch) -> list[ColumnElement[bool]]:
    asked: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (wanted.state, lambda state: _STATES[state]),
        (wanted.arriving_from, lambda day: Booking.check_in >= day),
        (wanted.arriving_to, lambda day: Booking.check_in <= day),
        (wanted.leaving_from, lambda day: Booking.check_out >= day),
        (wanted.leaving_to, lambda day: Booking.check_out <= day),
        (wanted.staying, _is_there),
        (wanted.channel, lambda channel: Order.channel == channel),
        (wanted.balance, lambda _: and_(Booking.status.in_((CONFIRMED, CANCELLED)), ORDER_IS_DUE)),
        (wanted.after, lambda cursor: _beyond(cursor, wanted.sort)),
    ]
    return [condition(value) for value, condition in asked if value is not None]


def _is_there(day: dt.date) -> ColumnElement[bool]:
    """Who sleeps there that night, or leaves on that day."""
    return and_(Booking.check_in <= day, Booking.check_out >= day)


# --- what a guest says

_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_IN_WORDS = re.compile(r"(?:([a-z]{3,9}),? )?(\d{1,2}) ([a-z]{3,9})\.?(?: (\d{4}))?", re.ASCII)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _said(text: str, rooms: Sequence[uuid.UUID]) -> ColumnElement[bool]:
    """A date: who is there then. Else a reference or its beginning, a part of a name, an email or a room's name,
    digits of a phone number, or the reference of a payment. A room's name also finds who has moved out of it since.
    """
    if day := _date(text):
        return _is_there(day)
    if not any(sign.isalnum() for sign in text):
        return false()
    words = _pattern("words", text)
    of_guest = select(Booking.id).join(User, User.id == Booking.user_id)
    of_contact = select(Booking.id).join(Order, Order.id == Booking.order_id).where(Order.contact_name.is_not(None))
    ways: list[Select[Any]] = [
        of_guest.where(_NAME.like(words)),
        of_contact.where(_CONTACT.like(words)),
        select(Booking.id).where(Booking.room_id.in_(rooms)),
        select(Booking.id).where(*_has_left(rooms)),
    ]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= LEAST_DIGITS:
        ways.append(of_contact.where(_CONTACT.like(_pattern("digits", digits))))
    if len(digits) > SAME_DIGITS:
        ways.append(of_contact.where(_CONTACT.like(f"%{digits[-SAME_DIGITS:]}")))
    if spoken := "".join(sign for sign in text if sign.isalnum()).upper():
        begins = and_(Booking.reference >= spoken, Booking.reference < spoken + "~")
        ways.append(select(Booking.id).where(or_(begins, Booking.reference == _dashed(spoken))))
    if shown := ids.decode("booking", text):
        ways.append(select(Booking.id).where(Booking.id == shown))
    ways.append(select(Payment.booking_id).where(*_of_payment(text)))
    return Booking.id.in_(union(*ways))


def _has_left(rooms: Sequence[uuid.UUID]) -> tuple[ColumnElement[bool], ...]:
    """Whose guest has moved out of one of these rooms; as the index ix_bookings_earlier_rooms has it."""
    left = func.jsonb_path_query_array(Booking.earlier_rooms, literal("$[*].roomId", JSONPATH, literal_execute=True))
    return Booking.earlier_rooms.is_not(None), left.op("?|")(cast([str(one) for one in rooms], ARRAY(Text)))


def _of_payment(text: str) -> tuple[ColumnElement[bool], ...]:
    """A payment by its reference as a receipt, a bank or the provider names it, whole; or by its id with us."""
    if entry := ids.decode("payment", text):
        return (Payment.id == entry,)
    played = literal(SIMULATED, literal_execute=True)  # as the index ix_payments_reference has it
    known = Payment.provider_reference.is_not(None), Payment.provider != played
    return *known, func.lower(Payment.provider_reference) == func.lower(text.strip())


def _rooms_called(text: str) -> Sequence[uuid.UUID]:
    """By a statement of its own: rooms are global, bookings belong to a region."""
    if not any(sign.isalnum() for sign in text) or _date(text):
        return ()
    called = select(Room.id).where(Room.words.like(_pattern("words", text))).order_by(Room.id)
    return db.session.scalars(called.limit(MOST_ROOMS)).all()


# As in the indexes ix_users_words and ix_orders_contact_words.
_NAME = func.folded(User.full_name + literal(" ", literal_execute=True) + User.email)
_DIGITS = func.regexp_replace(
    Order.contact_phone,
    literal("[^0-9]", literal_execute=True),
    literal("", literal_execute=True),
    literal("g", literal_execute=True),
)
_CONTACT = func.folded(
    Order.contact_name
    + literal(" ", literal_execute=True)
    + func.coalesce(Order.contact_email, literal("", literal_execute=True))
    + literal(" ", literal_execute=True)
    + func.coalesce(_DIGITS, literal("", literal_execute=True))
)


def with_contact(contact: Contact) -> tuple[ColumnElement[bool], ...]:
    """Orders whose contact has the same address; where there is none, the same number."""
    if contact.email:
        said, same = contact.email, func.lower(Order.contact_email) == contact.email.lower()
    else:
        said = re.sub(r"\D", "", contact.phone or "")
        same = and_(Order.contact_email.is_(None), literal(said) == _DIGITS)
    return Order.contact_name.is_not(None), _CONTACT.like(_pattern("contact", said)), same


def _pattern(name: str, text: str) -> ColumnElement[str]:
    """A part of a text, folded as the texts are."""
    folded = func.folded(bindparam(name, text, type_=Text))
    escaped = func.regexp_replace(folded, literal(r"([%_\\])"), literal(r"\\\1"), literal("g"))
    return literal("%") + escaped + literal("%")


def _dashed(spoken: str) -> str:
    """The reference of a further booking of an order, said without its dash."""
    return f"{spoken[: ids.REFERENCE_LENGTH]}-{spoken[ids.REFERENCE_LENGTH :]}"


def _date(text: str) -> dt.date | None:
    try:
        if day_first := _DAY_FIRST.fullmatch(text):
            day, month, year = map(int, day_first.groups())
            return dt.date(year, month, day)
        if in_words := _IN_WORDS.fullmatch(" ".join(text.lower().split())):
            return _spoken_date(*in_words.groups())
        return dt.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None


def _spoken_date(weekday: str | None, day: str, month: str, year: str | None) -> dt.date | None:
    """As pages write it: 5 February 2027, Fri 5 Feb 2027; without a year, the 5 Feb that is the nearest to today.

    Raises ValueError for one that does not exist.
    """
    numbers = [number for number, name in enumerate(_MONTHS, 1) if name == month or month in (name[:3], name[:4])]
    if not numbers or (weekday and not any(weekday in (name, name[:3]) for name in _WEEKDAYS)):
        return None
    if year:
        return dt.date(int(year), numbers[0], int(day))
    today = clock.now().date()
    years = (today.year + more for more in (-1, 0, 1) if _exists(today.year + more, numbers[0], int(day)))
    return min((dt.date(one, numbers[0], int(day)) for one in years), key=lambda date: abs(date - today), default=None)


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= day <= calendar.monthrange(year, month)[1]


# --- pages


def _cursor(last: FoundBooking, sort: str) -> str:
    shown = ids.encode("booking", last.id)
    return f"{last.check_in}.{shown}" if sort == BY_ARRIVAL else shown


def _beyond(cursor: str, sort: str) -> ColumnElement[bool]:
    day, _, shown = cursor.rpartition(".")
    last = ids.decode("booking", shown)
    try:
        arrival = dt.date.fromisoformat(day) if sort == BY_ARRIVAL else None
    except ValueError:
        last = None
    if last is None:
        raise NotFound
    if arrival:
        return tuple_(Booking.check_in, Booking.id) > tuple_(literal(arrival), literal(last))
    return Booking.id < last


def _entry(booking: Booking, order: Order, name: str | None, email: str | None) -> FoundBooking:
    return FoundBooking(
        booking.id,
        booking.reference,
        order.contact_name or name or "",
        order.contact_email or email or "",
        order.contact_phone,
        booking.room_name,
        booking.property_name,
        booking.property_id,
        booking.check_in,
        booking.check_out,
        booking.guests,
        cancellation.shown_status(booking),
        booking.total_price,
        order.due if booking.status in (CONFIRMED, CANCELLED) else Decimal(0),
        booking.currency,
        order.channel,
        booking.created_at,
        booking.rooms_before,
        booking.children,
    )
