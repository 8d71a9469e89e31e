"""What may be true of each booking after whatever happened to it: the memory of test_all_verbs.py. Knows no product.

A verb that was answered leaves one world; one that was refused, the world before; one whose process died or whose
provider was silent, several, until the booking is settled again and shows which of them came true.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

PENDING, CONFIRMED, CANCELLED, EXPIRED = STATUSES = ("PENDING", "CONFIRMED", "CANCELLED", "EXPIRED")
Night = tuple[int, dt.date]  # of a room
DOUBLE, DORM, BED = 2, 3, 4  # of the first there are two, and the second contains the third
SISTER = 10  # so much higher is the number of the second unit


@dataclass(frozen=True, slots=True)
class Left:
    """A room that a guest has moved out of, and their nights there."""

    room: int
    check_in: dt.date
    check_out: dt.date
    unit: int = field(default=0, compare=False)

    @property
    def nights(self) -> set[Night]:
        """Those of a dorm are its bed's, too."""
        rooms = (DORM, BED) if self.room == DORM else (self.room + SISTER * self.unit,)
        days = (self.check_out - self.check_in).days
        return {(room, self.check_in + dt.timedelta(days=day)) for day in range(days) for room in rooms}


@dataclass(frozen=True, slots=True)
class World:
    """A booking as it may be; rooms are known by their number. Which of two units it is makes no difference.

    `room` is the one of its last nights; where its guest has moved, `left` are those before it.
    """

    status: str
    room: int
    check_in: dt.date
    check_out: dt.date
    guests: int
    unit: int = field(default=0, compare=False)
    left: tuple[Left, ...] = ()

    @property
    def moved_in(self) -> dt.date:
        return self.left[-1].check_out if self.left else self.check_in

    @property
    def nights(self) -> set[Night]:
        last = Left(self.room, self.moved_in, self.check_out, self.unit)
        return set().union(*(one.nights for one in (*self.left, last)))

    def moves(self, room: int, day: dt.date) -> tuple[Left, ...]:
        """The rooms that are left once the guest has this one from the day on: not one that they left on that day."""
        left = self.left
        if self.moved_in < day:
            left = (*left, Left(self.room, self.moved_in, day, self.unit))
        is_back = bool(left) and (left[-1].room, left[-1].unit) == (room, 0)
        return left[:-1] if is_back else left

    def now(self, status: str) -> World:
        return replace(self, status=status)


@dataclass(eq=False)
class Line:
    """A booking of a guest. It is settled while nothing of it is under way: then one world is left.

    `most` is what its dearest world has cost so far: nobody may have paid more for it.
    """

    guest: int
    order: Any
    worlds: set[World]
    settled: bool = True
    most: Decimal = Decimal(0)

    @property
    def world(self) -> World:
        [only] = self.worlds
        return only

    def has(self, *statuses: str) -> bool:
        """Whether it is surely so."""
        return {one.status for one in self.worlds} <= set(statuses)

    def is_now(self, status: str, *, unless: str = "") -> None:
        """Somebody was told so: of the booking, or of its whole order, which may have lost it before (`unless`)."""
        self.worlds = {one if one.status == unless else one.now(status) for one in self.worlds}

    def may_be(self, *statuses: str) -> None:
        """Nobody knows yet."""
        self.worlds |= {one.now(status) for one in self.worlds for status in statuses}

    def changes(
        self,
        check_in: dt.date,
        check_out: dt.date,
        room: int | None,
        guests: int | None,
        *,
        surely: bool,
        moves_on: dt.date | None = None,
    ) -> None:
        """Another stay in the place of the one that is booked; where nobody was told, the old one may be kept.

        A guest who `moves_on` a day keeps the nights before it where they were.
        """
        new = {
            replace(
                one,
                check_in=check_in,
                check_out=check_out,
                room=one.room if room is None else room,
                guests=guests or one.guests,
                left=one.moves(room, moves_on) if moves_on and room is not None else one.left,
            )
            for one in self.worlds
            if one.status == CONFIRMED
        }
        self.worlds = new if surely else self.worlds | new

    def see(self, shown: World, cost: Decimal, *, settled: bool) -> None:
        """What the database shows has to be one of the worlds; a settled booking has shown which."""
        assert shown in self.worlds, f"{shown} is none of {sorted(map(str, self.worlds))}"
        self.settled, self.most = settled, max(self.most, cost)
        if settled:
            self.worlds = {shown}


@dataclass
class Memory:
    """All bookings by their id, as they were seen first. `promised` are lines of a verb that has just begun."""

    lines: dict[object, Line] = field(default_factory=dict)
    promised: list[Line] = field(default_factory=list)

    def promise(self, guest: int, stays: Sequence[World], *statuses: str) -> None:
        """Bookings that may come of what is done now, each in one of these statuses."""
        self.promised = [Line(guest, None, {one.now(status) for status in statuses}) for one in stays]

    def adopt(self, key: object, order: Any, guest: int, shown: World) -> Line:
        """A booking that was not there before: one of those that were promised."""
        fitting = [line for line in self.promised if line.guest == guest and shown in line.worlds]
        assert fitting, f"{shown} of guest {guest} was not asked for: {self.promised}"
        line = fitting[0]
        self.promised.remove(line)
        line.order = order
        self.lines[key] = line
        return line

    def of_order(self, order: Any) -> list[Line]:
        return [line for line in self.lines.values() if line.order == order]

    def confirmed(self) -> list[tuple[Any, Line]]:
        """Those that nothing but a confirmed stay is possible of."""
        return [(key, line) for key, line in self.lines.items() if line.has(CONFIRMED)]

    def promises(self) -> dict[object, World]:
        """What guests have for certain: confirmed, and nothing of it is under way."""
        settled = {key: line.world for key, line in self.lines.items() if line.settled}
        return {key: world for key, world in settled.items() if world.status == CONFIRMED}


def twice(worlds: Iterable[World]) -> set[Night]:
    """Nights that more than one of them has."""
    seen: set[Night] = set()
    double: set[Night] = set()
    for world in worlds:
        double |= seen & world.nights
        seen |= world.nights
    return double
