"""What the search lets one choose from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from flask_babel import gettext, ngettext

from booking.domain.catalogue import ENTIRE_PLACE, KINDS, PRIVATE_ROOM, SHARED_ROOM, Destination
from booking.domain.inputs import OLDEST_CHILD
from booking.domain.stays import EARLIEST_ZONE
from booking.http import number_format
from booking.http.services import current_services

MOST_GUESTS = 10  # in the list; an address may ask for more, and is then listed, too


def places(known: list[Destination]) -> list[tuple[str, str]]:
    """Anywhere, then every place by its name."""
    named = [(place.slug, f"{place.city}, {place.country}" if place.country else place.city) for place in known]
    return [("", gettext("Anywhere")), *named]


def guests(chosen: str) -> list[tuple[str, str]]:
    """For a search: 1 guest, 2 guests ... and whatever is chosen."""
    numbers = list(range(1, MOST_GUESTS + 1))
    if MOST_GUESTS < (asked := count(chosen)) <= 1000:
        numbers.append(asked)
    return [(str(number), number_format.guests(number)) for number in numbers]


def room_guests(capacity: int, ages: Sequence[int] = (), babies_under: int = 0) -> list[tuple[str, str]]:
    """For a room: as many as it takes, and the babies among those whose ages are known, who need no place."""
    named = [(str(number), number_format.guests(number)) for number in range(1, capacity + 1)]
    babies = sum(age < babies_under for age in ages)
    return named + [(str(capacity + one), _with_babies(capacity + one, one)) for one in range(1, babies + 1)]


def _with_babies(guests: int, babies: int) -> str:
    said = {"guests": number_format.guests(guests), "count": number_format.number(babies)}
    return str(ngettext("%(guests)s, one a baby", "%(guests)s, %(count)s of them babies", babies, **said))


def children(guests: int, chosen: int) -> list[tuple[str, str]]:
    """How many of so many guests may be children: none, 1 child ... and whatever is chosen."""
    numbers = range(1, max(min(guests, MOST_GUESTS) - 1, chosen, 1) + 1)
    return [("", gettext("None")), *((str(number), number_format.child_count(number)) for number in numbers)]


def ages() -> list[tuple[str, str]]:
    """How old a child may be."""
    older = range(1, OLDEST_CHILD + 1)
    return [("", gettext("Age")), ("0", gettext("Under 1")), *((str(age), str(age)) for age in older)]


def count(text: str) -> int:
    """The number that an address asks for, 0 where it is none that could be meant."""
    return int(text) if re.fullmatch(r"\d{1,6}", text, re.ASCII) else 0


def page(text: str) -> int:
    """The page of a list that an address asks for; the first where it is none."""
    return max(1, count(text))


def first_day() -> dt.date:
    """The first day that can be chosen where no place is: today, where a day ends last."""
    return current_services().booking_context.rules.today(EARLIEST_ZONE)


def kinds() -> list[tuple[str, str]]:
    """For a search: any, then each type of place."""
    return [("", gettext("Any type")), *((kind, kind_name(kind)) for kind in KINDS)]


def kind_name(kind: str) -> str:
    """What a type of place is called."""
    names = {
        ENTIRE_PLACE: gettext("Entire place"),
        PRIVATE_ROOM: gettext("Private room"),
        SHARED_ROOM: gettext("Shared room"),
    }
    return str(names.get(kind, kind))  # a house may have words of its own


def sort_name(sort: str) -> str:
    """What an order of the results is called."""
    names = {
        "price": gettext("Price: low to high"),
        "-price": gettext("Price: high to low"),
        "name": gettext("By name"),
        "capacity": gettext("Fewest guests first"),
    }
    return str(names.get(sort, gettext("By destination")))
