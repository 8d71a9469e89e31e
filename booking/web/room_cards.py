"""Rooms as cards: on the first page, among results, beside a room that is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from booking.domain import search
from booking.domain.search import CardFacts, FoundRoom
from booking.pages import formats
from booking.web import photos
from booking.web.photos import Photo


@dataclass(frozen=True, slots=True)
class RoomCard:
    """`kind` where the name does not say it already; `is_drawn`: the picture is none of the room; `is_of_house`: it is
    one of the property, for the room has none.
    """

    room: FoundRoom
    where: str
    kind: str
    picture: str
    photo: Photo | None  # where there is one, `picture` is of it
    is_drawn: bool
    is_of_house: bool
    free_until: dt.datetime | None


def shown(rooms: Sequence[FoundRoom], check_in: dt.date) -> list[RoomCard]:
    """Each room with what its card tells, their prices written alike."""
    facts = search.facts_for_cards(rooms, check_in)
    for room in rooms:
        formats.alike(room.currency, (room.price_per_night, room.total))
    return [_card(room, facts[room.id]) for room in rooms if room.id in facts]


def _card(room: FoundRoom, facts: CardFacts) -> RoomCard:
    own = photos.cover(facts.photo, facts.images, room.name)
    # A room of the demo has a drawing of its own.
    cover = own or (None if facts.is_demo else photos.cover(facts.house_photo, [], facts.house))
    places = dict.fromkeys(part for part in (facts.house, facts.district, facts.city) if part)
    return RoomCard(
        room=room,
        where=", ".join(places),
        kind=kind(facts.kind, room.name),
        picture=cover.url if cover else photos.drawing(room.id, is_demo=facts.is_demo),
        photo=cover,
        is_drawn=not cover and not facts.is_demo,
        is_of_house=cover is not None and own is None,
        free_until=facts.free_until,
    )


def kind(words: str | None, name: str) -> str:
    """What sort of room it is, where its name does not begin with that."""
    return "" if not words or name.casefold().startswith(words.casefold()) else words
