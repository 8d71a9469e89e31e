"""What the search lets one choose from."""

from __future__ import annotations

from flask_babel import gettext

from booking.domain.catalogue import Destination
from booking.web import formats

MOST_GUESTS = 10  # in the list; an address may ask for more, and is then listed, too


def places(known: list[Destination]) -> list[tuple[str, str]]:
    """Anywhere, then every place by its name."""
    named = [(place.slug, f"{place.city}, {place.country}" if place.country else place.city) for place in known]
    return [("", gettext("Anywhere")), *named]


def guests(chosen: str, most: int = MOST_GUESTS) -> list[tuple[str, str]]:
    """1 guest, 2 guests ... and whatever is chosen."""
    numbers = list(range(1, min(most, MOST_GUESTS) + 1))
    if chosen.isascii() and chosen.isdigit() and len(numbers) < int(chosen) <= 1000:
        numbers.append(int(chosen))
    return [(str(number), formats.guests(number)) for number in numbers]


def sort_name(sort: str) -> str:
    """What an order of the results is called."""
    names = {
        "price": gettext("Lowest price first"),
        "-price": gettext("Highest price first"),
        "name": gettext("By name"),
        "capacity": gettext("Smallest rooms first"),
    }
    return str(names.get(sort, gettext("Place by place")))
