"""What every change of a property or a room does: compare, count its version, tell the log, the outbox, the cache."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.catalogue import destinations, rooms
from booking.domain.catalogue.models import Property, Room
from booking.infra import cache
from booking.infra.db import act_after_commit
from booking.infra.ids import encode

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """What of a row becomes otherwise, by column."""

    before: dict[str, Any]
    after: dict[str, Any]

    def __bool__(self) -> bool:
        return self.before != self.after


def applied(row: Property | Room, new: Values) -> Difference:
    """The row as `new` says it, in its next version; what is as it was is not touched."""
    changed = {name: value for name, value in new.items() if getattr(row, name) != value}
    found = Difference({name: plain(getattr(row, name)) for name in changed}, {n: plain(v) for n, v in changed.items()})
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.version += 1
    return found


def plain(value: Any) -> Any:
    """As the audit log writes it."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat("minutes") if isinstance(value, dt.time) else value


def note_room(actor: Actor, room: Room, change: Difference, *, was_published: bool) -> None:
    """Inside the caller's transaction: what became of a room that was there already."""
    if not change:
        return
    people.audit(actor, "room.changed", encode("room", room.id), before=change.before, after=change.after)
    if was_published or room.published:
        tell_of_room(actor, room)


def tell_of_room(actor: Actor, room: Room) -> None:
    """Guests see this room otherwise: the outbox hears of it, and the cache as soon as it is committed."""
    shown = encode("room", room.id)
    messages.record(actor, "room.updated", {"roomId": shown, "location": room.location})
    act_after_commit("changed rooms", (shown, room.location), _forget_now)


def tell_of_house(actor: Actor, house: Property) -> None:
    """The same of all its rooms."""
    payload = {"roomId": None, "location": house.location, "propertyId": encode("property", house.id)}
    messages.record(actor, "room.updated", payload)
    for room_id in rooms.published_at(house.id):
        act_after_commit("changed rooms", (room_id, house.location), _forget_now)


def _forget_now(changed: list[tuple[str, str]]) -> None:
    """While Redis is away the delivery of the event does it later."""
    rooms.forget(*(room for room, _ in changed))
    places = {place for _, place in changed}
    for place in places:
        destinations.forget(place)
    cache.bump(places)
