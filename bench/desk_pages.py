"""What somebody at the desk asks for: the addresses of a page, chosen by lot from what is in the history."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from bench.browsing import Answer, Browser
from bench.copy_of_its_own import Copy
from bench.history import DAY, History
from booking.domain.reservations.front_desk.occupancy_calendar import CalendarView
from booking.infra.ids import encode

ROOMS_WANTED = 500
SPANS = 14, 30, 90  # days of a calendar
BOOKINGS = 400  # that are looked for
STAFF = "desk-1@", "housekeeping-3@", "system"  # who did something


@dataclass(frozen=True)
class Look:
    """`paths` are asked one after the other for one answer: seconds and bytes are added up."""

    name: str
    paths: Callable[[random.Random], Sequence[str]]
    is_part: bool = False
    pages: int = 1  # that are asked for each time

    def by(self, browser: Browser, chance: random.Random) -> Answer:
        """Asked once."""
        answers = [browser.look(path, part=self.is_part) for path in self.paths(chance)]
        worst = max(answer.status for answer in answers)
        return Answer(sum(one.seconds for one in answers), worst, sum(one.size for one in answers))


@dataclass
class Known:
    """Bookings of the house as (id, reference, guest, email, room, check-in), by lot."""

    rows: list[tuple[str, str, str, str, str, dt.date]]
    today: dt.date
    rooms: int

    @classmethod
    def of(cls, copy: Copy, history: History) -> Known:
        """The same ones for the same copy."""
        found = copy.rows(
            "SELECT b.id::text, b.reference, coalesce(o.contact_name, u.full_name), coalesce(o.contact_email, u.email),"
            " b.room_name, b.check_in FROM bookings b JOIN orders o ON o.id = b.order_id"
            " LEFT JOIN users u ON u.id = b.user_id ORDER BY md5(b.reference) LIMIT %s",
            BOOKINGS,
        )
        rows = [(encode("booking", key), *others) for key, *others in found]
        [[rooms]] = copy.rows("SELECT count(*) FROM rooms")
        return cls(rows, history.today, rooms)

    def day(self, chance: random.Random) -> str:
        """Some day that has been, or is near."""
        return str(self.today + DAY * chance.randrange(-500, 60))


def looks(known: Known) -> list[Look]:
    """Everything that is measured, in the order of a round."""
    return [*_days(known), *_calendars(known), *_lists(known), *_others(known)]


def _days(known: Known) -> Iterator[Look]:
    yield Look("today", lambda _: ["/admin/"])
    yield Look("another day", lambda chance: [f"/admin/?day={known.day(chance)}"])


def _calendars(known: Known) -> Iterator[Look]:
    for days in SPANS:
        name = f"calendar, {days} days"
        yield Look(name, partial(_first_rooms, days))
        yield Look(f"{name}, the next {_at_once(days, 1)} rooms", partial(_next_rooms, known, days), is_part=True)
    yield Look("calendar, 90 days until today", lambda _: [_calendar(90, start=known.today - 89 * DAY)])
    for rooms in sorted({min(ROOMS_WANTED, known.rooms), known.rooms}):
        name, pages = f"calendar, 30 days, {rooms} rooms one after the other", len(list(_offsets(30, rooms)))
        yield Look(name, partial(_all_rooms, rooms), is_part=True, pages=pages)


def _first_rooms(days: int, _: random.Random) -> list[str]:
    return [_calendar(days)]


def _next_rooms(known: Known, days: int, chance: random.Random) -> list[str]:
    return [_calendar(days, chance.choice(list(_offsets(days, known.rooms))[1:] or [known.rooms]))]


def _all_rooms(rooms: int, _: random.Random) -> list[str]:
    return [_calendar(30, offset) for offset in _offsets(30, rooms)]


def _offsets(days: int, rooms: int) -> Iterator[int]:
    """At which room each part of the calendar begins, as it is scrolled through."""
    offset = 0
    while offset < rooms:
        yield offset
        offset += _at_once(days, offset)


def _at_once(days: int, offset: int) -> int:
    """Rows that come together."""
    return CalendarView(days=days, offset=offset).limit


def _calendar(days: int, offset: int = 0, start: dt.date | None = None) -> str:
    asked = {"days": days, "offset": offset or None, "start": start}
    return f"/admin/calendar/?{urlencode({name: value for name, value in asked.items() if value is not None})}"


def _lists(known: Known) -> Iterator[Look]:
    def search(name: str, words: Callable[[random.Random], str]) -> Look:
        return Look(name, lambda chance: [f"/admin/bookings?{urlencode({'q': words(chance)})}"])

    yield Look("bookings, the newest", lambda _: ["/admin/bookings"])
    yield Look("bookings, by arrival", lambda _: ["/admin/bookings?sort=arrival"])
    yield Look("bookings, the next page", lambda chance: [f"/admin/bookings?after={chance.choice(known.rows)[0]}"])
    yield search("search by a whole name", lambda chance: chance.choice(known.rows)[2])
    yield search("search by a last name", lambda chance: chance.choice(known.rows)[2].partition(" ")[2])
    yield search("search by a first name", lambda chance: chance.choice(known.rows)[2].partition(" ")[0])
    yield search("search by three letters", lambda chance: chance.choice(known.rows)[2][:3])
    yield search("search by email", lambda chance: chance.choice(known.rows)[3])
    yield search("search by reference", lambda chance: chance.choice(known.rows)[1])
    yield search("search by room", lambda chance: chance.choice(known.rows)[4])
    yield search("search by a date", known.day)
    yield search("search that finds nothing", lambda chance: f"Xzq{chance.randrange(10**6)}w")
    yield Look("bookings, those of a day", lambda chance: [_arriving(known.day(chance))])
    yield Look("bookings, with a balance", lambda _: ["/admin/bookings?balance=due"])
    yield Look("bookings, held", lambda _: ["/admin/bookings?state=held"])
    yield Look("bookings, cancelled", lambda _: ["/admin/bookings?state=cancelled"])


def _arriving(day: str) -> str:
    return f"/admin/bookings?arrivingFrom={day}&arrivingTo={day}"


def _others(known: Known) -> Iterator[Look]:
    yield Look("one booking", lambda chance: [f"/admin/bookings/{chance.choice(known.rows)[0]}"])
    yield Look("free rooms for a caller", lambda chance: [_free(known.today + DAY * chance.randrange(1, 90))])
    yield Look("audit log", lambda _: ["/admin/audit"])
    yield Look("audit log, of a booking", lambda chance: [f"/admin/audit?thing={chance.choice(known.rows)[1]}"])
    yield Look("audit log, of a person", lambda chance: [f"/admin/audit?who={chance.choice(STAFF)}"])
    yield Look("audit log, of a day", lambda chance: [_audit_of(known.day(chance))])
    yield Look("people", lambda _: ["/admin/people"])
    yield Look("figures", lambda _: ["/admin/figures"])
    yield Look("figures of the months ahead", lambda _: ["/admin/figures?period=coming"])


def _audit_of(day: str) -> str:
    return f"/admin/audit?since={day}&until={day}"


def _free(first: dt.date) -> str:
    return f"/admin/bookings/new?{urlencode({'checkIn': first, 'checkOut': first + 2 * DAY, 'guests': 2})}"
