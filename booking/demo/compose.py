"""Demo rooms composed from what a city's file tells about its houses: their views, their touches, their streets.

Everything that a description mentions is chosen together with its amenity, and every choice follows from the room's
place in the list, so the same rooms come out each time.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from typing import Any

from booking.domain.catalogue import CANCELLATION_POLICIES, DEMO, PropertyDraft, RoomDraft, slugify

SOURCE = DEMO
CITIES = (
    "tel_aviv", "lisbon", "kyoto", "reykjavik", "cape_town", "buenos_aires", "vancouver", "auckland", "marrakesh",
    "hanoi", "mexico_city", "edinburgh",
)  # fmt: skip
EVERYWHERE = "wifi heating smoke_alarm"
FLAT = "kitchen refrigerator stove dishes cooking_basics"


@dataclass(frozen=True, slots=True)
class Unit:
    """A sort of room: guests, what it is called, what it costs beside a double, how it sleeps, amenities with it."""

    guests: int
    kind: str
    factor: str
    beds: str
    amenities: str = ""


def rooms() -> list[RoomDraft]:
    """All demo rooms, in the order of CITIES."""
    return [room for name in CITIES for room in _city(name)]


@cache
def _city(name: str) -> tuple[RoomDraft, ...]:
    city = _read(f"cities/{name}.toml")
    return tuple(room for number, house in enumerate(city["property"]) for room in _house(city, house, number))


def _house(city: dict[str, Any], house: dict[str, Any], number: int) -> list[RoomDraft]:
    units = [Unit(*unit) for unit in _read("units.toml")[house["style"]]["units"]]
    kinds, used = sorted({unit.kind for unit in units}), Counter[str]()
    drafts = []
    for place, unit in enumerate(units, start=number * len(units)):
        # Rooms of one kind take the views one after another, so that no two of a house have one name.
        view = _nth(house["views"], kinds.index(unit.kind) + used[unit.kind])
        used[unit.kind] += 1
        drafts.append(_room(city, house, unit, view, place=place))
    return drafts


def _room(city: dict[str, Any], house: dict[str, Any], unit: Unit, view: list[Any], *, place: int) -> RoomDraft:
    where, sees, premium, _ = view
    # Touches come round every three rooms; shifted, so that the other sentences do not come round with them.
    touch, shifted = _nth(house["touches"], place), place + place // 3
    bath, area = _nth(_read("units.toml")[house["style"]]["baths"], shifted), _nth(house["areas"], shifted + place // 9)
    return RoomDraft(
        line=place,
        house=_property(city, house),
        source=SOURCE,
        source_id=f"{city['slug']}-{place + 1:02}",
        name=f"{unit.kind} {where}",
        description=f"{unit.beds} {sees} {touch[0]} {bath[0]}\n\n{house['intro']} {area}",
        kind=unit.kind,
        capacity=unit.guests,
        price_per_night=_price(city, house, unit, premium),
        amenities=_amenities(house, unit, view, touch, bath),
        min_nights=1,
        max_nights=house["longest"],
        cancellation_policy=CANCELLATION_POLICIES[house["policy"]],
        published=True,
    )


def _amenities(house: dict[str, Any], unit: Unit, *chosen: list[Any]) -> tuple[str, ...]:
    """What everybody has, what the house and the unit have, and what the sentences chosen speak of, each once."""
    own = FLAT if house["style"] == "apartments" else ""
    named = (EVERYWHERE, own, *house["amenities"], unit.amenities, *(choice[-1] for choice in chosen))
    return tuple(dict.fromkeys(" ".join(named).split()))


def _property(city: dict[str, Any], house: dict[str, Any]) -> PropertyDraft:
    return PropertyDraft(
        slug=f"{city['slug']}-{slugify(house['name'])}",
        name=house["name"],
        legal_name=house["legal_name"],
        location=city["slug"],
        currency=city["currency"],
        time_zone=city["time_zone"],
        address={
            "street": house["street"],
            "city": city["name"],
            "country": city["country"],
            "latitude": house["latitude"],
            "longitude": house["longitude"],
        },
    )


def _price(city: dict[str, Any], house: dict[str, Any], unit: Unit, premium: int) -> Decimal:
    step = Decimal(str(city["step"]))
    exact = Decimal(city["double"]) * Decimal(str(house["level"])) * Decimal(unit.factor) * (100 + premium) / 100
    return (exact / step).quantize(Decimal(1), rounding=ROUND_HALF_UP) * step


def _nth(choices: Any, place: int) -> Any:
    return choices[place % len(choices)]


@cache
def _read(path: str) -> dict[str, Any]:
    text = resources.files("booking.demo").joinpath(path).read_text(encoding="utf-8")
    return tomllib.loads(text)
