"""What a row of a file of reservations means at a property: which room, which nights, who stays, what was agreed."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from booking.domain import catalogue, money, people, pricing
from booking.domain.actors import Actor
from booking.domain.catalogue import BadRow, CsvRows, Property, Room
from booking.domain.errors import Invalid, NotFound
from booking.domain.inputs import LEAST_DIGITS, Dates, Name, accept, decimal_text, plain, refuse, trimmed
from booking.domain.notices import Notice
from booking.domain.payments import Contact
from booking.domain.people import Action
from booking.domain.reservations.importing.outcomes import BAD, ReadRow, RowOutcome
from booking.domain.reservations.inputs import Requests
from booking.domain.stays import Stay, StayRules
from booking.infra import clock
from booking.infra.db import reading
from booking.infra.ids import decode

COLUMNS = (
    "sourceId",
    "room",
    "checkIn",
    "checkOut",
    "guests",
    "name",
    "email",
    "phone",
    "total",
    "currency",
    "paid",
    "note",
)
REQUIRED = ("sourceId", "room", "checkIn", "checkOut", "guests", "name", "total")
DELIMITERS = ",;"
LONGEST_SOURCE = 64  # characters of a source's name
FARTHEST = dt.timedelta(days=3 * 366)  # ahead; further is a slip of the pen
OLDEST = dt.timedelta(days=10 * 366)

Shown = Annotated[str, Field(max_length=255), AfterValidator(plain), AfterValidator(trimmed)]
Sum = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)]


def _dialled(value: str) -> str:
    """However it is written, it has enough digits to be told from others."""
    if sum(sign.isdigit() for sign in value) < LEAST_DIGITS:
        raise refuse(Notice("no_phone"))
    return trimmed(value)


class NoReservations(Invalid):
    """A file whose header lacks the columns `missing`; or one that is no CSV in UTF-8 (`details` of `file`)."""

    reason = "NO_RESERVATIONS"


class ReservationRow(Dates):
    """A row as it is written; `room` is its id, its id in the source that it came from, its name or its number."""

    source_id: Shown
    room: Shown
    guests: Annotated[int, Field(ge=1, le=1000)]
    name: Name
    email: people.Email | None = None
    phone: Annotated[str, Field(max_length=32), AfterValidator(plain), AfterValidator(_dialled)] | None = None
    total: Sum
    currency: Annotated[str, Field(max_length=8)] | None = None
    paid: Sum = Decimal(0)
    note: Requests | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """A row that can become a booking. `paid` is what the guest has paid already, to whomever."""

    line: int
    source_id: str
    room: Room
    contact: Contact
    read: ReadRow

    @property
    def stay(self) -> Stay:
        return self.read.stay


@dataclass(frozen=True, slots=True)
class House:
    """The property that reservations come to, with all its rooms, for whoever may import there."""

    property: Property
    rooms: Sequence[Room]


@reading
def house_of(actor: Actor, property_id: uuid.UUID) -> House:
    """Raises NotFound, also where the actor may not import."""
    people.require(actor, Action.IMPORT_BOOKINGS, at=property_id, otherwise=NotFound)
    rooms = catalogue.page_of_rooms(property_id, offset=0, limit=100_000).rooms
    return House(catalogue.get_house(property_id), rooms)


def open_to(actor: Actor, houses: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these properties where the actor may import."""
    return {house for house in houses if people.may(actor, Action.IMPORT_BOOKINGS, at=house)}


def text_of(content: bytes) -> Iterator[str]:
    """Its lines; bytes that are no UTF-8 spoil their row, not the file. Raises NoReservations for what is no CSV."""
    try:
        return catalogue.lines_of_file(content)
    except BadRow as problem:
        raise NoReservations(details={"file": problem.notice}) from None


def opened(content: bytes) -> CsvRows:
    """The rows of a file that has the columns of reservations. Raises NoReservations."""
    try:
        rows = CsvRows(text_of(content), DELIMITERS)
    except BadRow as problem:
        raise NoReservations(details={"file": problem.notice}) from None
    refuse_unless_columns(rows.header)
    return rows


def refuse_unless_columns(header: Sequence[str]) -> None:
    """Raise NoReservations where a column is missing that each reservation needs, or stands there twice."""
    known = list(map(_column, header))
    if missing := [column for column in REQUIRED if column not in known]:
        raise NoReservations(details={"file": Notice("columns_missing", columns=tuple(missing))})
    if doubled := sorted({column for column in known if column and known.count(column) > 1}):
        raise NoReservations(details={"file": Notice("columns_twice", columns=tuple(doubled))})


class Reader:
    """Turns the rows of one file into reservations, and remembers on which line it has met each source id."""

    def __init__(self, house: House, rules: StayRules) -> None:
        self._house, self._rules = house, rules
        self._rooms = _by_name(house.rooms)
        self._numbers = _by_number(house.rooms)
        self._seen: dict[str, int] = {}

    def read(self, line: int, cells: Mapping[str, str] | BadRow) -> Reservation | RowOutcome:
        """The reservation, or what is wrong with the row."""
        if isinstance(cells, BadRow):
            return RowOutcome(line, "", BAD, problems={cells.field: cells.notice})
        named = {column: _plain(cell) for name, cell in cells.items() if (column := _column(name))}
        try:
            return self._reservation(line, {column: cell for column, cell in named.items() if cell})
        except Invalid as wrong:
            return RowOutcome(line, named.get("sourceId", "")[:255], BAD, problems=wrong.details)

    def _reservation(self, line: int, named: Mapping[str, str]) -> Reservation:
        row = accept(ReservationRow, named, strict=False)
        if (earlier := self._seen.setdefault(row.source_id, line)) != line:
            raise Invalid(details={"sourceId": Notice("row_twice", earlier=earlier)})
        if problems := self._problems(row):
            raise Invalid(details=problems)
        contact = Contact(row.name, row.email, row.phone, requests=row.note)
        room = self._room(row.room)
        if too_many := pricing.too_many_guests(row.guests, room.capacity):
            raise Invalid(details={"guests": too_many})
        return Reservation(line, row.source_id, room, contact, self._read(row, room))

    def _problems(self, row: ReservationRow) -> dict[str, Notice]:
        problems: dict[str, Notice] = {}
        house, today = self._house.property, clock.today(self._house.property.time_zone)
        if row.check_in > today + FARTHEST:
            problems["checkIn"] = Notice("too_far_ahead", most=FARTHEST.days)
        if row.check_in < today - OLDEST:
            problems["checkIn"] = Notice("in_the_past")
        if row.stay.nights > self._rules.longest_nights:
            problems["checkOut"] = Notice("stay_too_long", most=self._rules.longest_nights)
        if row.currency and row.currency.strip().upper() != house.currency:
            problems["currency"] = Notice("currency_of_another", currency=house.currency)
        for field, amount in (("total", row.total), ("paid", row.paid)):
            if amount != money.rounded(amount, house.currency):
                problems[field] = Notice("too_many_decimals")
        if row.paid > row.total:
            problems["paid"] = Notice("paid_beyond_total")
        return problems

    def _read(self, row: ReservationRow, room: Room) -> ReadRow:
        house = self._house.property
        total, paid = money.rounded(row.total, house.currency), money.rounded(row.paid, house.currency)
        is_past = row.check_out < clock.today(house.time_zone)
        return ReadRow(row.name, room.name, row.stay, row.guests, total, paid, house.currency, is_past)

    def _room(self, said: str) -> Room:
        """By whatever the property knows it. Raises Invalid where that is no room of it, or more than one."""
        key = decode("room", said)
        found = [room for room in self._house.rooms if room.id == key] if key else []
        found = found or self._rooms.get(said.casefold(), []) or self._numbers.get(said.lstrip("0") or "0", [])
        if len(found) == 1:
            return found[0]
        raise Invalid(details={"room": Notice("rooms_of_that_name" if found else "no_room_of_that_name", room=said)})


def _by_name(rooms: Sequence[Room]) -> dict[str, list[Room]]:
    known: dict[str, list[Room]] = {}
    for room in rooms:
        for name in {room.name.strip().casefold(), (room.source_id or "").casefold()} - {""}:
            known.setdefault(name, []).append(room)
    return known


def _by_number(rooms: Sequence[Room]) -> dict[str, list[Room]]:
    """Of rooms in whose name there is one number: "Room 12" is 12."""
    known: dict[str, list[Room]] = {}
    for room in rooms:
        numbers = re.findall(r"\d+", room.name)
        if len(numbers) == 1:
            known.setdefault(numbers[0].lstrip("0") or "0", []).append(room)
    return known


_BY_LETTERS = {column.lower(): column for column in COLUMNS}


def _column(name: str) -> str | None:
    """sourceId, "Source ID", source_id and SOURCE-ID are the same."""
    return _BY_LETTERS.get(re.sub(r"[^a-z]", "", name.lower()))


def _plain(cell: str) -> str:
    """Without the apostrophe by which a spreadsheet was kept from calculating it."""
    text = cell.strip()
    return text[1:] if re.match(r"'[=+\-@\t\r]", text) else text
