"""Prices and restrictions by day, as a sheet says them: a row for a room and a day, read once and kept as runs.

Days of a room that say the same make one run, so a file of a million rows takes the memory of its runs, in whatever
order rooms follow each other. Every row that is wrong is named by its line; nothing is written here.
"""

from __future__ import annotations

import datetime as dt
import functools
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from booking.domain.errors import Invalid
from booking.domain.inputs import MOST_LIMIT, decimal_text
from booking.domain.money import decimals, rounded
from booking.domain.notices import Notice
from booking.domain.pricing import rule_terms
from booking.infra.ids import encode

ROOM, DATE, NAME, CLOSED = "room", "date", "name", "closed"
# Columns by the kind of rule that they make.
RATES = {
    "price": rule_terms.PRICE,
    "min_nights": rule_terms.MIN_NIGHTS,
    "max_nights": rule_terms.MAX_NIGHTS,
    "closed_to_arrival": rule_terms.CLOSED_TO_ARRIVAL,
    "closed_to_departure": rule_terms.CLOSED_TO_DEPARTURE,
}
COLUMNS = (ROOM, NAME, DATE, *RATES, CLOSED)
AS_BEFORE = "-"  # in a cell: what a sheet said before is taken back
REACH = 366 * 5  # days from today, backwards and ahead
MOST_RUNS = 500_000
MOST_NAMED = 1_000  # lines that are wrong; the others are counted

Value = Decimal | int | bool | None  # what a cell says; None takes back what a sheet said before
_CHOICES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class NoDaySheet(Invalid):
    """The file has other columns, or days in such an order that it can't be read in one go."""

    code = "NO_DAY_SHEET"


@dataclass(frozen=True, slots=True)
class SheetRoom:
    """`names`: what a row may call it."""

    id: uuid.UUID
    name: str
    names: tuple[str, ...]
    alike: uuid.UUID  # its units have rates together: their group, or the room itself


@dataclass(slots=True)
class Run:
    """Days from `first` to `last`, as ordinals, that say the same; `line` where it begins."""

    first: int
    last: int
    value: Value
    line: int


@dataclass(frozen=True, slots=True)
class WrongLine:
    line: int
    problems: Mapping[str, Notice]


@dataclass(slots=True)
class DaySheet:
    """`rates`: runs by room (of units alike the first that was named) and kind; `closings`: by room, whether closed."""

    rows: int = 0
    wrong_rows: int = 0
    wrong: list[WrongLine] = field(default_factory=list)
    rates: dict[tuple[uuid.UUID, str], list[Run]] = field(default_factory=dict)
    closings: dict[uuid.UUID, list[Run]] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        return sum(map(len, self.rates.values())) + sum(map(len, self.closings.values()))

    def refuse(self, line: int, problems: Mapping[str, Notice]) -> None:
        self.wrong_rows += 1
        if len(self.wrong) < MOST_NAMED:
            self.wrong.append(WrongLine(line, problems))


class Reader:
    """Takes the rows of a file one by one."""

    def __init__(self, rooms: Sequence[SheetRoom], currency: str, today: dt.date) -> None:
        self.sheet, self._currency = DaySheet(), currency
        self._first, self._last = today.toordinal() - REACH, today.toordinal() + REACH
        self._rooms = _by_name(rooms)
        self._leaders: dict[uuid.UUID, uuid.UUID] = {}  # of rooms alike the one that was named first
        self._seen: dict[uuid.UUID, int] = {}  # days of each room, a bit for each
        self._runs = 0
        self._read = {column: functools.lru_cache(4096)(self._reader(column)) for column in (*RATES, CLOSED)}
        self._day = functools.lru_cache(8192)(self._read_day)

    def take(self, line: int, row: Mapping[str, str]) -> None:
        """One row; what is wrong with it stands in the sheet. Raises NoDaySheet."""
        self.sheet.rows += 1
        problems: dict[str, Notice] = {}
        room, day = self._room(row.get(ROOM, ""), problems), self._checked(self._day, DATE, row, problems)
        said = {
            column: self._checked(read, column, row, problems) for column, read in self._read.items() if row.get(column)
        }
        if room and day and self._is_twice(room, day):
            problems[DATE] = Notice("day_twice")
        if problems or room is None or day is None:
            self.sheet.refuse(line, problems)
            return
        for column, value in said.items():
            self._add(room, column, day, value, line)
        if self._runs > MOST_RUNS:
            raise NoDaySheet(details={DATE: Notice("days_scattered", most=MOST_RUNS)})

    def done(self) -> DaySheet:
        """All that was read: of a room and kind its runs in order. Units that differ are wrong."""
        for (room_id, _), runs in self.sheet.rates.items():
            runs.sort(key=lambda run: run.first)
            last = runs[0]
            for run in runs[1:]:
                if run.first <= last.last and run.value != last.value:
                    self.sheet.refuse(run.line, {ROOM: Notice("units_differ", room=encode("room", room_id))})
                last = run if run.last >= last.last else last
        for runs in self.sheet.closings.values():
            runs.sort(key=lambda run: run.first)
        return self.sheet

    def _room(self, said: str, problems: dict[str, Notice]) -> SheetRoom | None:
        found = self._rooms.get(said.strip().casefold(), ())
        if len(found) == 1:
            return found[0]
        problems[ROOM] = (
            Notice("rooms_of_name", said=said) if found else Notice("no_room_called", said=said) if said.strip()
            else Notice("missing")
        )  # fmt: skip
        return None

    def _is_twice(self, room: SheetRoom, day: int) -> bool:
        seen, bit = self._seen.get(room.id, 0), 1 << (day - self._first)
        self._seen[room.id] = seen | bit
        return bool(seen & bit)

    def _add(self, room: SheetRoom, column: str, day: int, value: Value, line: int) -> None:
        if column == CLOSED:
            runs = self.sheet.closings.setdefault(room.id, [])
        else:
            leader = self._leaders.setdefault(room.alike, room.id)
            runs = self.sheet.rates.setdefault((leader, RATES[column]), [])
        if runs and runs[-1].last == day - 1 and runs[-1].value == value:
            runs[-1].last = day
        else:
            runs.append(Run(day, day, value, line))
            self._runs += 1

    # --- cells

    @staticmethod
    def _checked(read: Callable[[str], Any], column: str, row: Mapping[str, str], problems: dict[str, Notice]) -> Any:
        found = read(row.get(column, ""))
        if isinstance(found, Notice):
            problems[column] = found
            return None
        return found

    def _reader(self, column: str) -> Callable[[str], Value | Notice]:
        if column == "price":
            return self._price
        return _nights if column in ("min_nights", "max_nights") else _truth

    def _read_day(self, cell: str) -> int | Notice:
        if not cell.strip():
            return Notice("missing")
        try:
            day = dt.date.fromisoformat(cell.strip()).toordinal()
        except ValueError:
            return Notice("no_date")
        if not self._first <= day <= self._last:
            return Notice("day_out_of_reach", most=REACH)
        return day

    def _price(self, cell: str) -> Value | Notice:
        if cell.strip() == AS_BEFORE:
            return None
        try:
            amount = Decimal(str(decimal_text(cell.strip())))
        except InvalidOperation:
            return Notice("no_number")
        if not amount.is_finite() or not 0 <= amount <= 999_999_999:
            return Notice("price_out_of_reach")
        if amount != rounded(amount, self._currency):
            return Notice("decimals_of_currency", most=decimals(self._currency), currency=self._currency)
        return amount


def check_columns(header: Iterable[str]) -> None:
    """Raises NoDaySheet where a column is missing, unknown or there twice, or nothing is said."""
    given = list(header)
    problems = {name: Notice("missing") for name in (ROOM, DATE) if name not in given}
    problems |= {name: Notice("no_column", name=name) for name in given if name and name not in COLUMNS}
    problems |= {name: Notice("given_twice") for name in given if name and given.count(name) > 1}
    if not problems and not {*RATES, CLOSED} & set(given):
        problems["price"] = Notice("missing")
    if problems:
        raise NoDaySheet(details=problems)


def _by_name(rooms: Sequence[SheetRoom]) -> dict[str, tuple[SheetRoom, ...]]:
    """Ids are of one room; of names that several have, none is meant."""
    found: dict[str, tuple[SheetRoom, ...]] = {}
    for room in rooms:
        for name in {one.strip().casefold() for one in room.names}:
            found[name] = (*found.get(name, ()), room)
    return found


def _nights(cell: str) -> Value | Notice:
    if cell.strip() == AS_BEFORE:
        return None
    try:
        nights = int(cell)
    except ValueError:
        return Notice("no_whole_number")
    if not 1 <= nights <= MOST_LIMIT:
        return Notice("too_small", least=1) if nights < 1 else Notice("too_large", most=MOST_LIMIT)
    return nights


def _truth(cell: str) -> Value | Notice:
    said = cell.strip().lower()
    if said == AS_BEFORE:
        return None
    found = _CHOICES.get(said)
    return Notice("no_yes_or_no") if found is None else found


def row_of(room: SheetRoom, day: dt.date, said: Mapping[str, Any]) -> list[str]:
    """In the order of COLUMNS; a cell is empty where nothing is `said`."""
    cells = {ROOM: encode("room", room.id), NAME: guarded(room.name), DATE: day.isoformat()}
    cells |= {column: _written(value) for column, value in said.items()}
    return [cells.get(column, "") for column in COLUMNS]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def guarded(cell: str) -> str:
    """A spreadsheet takes no name for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
