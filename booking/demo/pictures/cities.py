"""The views of the demo's cities; every other city gets a skyline that follows from its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from booking.demo.pictures import coasts, inland
from booking.demo.pictures.scenery import View
from booking.demo.pictures.skyline import skyline

# Evening skies by city where not all of them do.
SKIES: Mapping[str, tuple[int, ...]] = {"reykjavik": (1, 3)}
VIEWS: Mapping[str, Callable[[View], None]] = {
    "auckland": coasts.auckland,
    "buenos-aires": inland.buenos_aires,
    "cape-town": coasts.cape_town,
    "edinburgh": inland.edinburgh,
    "hanoi": inland.hanoi,
    "kyoto": inland.kyoto,
    "lisbon": coasts.lisbon,
    "marrakesh": inland.marrakesh,
    "mexico-city": inland.mexico_city,
    "reykjavik": coasts.reykjavik,
    "tel-aviv": coasts.tel_aviv,
    "vancouver": coasts.vancouver,
}


def paint(view: View, city: str) -> None:
    """The view of `city` (a location slug)."""
    painter = VIEWS.get(city)
    if painter is None:
        skyline(view, city)
    else:
        painter(view)
