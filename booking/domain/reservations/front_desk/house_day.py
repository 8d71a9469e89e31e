"""A day of a house, or of several, each by its own calendar: who comes, who goes, who is there, and what is wrong.

For looking: one statement for each list, however long it is. Today, whoever should have come or gone before and did not
stands with those of today.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, and_, any_, func, literal, or_, select, true, union
from sqlalchemy import Date as SqlDate
from sqlalchemy.orm import load_only

from booking.domain import messages, payments, people
from booking.domain.actors import Actor
from booking.domain.messages import Delivery, Event, MailWork, SentEmail
from booking.domain.payments import AWAITING_STAFF, ORDER_DUE, REFUND, STARTED, UNKNOWN, Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations.front_desk import presence, undoing
from booking.domain.reservations.front_desk.note_models import BookingNote
from booking.domain.reservations.guest_register import keeping
from booking.domain.reservations.guest_register.models import GuestRegister
from booking.domain.reservations.models import (
    CONFIRMED,
    DEPARTED,
    EXPECTED,
    IN_HOUSE,
    IS_FIRST,
    NO_SHOW,
    PENDING,
    Booking,
)
from booking.domain.stays import StayRules
from booking.infra import clock
from booking.infra.clock import sql_now
from booking.infra.db import db, reading
from booking.infra.ids import decode, encode

MAIL = "mail"  # the consumer whose deliveries are emails
MOST_EMAILS = 50
IN_DOUBT_AFTER = dt.timedelta(minutes=2)  # a payment that is asked about just now is in nobody's way
A_DAY = dt.timedelta(days=1)
LONGEST_STAY = 400  # days: who came earlier than that is not looked for


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay as the desk sees it. `due` is its order's; `undo` is the step that can be taken back, where one can."""

    booking: Booking
    presence: str
    today: dt.date
    guest: str
    phone: str | None
    arrival_time: dt.time | None
    requests: str | None
    due: Decimal
    undo: str | None
    notes: int
    to_register: int  # guests, where the country asks for a register

    @property
    def is_late(self) -> bool:
        """It should have begun, or ended, before today."""
        if self.presence == EXPECTED:
            return self.booking.check_in < self.today
        return self.presence == IN_HOUSE and self.booking.check_out < self.today

    @property
    def may_arrive(self) -> bool:
        return self.presence in (EXPECTED, NO_SHOW) and self.booking.check_in <= self.today

    @property
    def may_be_missed(self) -> bool:
        """Whether they can be marked as a no-show by now."""
        return self.presence == EXPECTED and presence.is_missed(self.booking)

    @property
    def has_nights_to_free(self) -> bool:
        """Of a no-show, whose nights after the first are kept so far."""
        return self.presence == NO_SHOW and presence.departure_day(self.booking) < self.booking.check_out


@dataclass(frozen=True, slots=True)
class Doubt:
    """A payment or a refund of which nobody knows the end, or that somebody has to give back."""

    booking: Booking
    kind: str
    state: str
    amount: Decimal
    currency: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class LostEmail:
    """An email that was given up, or came back, by the event that it is about; `error` is what the mail server said."""

    booking: Booking
    event: str
    error: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class HouseDay:
    """`day` is the one that was asked for; None: each house's own today."""

    day: dt.date | None
    arrivals: Sequence[Visit] = ()
    departures: Sequence[Visit] = ()
    in_house: Sequence[Visit] = ()
    holds: Sequence[Visit] = ()
    owing: Sequence[Visit] = ()  # who is there, or has left, and has not paid
    doubts: Sequence[Doubt] = ()
    emails: Sequence[LostEmail] = ()

    @property
    def to_arrive(self) -> int:
        return sum(one.presence == EXPECTED for one in self.arrivals)

    @property
    def to_leave(self) -> int:
        return sum(one.presence == IN_HOUSE for one in self.departures)


@reading
def house_day(actor: Actor, houses: Collection[uuid.UUID], rules: StayRules, day: dt.date | None = None) -> HouseDay:
    """Of these properties, as far as the actor may see their bookings; what is wrong is told of today alone."""
    seen = _within(people.reach(actor, Action.SEE_BOOKING), houses)
    if not seen:
        return HouseDay(day)
    now = _Day(rules, day)
    visits = _visits(seen, now)
    found = HouseDay(day, _arrivals(visits, day), _departures(visits, day), _staying(visits, day))
    if day is not None:
        return found
    money = _within(people.reach(actor, Action.SEE_PAYMENTS), houses)
    return replace(found, holds=_holds(seen, now), owing=_owing(seen, now), doubts=_doubts(money), emails=_emails(seen))


def _within(reach: people.Reach, houses: Collection[uuid.UUID]) -> list[uuid.UUID]:
    return [one for one in houses if reach.properties is None or one in reach.properties]


@dataclass(frozen=True, slots=True)
class _Day:
    """Today at each property, or another day."""

    rules: StayRules
    asked: dt.date | None

    @property
    def sql(self) -> ColumnElement[dt.date]:
        if self.asked is not None:
            return literal(self.asked, SqlDate)
        begins = dt.timedelta(hours=self.rules.day_begins_at.hour, minutes=self.rules.day_begins_at.minute)
        return func.date(func.timezone(Booking.time_zone, sql_now()) - begins)


# --- who comes, goes and stays

# Looked up for each stay that is shown, whatever the planner thinks of their number: OFFSET 0 keeps it from reading all
# orders and accounts that there ever were, and joining those.
_BUYER = (
    select(
        func.coalesce(Order.contact_name, User.full_name).label("guest"),
        Order.contact_phone,
        Order.contact_arrival_time,
        Order.contact_requests,
        ORDER_DUE.label("due"),
    )
    .outerjoin(User, User.id == Order.user_id)
    .where(Order.id == Booking.order_id)
    .offset(0)
    .lateral("buyer")
)
# What lists show of a stay, and no more: reading all of it, price lines and policy above all, takes twice as long.
_SHOWN = load_only(
    Booking.id,
    Booking.reference,
    Booking.room_id,
    Booking.room_name,
    Booking.property_id,
    Booking.property_name,
    Booking.time_zone,
    Booking.check_in,
    Booking.check_in_time,
    Booking.check_out,
    Booking.guests,
    Booking.children_ages,
    Booking.currency,
    Booking.status,
    Booking.held_until,
    Booking.checked_in_at,
    Booking.checked_out_at,
    Booking.no_show_at,
    Booking.version,
    raiseload=True,
)
_REGISTERED = select(GuestRegister.filled).where(GuestRegister.booking_id == Booking.id).scalar_subquery()
_NOTES = select(func.count()).where(BookingNote.booking_id == Booking.id).scalar_subquery()
_COUNTRY = Booking.address["country"].astext.label("country")
_VISITS = select(Booking, *_BUYER.c, _NOTES, _COUNTRY, _REGISTERED).join(_BUYER, true()).options(_SHOWN)
_ORDERED = (Booking.property_name, Booking.room_name, Booking.check_in, Booking.id)


def _visits(houses: list[uuid.UUID], now: _Day) -> list[Visit]:
    """Everybody whose stay has to do with the day, and who was to come or go before and did not."""
    ways = [_touching(houses, now)] if now.asked else [_touching(houses, now), _INSIDE, _left_today(now)]
    # As an array, of which the planner expects few: of the list itself it expects so many that it reads all bookings.
    those = func.array(union(*ways).scalar_subquery(), type_=ARRAY(Uuid))
    found = _VISITS.where(Booking.id == any_(those), Booking.property_id.in_(houses), Booking.status == CONFIRMED)
    return _read(found.order_by(*_ORDERED), now)


# Each way by an index of its own.
_INSIDE = select(Booking.id).where(Booking.checked_in_at.is_not(None), Booking.checked_out_at.is_(None))


def _touching(houses: list[uuid.UUID], now: _Day) -> Select[uuid.UUID]:
    # By the calendar of the whole world, so that the index finds them; the day of each house decides.
    day = now.asked or clock.now().date()
    begins = Booking.check_in.between(day - dt.timedelta(days=LONGEST_STAY), day + A_DAY)
    ends = Booking.check_out >= day - A_DAY
    touches = and_(Booking.check_in <= now.sql, Booking.check_out >= now.sql)
    return select(Booking.id).where(Booking.property_id.in_(houses), begins, ends, touches)


def _left_today(now: _Day) -> Select[uuid.UUID]:
    lately = Booking.checked_out_at >= clock.now() - 2 * A_DAY
    day = func.date(func.timezone(Booking.time_zone, Booking.checked_out_at))
    return select(Booking.id).where(lately, day == now.sql)


def _read(wanted: Any, now: _Day) -> list[Visit]:
    today = cache(now.rules.today)  # by time zone
    return [
        Visit(
            booking,
            booking.presence,
            today(booking.time_zone),
            guest or "",
            phone,
            at,
            requests,
            due,
            _undo(booking),
            notes,
            keeping.to_fill(booking, country, filled or 0),
        )
        for booking, guest, phone, at, requests, due, notes, country, filled in db.session.execute(wanted)
    ]


def _undo(booking: Booking) -> str | None:
    last = undoing.last_step(booking)
    return last[0] if last else None


def _arrivals(visits: Iterable[Visit], day: dt.date | None) -> list[Visit]:
    """Those of the day; today also those who were to come before, can still, and nobody has said they will not."""
    found = [
        one
        for one in visits
        if one.booking.check_in == (day or one.today)
        or (day is None and one.presence == EXPECTED and one.booking.check_in < one.today < one.booking.check_out)
    ]
    return sorted(found, key=lambda one: one.presence != EXPECTED)


def _departures(visits: Iterable[Visit], day: dt.date | None) -> list[Visit]:
    found = [
        one
        for one in visits
        if one.presence in (IN_HOUSE, DEPARTED)
        and (one.booking.check_out == (day or one.today) or (day is None and _has_to_go(one)))
    ]
    return sorted(found, key=lambda one: one.presence == DEPARTED)


def _has_to_go(one: Visit) -> bool:
    """Was to leave before today, or has left today, before they were to."""
    return one.booking.check_out < one.today or one.presence == DEPARTED


def _staying(visits: Iterable[Visit], day: dt.date | None) -> list[Visit]:
    """Who is there and does not leave; on another day, who was or will be."""
    if day is None:
        return [one for one in visits if one.presence == IN_HOUSE and one.booking.check_out > one.today]
    return [
        one
        for one in visits
        if one.booking.check_in < day < one.booking.check_out and one.presence in (EXPECTED, IN_HOUSE, DEPARTED)
    ]


# --- what is wrong


def _holds(houses: list[uuid.UUID], now: _Day) -> list[Visit]:
    """Nobody has paid for them yet; the one that ends first at the top."""
    runs = or_(Booking.held_until.is_(None), Booking.held_until > sql_now())
    held = _VISITS.where(Booking.status == PENDING, runs, Booking.property_id.in_(houses))
    return _read(held.order_by(Booking.held_until.asc().nulls_last(), Booking.id), now)


def _owing(houses: list[uuid.UUID], now: _Day) -> list[Visit]:
    """Guests for whom the house vouches, who are there or have left, and have not paid."""
    # By the calendar of the whole world first, for thousands who are still to come: to ask for each by its own zone
    # takes longer than to find them.
    is_over = and_(Booking.check_out <= clock.now().date() + A_DAY, Booking.check_out <= now.sql)
    owing = _VISITS.where(
        Booking.order_id.in_(select(Order.id).where(Order.is_owing, Order.property_id.in_(houses))),
        IS_FIRST,
        Booking.property_id.in_(houses),
        or_(Booking.checked_in_at.is_not(None), Booking.no_show_at.is_not(None), is_over),
    )
    return _read(owing.order_by(Booking.check_in, Booking.id), now)


def _doubts(houses: list[uuid.UUID]) -> list[Doubt]:
    if not houses:
        return []
    slow = and_(Payment.state.in_((STARTED, UNKNOWN)), Payment.created_at < sql_now() - IN_DOUBT_AFTER)
    owed = and_(Payment.kind == REFUND, payments.REFUND_IS_OWED)
    open_ones = or_(slow, Payment.state == AWAITING_STAFF, owed)
    found = select(Booking, Payment).join(Booking, Booking.id == Payment.booking_id)
    rows = db.session.execute(found.where(open_ones, Booking.property_id.in_(houses)).order_by(Payment.id))
    return [Doubt(booking, one.kind, one.state, one.amount, one.currency, one.created_at) for booking, one in rows]


def _emails(houses: list[uuid.UUID]) -> list[LostEmail]:
    """The newest that were given up or came back, about bookings of these houses, and were not sent again since."""
    shown = [one for one in db.session.scalars(_GIVEN_UP) if one]
    about = {key for one in shown if (key := decode("booking", one))}
    about |= set(db.session.scalars(_CAME_BACK.where(SentEmail.property_id.in_(houses))))
    known = select(Booking).where(Booking.id.in_(about), Booking.property_id.in_(houses))
    bookings = {encode("booking", one.id): one for one in db.session.scalars(known)} if about else {}
    works = messages.mail_about_bookings(list(bookings)) if bookings else []
    lost = [one for one in _newest(works) if one.state in (messages.DELIVERY_GIVEN_UP, messages.EMAIL_BOUNCED)]
    return [LostEmail(bookings[one.payload["bookingId"]], one.tells, one.error or "", one.at) for one in lost]


def _newest(works: Iterable[MailWork]) -> Iterable[MailWork]:
    """Of all times that an email was sent, the last one."""
    last: dict[uuid.UUID | None, MailWork] = {}
    for one in works:  # the newest come first
        last.setdefault(one.first_id, one)
    return last.values()


_GIVEN_UP = (
    select(Event.payload["bookingId"].astext)
    .select_from(Delivery)
    .join(Event, Event.id == Delivery.event_id)
    .where(Delivery.state == messages.DELIVERY_GIVEN_UP, Delivery.consumer == MAIL)
    .order_by(Delivery.next_at.desc())
    .limit(MOST_EMAILS)
)
_CAME_BACK = (
    select(SentEmail.booking_id)
    .where(SentEmail.bounced_at.is_not(None), SentEmail.booking_id.is_not(None))
    .order_by(SentEmail.event_id.desc())
    .limit(MOST_EMAILS)
)
