"""The demo goes on: whatever day it is, guests arrive, leave and stay, and the desk has something to do.

Whoever runs it, and however often, it plays the days since the last time: stays that have begun are checked in, those
that are over checked out, rooms that were left yesterday are dirty, and the calendar is filled as far ahead as on the
first day. Today is left to whoever sits at the desk. It moves the demo's own stays alone: what people book themselves
is theirs.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import ARRAY, DateTime, Uuid

from booking.demo.occupancy import AHEAD, GAPS, LENGTHS, PAST, Sale, rooms, write
from booking.domain import inventory, payments, reservations
from booking.domain.actors import Actor, Membership, Role
from booking.domain.catalogue import Property, Room
from booking.domain.errors import Conflict
from booking.domain.inventory import Availability
from booking.domain.messages import DELIVERY_GIVEN_UP, Delivery, Event
from booking.domain.money import rounded
from booking.domain.people import User
from booking.domain.reservations import (
    CONFIRMED,
    PENDING,
    Booking,
    BookingContext,
    BookingRequest,
    OrderItem,
    OrderRequest,
    front_desk,
)
from booking.domain.stays import Stay
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id, new_reference

GUEST, OTHERS, OWNER = "guest@example.com", "others@example.com", "owner@example.com"
DEMO = Actor.system("demo")
ARRIVALS, DEPARTURES, STAYING = 5, 5, 10  # at least, each by its house's own day
HOLD = dt.timedelta(hours=3)
HELD_AHEAD, OFF_NIGHTS = 20, 3
MAIL = "mail"  # the consumer that sends emails
REFUSED = "550 5.1.1 <{email}>: Recipient address rejected: mailbox unavailable"
DAY = dt.timedelta(days=1)


def play(context: BookingContext) -> int:
    """Play the days since. Returns how many things have happened; 0 where there is no demo, or nothing was left to do.

    Raises nothing where somebody takes a night at this moment: the next time goes on.
    """
    people = _people()
    if OTHERS not in people:
        return 0
    try:
        done = _fill(people[OTHERS])
    except IntegrityError:
        done = 0
    left = _move_guests([people[one] for one in (GUEST, OTHERS) if one in people])
    _clean(left)
    kept = _keep_a_room_off_sale(context) + _keep_a_hold(people[OTHERS], context)
    if OWNER in people:
        kept += _take_cash(people[OWNER], people[OTHERS], context)
    return done + len(left) + kept + _lose_an_email()


@reading
def _people() -> dict[str, uuid.UUID]:
    rows = db.session.execute(select(User.email, User.id).where(User.email.in_([GUEST, OTHERS, OWNER])))
    return {row.email: row.id for row in rows}


# --- the calendar


@transaction(isolation=READ_COMMITTED)
def _fill(others: uuid.UUID) -> int:
    """Stays up to AHEAD days from today, and enough of them today."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtext("demo days"))))
    houses = rooms()
    last = _last_days(others)
    taken = _taken([room.id for room, _ in houses], min(last.values(), default=dt.date.min) - DAY)
    sales = [sale for room, house in houses for sale in _following(room, house, last.get(room.id), taken, others)]
    for sale in sales:
        taken.update((sale.room.id, night) for night in sale.stay.dates())
    sales += _enough_today(houses, sales, taken, others)
    if sales:
        write(sales)
    return len(sales)


def _last_days(others: uuid.UUID) -> dict[uuid.UUID, dt.date]:
    """By room, when the last of the demo's stays ends."""
    of_demo = select(Booking.room_id, func.max(Booking.check_out)).where(Booking.user_id == others)
    rows = db.session.execute(of_demo.group_by(Booking.room_id))
    return {row[0]: row[1] for row in rows}


def _taken(room_ids: Collection[uuid.UUID], since: dt.date) -> set[tuple[uuid.UUID, dt.date]]:
    nights = select(Availability.room_id, Availability.night).where(Availability.room_id.in_(room_ids))
    return {(row.room_id, row.night) for row in db.session.execute(nights.where(Availability.night >= since))}


def _following(
    room: Room, house: Property, last: dt.date | None, taken: set[tuple[uuid.UUID, dt.date]], others: uuid.UUID
) -> Iterator[Sale]:
    """What comes after the room's last stay; the same ones, whenever they are made."""
    today = clock.today(house.time_zone)
    day = max(last or today, today - PAST * DAY)
    while True:
        chance = random.Random(f"{room.id} {day}")  # noqa: S311 a believable calendar is no secret
        first = day + dt.timedelta(days=chance.choice(GAPS))
        day = first + dt.timedelta(days=chance.choice(LENGTHS))
        if day > today + AHEAD * DAY:
            return
        stay = Stay(first, day)
        if not any((room.id, night) in taken for night in stay.dates()):
            yield Sale(room, house, stay, others, is_named=True)


def _enough_today(
    houses: list[tuple[Room, Property]], new: list[Sale], taken: set[tuple[uuid.UUID, dt.date]], others: uuid.UUID
) -> list[Sale]:
    """Stays for rooms that are empty, where too few guests come, go or stay today."""
    made: list[Sale] = []
    for first, nights, least in ((0, 2, ARRIVALS), (-2, 2, DEPARTURES), (-1, 3, STAYING)):
        missing = least - _count(houses, new + made, first, nights)
        for room, house in houses:
            start = clock.today(house.time_zone) + first * DAY
            stay = Stay(start, start + dt.timedelta(nights))
            if missing <= 0:
                break
            if not any((room.id, night) in taken for night in stay.dates()):
                taken.update((room.id, night) for night in stay.dates())
                made.append(Sale(room, house, stay, others, is_named=True))
                missing -= 1
    return made


def _count(houses: list[tuple[Room, Property]], new: list[Sale], first: int, nights: int) -> int:
    """How many arrive, leave, or are there before and after today, those included that are about to be written."""
    zones = {room.id: house.time_zone for room, house in houses}
    near = min(clock.today(zone) for zone in set(zones.values())) - 40 * DAY
    running = select(Booking.room_id, Booking.check_in, Booking.check_out).where(
        Booking.room_id.in_(zones), Booking.status == CONFIRMED, Booking.check_in >= near
    )
    stays = [(room_id, check_in, check_out) for room_id, check_in, check_out in db.session.execute(running)]
    stays += [(sale.room.id, sale.stay.check_in, sale.stay.check_out) for sale in new]
    return sum(_is_such(first, nights, clock.today(zones[room]), begin, end) for room, begin, end in stays)


def _is_such(first: int, nights: int, today: dt.date, check_in: dt.date, check_out: dt.date) -> bool:
    if first == 0:
        return check_in == today
    return check_out == today if first + nights == 0 else check_in < today < check_out


# --- who is there

# Today's arrivals and departures are left to the desk. One of forty never came.
_MOVE = text(
    """
    WITH moved AS (
      SELECT b.id, b.check_out < day.today AS is_over, b.checked_in_at IS NULL AND hash % 40 = 0 AS is_missing,
        (b.check_in + b.check_in_time + hash % 240 * interval '1 minute') AT TIME ZONE b.time_zone AS came,
        (b.check_out + b.check_out_time - hash % 120 * interval '1 minute') AT TIME ZONE b.time_zone AS went,
        (b.check_in + time '22:30') AT TIME ZONE b.time_zone AS missed
      FROM bookings b JOIN orders o ON o.id = b.order_id AND o.channel IN ('import', 'desk'),
      LATERAL (SELECT (:now AT TIME ZONE b.time_zone)::date AS today) day,
      LATERAL (SELECT abs(hashtext(b.id::text)::bigint) AS hash) chance
      WHERE b.user_id = ANY (:people) AND b.status = 'CONFIRMED' AND b.checked_out_at IS NULL AND b.no_show_at IS NULL
      AND b.check_in < day.today AND (b.check_out < day.today OR b.checked_in_at IS NULL)
      AND (b.check_out < day.today) = :over
      AND NOT EXISTS (SELECT FROM bookings other WHERE other.room_id = b.room_id AND other.id <> b.id
       AND other.checked_in_at IS NOT NULL AND other.checked_out_at IS NULL AND other.check_out >= day.today)
      FOR UPDATE OF b)
    UPDATE bookings b SET
      checked_in_at = CASE WHEN m.is_missing THEN NULL ELSE coalesce(b.checked_in_at, m.came) END,
      checked_out_at = CASE WHEN m.is_over AND NOT m.is_missing THEN greatest(m.went, b.checked_in_at) END,
      no_show_at = CASE WHEN m.is_missing THEN m.missed END,
      version = b.version + 1, updated_at = clock_timestamp()
    FROM moved m WHERE m.id = b.id RETURNING b.room_id, b.checked_out_at
    """
).bindparams(bindparam("people", type_=ARRAY(Uuid)), bindparam("now", type_=DateTime(timezone=True)))


@transaction(isolation=READ_COMMITTED)
def _move_guests(people: list[uuid.UUID]) -> list[tuple[uuid.UUID, dt.datetime | None]]:
    """Check in who came before today, check out who left before today: the rooms, and when they were left."""
    # Who leaves does so before anybody else comes into the room.
    known = {"people": people, "now": clock.now()}
    return [
        (room_id, left) for over in (True, False) for room_id, left in db.session.execute(_MOVE, known | {"over": over})
    ]


_SOIL = text(
    "INSERT INTO room_statuses (room_id, status, since, set_by)"
    " SELECT room_id, 'dirty', max(since), :by FROM unnest(CAST(:rooms AS uuid[]), CAST(:since AS timestamptz[]))"
    " AS left_room (room_id, since) GROUP BY room_id ON CONFLICT (room_id) DO UPDATE SET status = 'dirty',"
    " since = excluded.since, set_by = excluded.set_by, before = NULL, version = room_statuses.version + 1"
    " WHERE room_statuses.status <> 'out_of_order' AND room_statuses.since < excluded.since"
)
_CLEAN = text(
    "UPDATE room_statuses SET status = 'clean', since = since + interval '20 hours', before = NULL,"
    " version = version + 1 WHERE set_by = :by AND status = 'dirty' AND since < :yesterday"
)


@transaction(isolation=READ_COMMITTED)
def _clean(left: list[tuple[uuid.UUID, dt.datetime | None]]) -> None:
    """Rooms that were left a day ago or less are dirty; what was dirty before then, housekeeping has cleaned."""
    yesterday = clock.now() - dt.timedelta(hours=36)
    db.session.execute(_CLEAN, {"by": str(DEMO), "yesterday": yesterday})
    if dirty := [(room_id, since) for room_id, since in left if since and since >= yesterday]:
        rooms_left, since = zip(*dirty, strict=True)
        db.session.execute(_SOIL, {"by": str(DEMO), "rooms": list(rooms_left), "since": list(since)})


# --- what the desk has to deal with


def _keep_a_room_off_sale(context: BookingContext) -> int:
    """A room that is out of order, where none is."""
    states = {one.room_id: one for one in inventory.room_states(DEMO, context.rules)}
    if any(one.status == inventory.ROOM_OUT_OF_ORDER for one in states.values()):
        return 0
    for room_id, zone in _rooms_with_zones():
        today = context.rules.today(zone)
        try:
            stay = Stay(today, today + OFF_NIGHTS * DAY)
            inventory.put_out_of_order(DEMO, room_id, stay, rules=context.rules, reason="The shower is being replaced")
        except Conflict:
            continue
        return 1
    return 0


def _keep_a_hold(others: uuid.UUID, context: BookingContext) -> int:
    """A guest who has not paid yet, for some hours."""
    if _has_hold(others):
        return 0
    for room_id, zone in _rooms_with_zones():
        first = context.rules.today(zone) + HELD_AHEAD * DAY
        wanted = BookingRequest(others, room_id, Stay(first, first + 2 * DAY), 1)
        try:
            reservations.reserve(Actor.guest(others), wanted, replace(context, hold_for=HOLD))
        except Conflict:
            continue
        return 1
    return 0


def _take_cash(owner: uuid.UUID, others: uuid.UUID, context: BookingContext) -> int:
    """A guest who comes today has paid half of it in cash: the owner's drawer is open, and the rest is due."""
    at_the_desk = Actor.signed_in(owner, (Membership(Role.OWNER, None),), None)
    if any(drawer.number for drawer in payments.list_drawers(at_the_desk)):
        return 0
    for room_id, zone in _rooms_with_zones():
        first = context.rules.today(zone)
        wanted = OrderRequest(others, (OrderItem(room_id, Stay(first, first + 2 * DAY), 1),))
        try:
            order = front_desk.book(DEMO, wanted, "desk", None, context).order
        except Conflict:
            continue
        half = rounded(order.due / 2, order.currency)
        payments.record_received(at_the_desk, order.id, half, by="desk", reference=new_reference())
        return 1
    return 0


@reading
def _rooms_with_zones() -> list[tuple[uuid.UUID, str]]:
    return [(room.id, house.time_zone) for room, house in rooms()]


@reading
def _has_hold(others: uuid.UUID) -> bool:
    running = select(Booking.id).where(Booking.user_id == others, Booking.status == PENDING)
    return db.session.scalar(running.where(Booking.held_until > clock.now()).limit(1)) is not None


@transaction(isolation=READ_COMMITTED)
def _lose_an_email() -> int:
    """The confirmation of somebody who comes soon has come back."""
    if db.session.scalar(select(Delivery.event_id).where(Delivery.state == DELIVERY_GIVEN_UP).limit(1)):
        return 0
    coming = select(Booking).where(Booking.status == CONFIRMED, Booking.check_in >= clock.now().date())
    booking = db.session.scalar(coming.order_by(Booking.check_in, Booking.id).limit(1))
    if booking is None:
        return 0
    event_id, shown = new_id(), encode("booking", booking.id)
    payload = {"bookingId": shown, "reference": booking.reference, "actor": str(DEMO)}
    now = clock.now()
    told = {"id": event_id, "type": "booking.confirmed", "payload": payload, "occurred_at": now, "sent_at": now}
    db.session.execute(insert(Event), [told])
    error = REFUSED.format(email=f"guest{booking.id.int % 10**6}@example.com")
    lost = {"event_id": event_id, "consumer": MAIL, "state": DELIVERY_GIVEN_UP, "attempts": 1, "next_at": now}
    db.session.execute(insert(Delivery), [lost | {"error": error}])
    return 1
