"""What is asked: bookings on days that nobody has booked yet, searches and pages of the days that are filled."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from bench.clients import Make, request
from bench.filled import FILLED_DAYS, FIRST_ROOM, PLACES, TODAY
from booking.infra.ids import encode

NIGHTS = 3
HOT = 20
API = "/api/v1"
ROOM_NIGHTS = 480_000  # of a window: a few seconds of bookings leave most of it free


@dataclass(frozen=True)
class Window:
    """Days in which a measurement books: from `first` days ahead, so many."""

    first: int
    days: int


class Calendar:
    """Hands out windows, one after the other: no measurement meets another one's bookings."""

    def __init__(self) -> None:
        self._next = FILLED_DAYS + 30

    def window(self, rooms: int) -> Window:
        days = max(480, ROOM_NIGHTS // rooms)
        self._next += days
        return Window(self._next - days, days)


def day(ahead: int) -> str:
    return (TODAY + dt.timedelta(days=ahead)).isoformat()


def room_id(number: int) -> str:
    return encode("room", uuid.UUID(f"00000000-0000-7000-8000-0000{FIRST_ROOM + number}"))


def booking(token: str, rooms: int, window: Window) -> Make:
    """Three nights in any of so many rooms, with an Idempotency-Key of its own."""

    def make(chance: random.Random) -> bytes:
        ahead = window.first + chance.randrange(window.days - NIGHTS)
        order = {"roomId": room_id(chance.randrange(rooms)), "checkIn": day(ahead), "checkOut": day(ahead + NIGHTS)}
        body = order | {"guests": 1, "paymentMethodId": "pm_card_visa"}
        return request("POST", f"{API}/bookings", token=token, key=f"{chance.getrandbits(96):024x}", body=body)

    return make


def search(token: str, places: int = PLACES) -> Make:
    """The first page of the rooms of any place that are free for three of the filled nights, and how many there are."""
    return lambda chance: request("GET", f"{API}/rooms?{_free_rooms(chance, places)}", token=token)


def search_everywhere(token: str) -> Make:
    """The same of all places at once."""
    return lambda chance: request("GET", f"{API}/rooms?{_stay(chance)}", token=token)


def popular_search(token: str, different: int = 50) -> Make:
    """One of a few searches, again and again: they are in the cache."""
    chosen = random.Random(1)
    ready = [search(token)(chosen) for _ in range(different)]
    return lambda chance: chance.choice(ready)


def results_page() -> Make:
    """The same as a page, without signing in."""
    return lambda chance: request("GET", f"/rooms?{_free_rooms(chance, PLACES)}")


def room_page(rooms: int) -> Make:
    """Any room with its calendar and its price for three nights."""

    def make(chance: random.Random) -> bytes:
        ahead = _ahead(chance)
        dates = f"checkIn={day(ahead)}&checkOut={day(ahead + NIGHTS)}&guests=1"
        return request("GET", f"/rooms/{room_id(chance.randrange(rooms))}?{dates}")

    return make


def hello(_chance: random.Random) -> bytes:
    return request("GET", "/")


def for_each(tokens: list[str], make: Callable[[str], Make]) -> list[Make]:
    return [make(token) for token in tokens]


def _free_rooms(chance: random.Random, places: int) -> str:
    return f"location=place-{10 + chance.randrange(places)}&{_stay(chance)}"


def _stay(chance: random.Random) -> str:
    ahead = _ahead(chance)
    return f"checkIn={day(ahead)}&checkOut={day(ahead + NIGHTS)}&capacity={chance.randint(1, 2)}"


def _ahead(chance: random.Random) -> int:
    return chance.randint(3, FILLED_DAYS - NIGHTS)
