"""The calendar of a house: its rooms by days, who has which nights, and how full each day is.

Nights are global, names of guests regional: they are read apart, and put together here.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Select, String, Uuid, any_, bindparam, cast, func, null, select

from booking.domain import catalogue, inventory, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Room
from booking.domain.inventory import NIGHT_BLOCKED, NIGHTS_IN_PARTS, Block, DayCount, TakenNights
from booking.domain.payments import ORDER_DUE, Order
from booking.domain.people import Action, User
from booking.domain.reservations.change_models import CHANGE_PENDING, BookingChange
from booking.domain.reservations.models import Booking
from booking.domain.stays import Stay, StayRules
from booking.infra.db import execute, reading

MOST_DAYS = 90
ROOMS_AT_ONCE = 50  # that come with the page
NIGHTS_AT_ONCE = 3_000  # of the rooms that come after them: to ask for a few takes as long as to read thirty rows
BOOKING, CHANGE, BLOCK, UNKNOWN = "booking", "change", "block", "unknown"  # whose the nights are
PARTS = "parts"  # of a whole, while somebody has a room that it contains


@dataclass(frozen=True, slots=True)
class Entry:
    """Nights of a room that somebody has. `stay` is what of it lies within the days shown, `whole` all of it."""

    room_id: uuid.UUID
    state: str  # of the nights
    stay: Stay
    kind: str
    whole: Stay
    id: uuid.UUID | None = None  # the booking's, also of a change; or the block's
    name: str = ""  # the guest, or the reason of a block
    reference: str = ""
    guests: int = 0
    due: Decimal = Decimal(0)  # what its order still owes
    currency: str = ""
    source: str = ""  # of a block
    came_from: str = ""  # the room that its guest had before
    moves_to: str = ""  # the one that they have next

    @property
    def began_before(self) -> bool:
        return self.whole.check_in < self.stay.check_in

    @property
    def goes_on(self) -> bool:
        return self.whole.check_out > self.stay.check_out


@dataclass(frozen=True, slots=True)
class CalendarRoom:
    """A row."""

    id: uuid.UUID
    name: str
    kind: str | None
    capacity: int
    is_published: bool
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A column; `free` is what could still be sold."""

    date: dt.date
    sold: int
    blocked: int
    rooms: int

    @property
    def free(self) -> int:
        return max(0, self.rooms - self.sold - self.blocked)

    @property
    def occupancy(self) -> int:
        """In percent of what is on sale, rounded down; full only where nothing is free."""
        on_sale = self.rooms - self.blocked
        return self.sold * 100 // on_sale if on_sale > 0 else 0


@dataclass(frozen=True, slots=True)
class CalendarView:
    """What is asked for: at most MOST_DAYS days from the `first` on (None: from the property's today), and which rooms.

    Those of a `kind`, those in a `state` (inventory.ROOM_STATES) on any of the days; `limit` of them from `offset` on.
    `rows_alone`: how full the days are need not be counted.
    """

    first: dt.date | None = None
    days: int = 30
    kind: str | None = None
    state: str | None = None
    offset: int = 0
    rows_alone: bool = False

    @property
    def span(self) -> int:
        """How many days are shown."""
        return min(max(self.days, 1), MOST_DAYS)

    @property
    def limit(self) -> int:
        """How many rooms come together: the first ones soon, those after them in fewer and larger parts."""
        return max(ROOMS_AT_ONCE, NIGHTS_AT_ONCE // self.span) if self.offset else ROOMS_AT_ONCE

    def within(self, today: dt.date) -> Stay:
        first = self.first or today
        return Stay(first, first + dt.timedelta(days=self.span))

    def conditions(self, within: Stay) -> list[ColumnElement[bool]]:
        """On rooms."""
        of_kind = [Room.kind == self.kind] if self.kind else []
        return [*of_kind, *([inventory.rooms_in_state(self.state, within)] if self.state else [])]


@dataclass(frozen=True, slots=True)
class RoomCalendar:
    """Some of the rooms of a property, from `offset` on; `matching` of its `total` rooms are in the filter."""

    property_id: uuid.UUID
    property_name: str
    today: dt.date
    days: list[CalendarDay]
    rooms: list[CalendarRoom]
    kinds: list[str]
    offset: int
    matching: int
    total: int

    @property
    def next_offset(self) -> int | None:
        """Where the rooms after these begin."""
        end = self.offset + len(self.rooms)
        return end if self.rooms and end < self.matching else None


def room_calendar(actor: Actor, property_id: uuid.UUID, view: CalendarView, rules: StayRules) -> RoomCalendar:
    """Rooms, days and whose the nights are. Raises NotFound."""
    people.require(actor, Action.SEE_BOOKING, at=property_id)
    calendar, nights, blocks = _rooms_and_nights(property_id, view, rules)
    of_room = {room.id: room.entries for room in calendar.rooms}
    for entry in _entries(nights, blocks):
        of_room[entry.room_id].append(entry)
    return calendar


@reading
def _rooms_and_nights(
    property_id: uuid.UUID, view: CalendarView, rules: StayRules
) -> tuple[RoomCalendar, list[TakenNights], dict[uuid.UUID, Block]]:
    """All that is global: six statements, however many rooms and nights there are."""
    house, kinds = catalogue.get_house(property_id), catalogue.count_kinds(property_id)
    today = rules.today(house.time_zone)
    within = view.within(today)
    page = catalogue.page_of_rooms(
        property_id, *view.conditions(within), offset=view.offset, limit=view.limit, only=_ROOM
    )
    nights = inventory.nights_taken([room.id for room in page.rooms], within)
    blocks = inventory.blocks_of_claims([one.claim_id for one in nights if one.state == NIGHT_BLOCKED])
    counts = {} if view.rows_alone else inventory.count_nights(property_id, within)
    total = sum(kinds.values())
    calendar = RoomCalendar(
        property_id,
        house.name,
        today,
        [_day(date, counts.get(date, DayCount()), total) for date in within.dates()],
        [CalendarRoom(one.id, one.name, one.kind, one.capacity, one.published) for one in page.rooms],
        sorted(kind for kind in kinds if kind),
        view.offset,
        page.matching,
        total,
    )
    return calendar, nights, blocks


_ROOM = (Room.id, Room.name, Room.kind, Room.capacity, Room.published)


def _day(date: dt.date, count: DayCount, rooms: int) -> CalendarDay:
    return CalendarDay(date, count.sold, count.blocked, rooms)


def _entries(nights: Sequence[TakenNights], blocks: Mapping[uuid.UUID, Block]) -> Iterator[Entry]:
    known = _known([one.claim_id for one in nights if one.state not in (NIGHT_BLOCKED, NIGHTS_IN_PARTS)])
    for one in nights:
        if one.state == NIGHTS_IN_PARTS:
            yield Entry(one.room_id, one.state, one.stay, PARTS, one.stay)
        elif one.claim_id in blocks:
            yield _blocked(blocks[one.claim_id], one)
        else:
            yield _booked(known[one.claim_id], one) if one.claim_id in known else _of_nobody(one)


def _blocked(block: Block, nights: TakenNights) -> Entry:
    whole = Stay(block.check_in, block.check_out)
    return Entry(
        nights.room_id, nights.state, nights.stay, BLOCK, whole, id=block.id, name=block.reason, source=block.source
    )


def _of_nobody(one: TakenNights) -> Entry:
    """A claim whose booking is not there (yet)."""
    return Entry(one.room_id, one.state, one.stay, UNKNOWN, one.stay)


class _Sold(NamedTuple):
    """What the calendar says of a booking, or of a change to another stay that is being paid for.

    These columns alone: whole rows take as long as all the rest of the page.
    """

    claim: str  # whose nights these are
    id: uuid.UUID  # of the booking
    reference: str
    name: str | None
    check_in: dt.date
    check_out: dt.date
    guests: int
    due: Decimal
    currency: str
    room: str
    earlier_rooms: list[dict[str, str]] | None  # as earlier_rooms.py has them
    kind: str

    def rooms_around(self, day: dt.date) -> tuple[str, str]:
        """The rooms that the guest had before the one of that night, and has next; empty where there is none."""
        before = [one["roomName"] for one in self.earlier_rooms or () if one["checkOut"] <= day.isoformat()]
        left = len(before) < len(self.earlier_rooms or ())
        following = [one["roomName"] for one in (self.earlier_rooms or ())[len(before) + 1 :]]
        return (before or [""])[-1], ([*following, self.room] if left else [""])[0]


@reading
def _known(claim_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, _Sold]:
    """All that is regional: whose claims they are. One statement; two where some are no booking's."""
    claims = {str(one): one for one in claim_ids}
    found = _sold(_BOOKINGS, claims, BOOKING)
    if others := claims.keys() - found.keys():
        found |= _sold(_CHANGES, others, CHANGE)
    return {claims[key]: one for key, one in found.items()}


def _sold(wanted: Select[Any], claims: Iterable[str], kind: str) -> dict[str, _Sold]:
    return {row.claim: _Sold._make((*row, kind)) for row in execute(wanted, {"claims": list(claims)}).rows}


_CLAIMS = cast(bindparam("claims", type_=ARRAY(String)), ARRAY(Uuid))
_GUEST = func.coalesce(Order.contact_name, User.full_name).label("name")
_DUE = ORDER_DUE.label("due"), Order.currency
_BOOKINGS = (
    select(
        cast(Booking.id, String).label("claim"),
        Booking.id,
        Booking.reference,
        _GUEST,
        Booking.check_in,
        Booking.check_out,
        Booking.guests,
        *_DUE,
        Booking.room_name,
        Booking.earlier_rooms,
    )
    .join(Order, Order.id == Booking.order_id)
    .outerjoin(User, User.id == Order.user_id)
    .where(Booking.id == any_(_CLAIMS))
)
_CHANGES = (
    select(
        cast(BookingChange.id, String).label("claim"),
        Booking.id,
        Booking.reference,
        _GUEST,
        BookingChange.check_in,
        BookingChange.check_out,
        BookingChange.guests,
        *_DUE,
        Booking.room_name,
        null().label("earlier_rooms"),
    )
    .join(Booking, Booking.id == BookingChange.booking_id)
    .join(Order, Order.id == Booking.order_id)
    .outerjoin(User, User.id == Order.user_id)
    .where(BookingChange.id == any_(_CLAIMS), BookingChange.state == CHANGE_PENDING)
)


def _booked(sold: _Sold, nights: TakenNights) -> Entry:
    """Nights of a booking, or of a change to another stay."""
    came_from, moves_to = sold.rooms_around(nights.stay.check_in) if sold.earlier_rooms else ("", "")
    return Entry(
        nights.room_id,
        nights.state,
        nights.stay,
        sold.kind,
        Stay(sold.check_in, sold.check_out),
        id=sold.id,
        name=sold.name or "",
        reference=sold.reference,
        guests=sold.guests,
        due=sold.due,
        currency=sold.currency,
        came_from=came_from,
        moves_to=moves_to,
    )
