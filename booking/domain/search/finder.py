"""Finding rooms: a page of those that can be had, and how many there are in all.

Nothing is decided on what a search returns, so it may come from the cache or from a replica.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlalchemy import (
    bindparam,
    select,
)

from booking.domain import catalogue, pricing
from booking.domain.catalogue import Property
from booking.domain.errors import Invalid
from booking.domain.notices import Notice
from booking.domain.search import place_names, statements, unknown, words
from booking.domain.search.inputs import RoomSearch
from booking.domain.search.statements import MOST_COUNTED
from booking.domain.search.unknown import Unknown
from booking.domain.stays import EARLIEST_ZONE, Stay, StayRules
from booking.infra import cache, clock, replica
from booking.infra.db import fetch
from booking.infra.ids import encode

FOUND = cache.Kind("search", 6)
LATEST_ZONE = "Etc/GMT-14"  # the first place on earth where a day begins


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """The rate plan that a price is for. Free to cancel until so many days before check-in, or hours; None: not so."""

    id: str
    name: str
    percent: int  # hundredths
    days: int | None
    hours: int | None

    @property
    def policy(self) -> dict[str, Any]:
        """Until when all of the price comes back, as a cancellation policy says it."""
        days = [] if self.days is None else [{"daysBefore": self.days, "percent": 100}]
        hours = [] if self.hours is None else [{"daysBefore": 0, "hoursBefore": self.hours, "percent": 100}]
        return {"tiers": [*days, *hours]}


@dataclass(frozen=True, slots=True)
class FoundRoom:
    """A room that can be booked for exactly the stay that was asked for, and its price for it.

    `units_left`: how many of identical units are free for it, of which this one stands for all; None for a room by
    itself. `plan`: what the total is for, of those that fit the cheapest; None: the room's own cancellation policy.
    """

    id: str
    name: str
    location: str
    capacity: int
    price_per_night: Decimal
    currency: str
    amenities: list[str]
    total: Decimal
    units_left: int | None = None
    plan: FoundPlan | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`total` counts no further than one more than `MOST_COUNTED`, which stands for all that are more.

    `corrected` are the words that were looked for where those that were asked for find nothing. `unknown` are names
    that stand for nothing here, of a search that finds nothing.
    """

    rooms: list[FoundRoom]
    page: int
    page_size: int
    total: int
    corrected: str | None = None
    unknown: list[Unknown] = field(default_factory=list)


class Among(NamedTuple):
    """Whether there are rated rooms, and units or wholes, among the rooms that are searched."""

    has_rated: bool
    has_units: bool


NOTHING_SPECIAL = Among(has_rated=False, has_units=False)
# What there was in a place when this process last looked; only places that have, or had, something are noted.
_last_among: dict[str, Among] = {}

_FROM_JSON = TypeAdapter(Found)


def search(wanted: RoomSearch, rules: StayRules, cache_seconds: int) -> Found:
    """A page of free rooms and how many there are in all. Raises Invalid."""
    kept, read = _asked_for(wanted, rules, cache_seconds)
    return read or _FROM_JSON.validate_json(kept)


def first_rooms(wanted: RoomSearch, rules: StayRules, among: Among) -> list[FoundRoom]:
    """The rooms of the first page in a place that is named by its slug, as the primary knows them now: without counting
    how many there are in all, and without keeping them. Raises Invalid.
    """
    _refuse_unless_possible(wanted, rules)
    values = _values(wanted, rules)
    page, _ = statements.of(_statement_key(values, wanted.sort, among))
    return _free_rooms(replica.primary(page, values), wanted)


def answer(wanted: RoomSearch, rules: StayRules, cache_seconds: int, render: Callable[[Found], str]) -> str:
    """The same as the text that `render`, a function of a module, makes of it. Raises Invalid.

    Of what is kept, a process makes it once: to make it anew each time would cost such a search a fifth more.
    """
    kept, read = _asked_for(wanted, rules, cache_seconds)
    return render(read) if read else _rendered(kept, render)


@lru_cache(maxsize=128)
def _rendered(kept: str, render: Callable[[Found], str]) -> str:
    return render(_FROM_JSON.validate_json(kept))


def asked(wanted: RoomSearch, rules: StayRules, cache_seconds: int) -> tuple[str, ...]:
    """What `answer` will ask the cache for; nothing where the place must be found first."""
    if wanted.location and not catalogue.is_slug(wanted.location):
        return ()
    return cache.asked_in(wanted.location, FOUND, _key(wanted, rules), cache_seconds)


def _asked_for(wanted: RoomSearch, rules: StayRules, seconds: int) -> tuple[str, Found | None]:
    """The text that is kept, and what was found where it had to be read just now."""
    wanted = place_names.resolved(wanted, seconds)
    _refuse_unless_possible(wanted, rules)
    just_read: list[Found] = []

    def read(lsn: int | None) -> cache.Fresh:
        found, until = _read(wanted, rules, replica.reader(lsn), seconds)
        just_read.append(found)
        return cache.Fresh(to_json(found).decode() if seconds else "", until)

    kept = cache.remembered_in(wanted.location, FOUND, _key(wanted, rules), seconds, read)
    return kept, just_read[0] if just_read else None


def _refuse_unless_possible(wanted: RoomSearch, rules: StayRules) -> None:
    problems = rules.problems(
        wanted.stay, _time_zone(wanted.location, rules) if _is_near(wanted.check_in, rules) else None
    )
    if problems:
        raise Invalid(details=problems)
    if _compares_prices(wanted) and wanted.currency is None:
        _require_one_currency(wanted.location)


def _read(wanted: RoomSearch, rules: StayRules, fetch: replica.Fetch, seconds: int) -> tuple[Found, float | None]:
    """What is found, and when the next hold on one of these nights ends (seconds since 1970): from then on there may
    be one room more.
    """
    found, until = _read_as_asked(wanted, rules, fetch)
    if found.total:
        return found, until
    if corrected := words.corrected(wanted.q, wanted.location, fetch) if wanted.q else None:
        instead, _ = _read_as_asked(wanted.model_copy(update={"q": corrected}), rules, fetch)
        if instead.total:
            return replace(instead, corrected=corrected), until
    return replace(found, unknown=unknown.names_in(wanted, fetch, seconds)), until


def _read_as_asked(wanted: RoomSearch, rules: StayRules, fetch: replica.Fetch) -> tuple[Found, float | None]:
    values = _values(wanted, rules)
    key = _statement_key(values, wanted.sort, NOTHING_SPECIAL)
    read = _read_at_once if statements.has_one_plan(key) else _read_in_turn
    rows, total, end = read(wanted, values, fetch)
    count = len(rows) if total is None else min(total, MOST_COUNTED + 1)
    found = Found(_free_rooms(rows, wanted), wanted.page, wanted.page_size, count)
    return found, end.timestamp() if end else None


class _Rows(NamedTuple):
    """Of a page; how many there are in all, None where a first page is not full; and when the next hold ends."""

    page: Sequence[Any]
    total: int | None
    hold_end: dt.datetime | None


def _read_at_once(wanted: RoomSearch, values: dict[str, Any], fetch: replica.Fetch) -> _Rows:
    """All in one statement: the one that was right for the place the last time says whether it still is."""
    place = wanted.location or ""
    among = _last_among.get(place, NOTHING_SPECIAL)
    while True:
        rows = fetch(statements.together(_statement_key(values, wanted.sort, among)), values)
        first = rows[0]
        now = Among(first.has_rated, first.has_units)
        if now == among:
            return _Rows([] if first.id is None else rows, first.total, first.hold_end)
        among = _last_among[place] = now


def _read_in_turn(wanted: RoomSearch, values: dict[str, Any], fetch: replica.Fetch) -> _Rows:
    # Asked for first: a hold that ends meanwhile is then either counted as free, or the end of what is kept.
    nights = {"check_in": wanted.check_in, "check_out": wanted.check_out}
    where = {"location": wanted.location} if wanted.location else {}
    [[hold_end, *there_are]] = fetch(statements.BEFOREHAND_IN if where else statements.BEFOREHAND, nights | where)
    among = Among(*there_are)
    key = _statement_key(values, wanted.sort, among)
    page, total = statements.of(key)
    says_both = statements.says_both(key)
    rows = fetch(statements.together(key) if says_both else page, values)
    if wanted.page == 1 and len(rows) < wanted.page_size:
        return _Rows(rows, None, hold_end)
    return _Rows(rows, rows[0].total if rows and says_both else fetch(total, values)[0][0], hold_end)


def _free_rooms(rows: Sequence[Any], wanted: RoomSearch) -> list[FoundRoom]:
    stay = wanted.stay
    own = pricing.totals(rows, stay, wanted.capacity or 1, clock.now())
    totals = map(pricing.found_total, rows, own)
    return [_free_room(row, total, stay) for row, total in zip(rows, totals, strict=True)]


def _free_room(row: Any, total: Decimal, stay: Stay) -> FoundRoom:
    return FoundRoom(
        id=encode("room", row.id),
        name=row.name,
        location=row.location,
        capacity=row.capacity,
        price_per_night=pricing.shown_per_night(row, total, stay),
        currency=row.currency,
        amenities=row.amenities,
        total=total,
        units_left=row.units_left,
        plan=FoundPlan(**row.rated_plan) if row.rated_plan else None,
    )


def _values(wanted: RoomSearch, rules: StayRules) -> dict[str, Any]:
    """The values of a search's parameters; filters without one are left out."""
    zones = _zones_of_yesterday(wanted.check_in, rules)
    looked_for = words.words_of(wanted.q)
    filters = {
        "location": wanted.location,
        "places" if wanted.children_ages else "capacity": wanted.capacity,
        "currency": wanted.currency,
        "min_price": wanted.min_price,
        "max_price": wanted.max_price,
        "amenities": wanted.amenities or None,
        "zones": zones or None,
        "kind": catalogue.KIND_PATTERNS.get(wanted.kind or ""),
        "is_free": wanted.free_cancellation or None,
    }
    return {
        **{name: value for name, value in filters.items() if value is not None},
        **{f"word{number}": word for number, word in enumerate(looked_for)},
        **pricing.stay_values(wanted.stay, wanted.capacity or 1, wanted.children_ages),
        "page_size": wanted.page_size,
        "skipped": (wanted.page - 1) * wanted.page_size,
    }


def _statement_key(values: dict[str, Any], sort: str | None, among: Among) -> statements.StatementKey:
    words = sum(name.startswith("word") for name in values)
    filters = frozenset(name for name in (*statements.FILTERS, *statements.PRICE_LIMITS) if name in values)
    return statements.StatementKey(filters, words, sort, *among, is_free="is_free" in values)


def _zones_of_yesterday(check_in: dt.date, rules: StayRules) -> list[str]:
    if check_in >= rules.today(LATEST_ZONE):
        return []
    return [zone for zone in _time_zones() if check_in < rules.today(zone)]


def _compares_prices(wanted: RoomSearch) -> bool:
    return wanted.min_price is not None or wanted.max_price is not None or wanted.sort in {"price", "-price"}


def _require_one_currency(location: str | None) -> None:
    if location is None or len(fetch(_CURRENCIES, location=location)) > 1:
        raise Invalid(details={"currency": Notice("currency_needed")})


def _is_near(check_in: dt.date, rules: StayRules) -> bool:
    """Only within a day of "today" and of the horizon does the zone matter."""
    earliest = rules.today(EARLIEST_ZONE)
    return check_in <= earliest + dt.timedelta(days=2) or check_in >= earliest + dt.timedelta(days=rules.horizon_days)


def _time_zone(location: str | None, rules: StayRules) -> str | None:
    """The zone that says what "today" is in a location; the earliest place's where it has several."""
    zones = [row.time_zone for row in fetch(_ZONES_OF, location=location)] if location else []
    return min(zones, key=rules.today, default=None)


def _time_zones() -> list[str]:
    return [row.time_zone for row in fetch(_ZONES)]


_ZONES = select(Property.time_zone).distinct()
_ZONES_OF = _ZONES.where(Property.location == bindparam("location"))
_CURRENCIES = select(Property.currency).distinct().where(Property.location == bindparam("location")).limit(2)


def _key(wanted: RoomSearch, rules: StayRules) -> str:
    # What "today" leaves out changes when the day begins somewhere, so an answer is not given after that: zones differ
    # by quarters of an hour at least.
    quarter = int(clock.now().timestamp()) // 900 if wanted.check_in < rules.today(LATEST_ZONE) else "-"
    digest = hashlib.sha256(repr((*wanted.__dict__.items(), quarter)).encode()).hexdigest()[:32]
    return f"{wanted.location or '*'}:{wanted.check_in}:{digest}"
