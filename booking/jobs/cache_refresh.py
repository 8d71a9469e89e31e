"""Deliveries of the cache: what was read before a change is forgotten.

The change itself told the cache; this is for when it could not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from booking.domain import catalogue, messages
from booking.domain.messages import Task
from booking.infra import cache
from booking.jobs import deliver

CACHE = "cache"
EVENTS = frozenset({"availability.updated", "room.updated"})


def told(event_ids: Sequence[UUID]) -> set[UUID]:
    """Of which of these changes the cache was told when they were committed: nothing is left to be done."""
    heard = cache.was_told([str(event_id) for event_id in event_ids])
    return {event_id for event_id in event_ids if str(event_id) in heard}


def refresh(event_ids: Sequence[UUID]) -> None:
    """Forget what was read before these changes, all of them at once."""
    found = [
        (task, place)
        for task in messages.claim_delivery(CACHE, event_ids)
        if (place := _changed_place(task)) is not None
    ]
    if not found:
        return
    tasks = [task for task, _ in found]
    for place in {place for task, place in found if task.type == "room.updated"}:
        catalogue.forget_destination(place)
    told = cache.was_told([str(task.event_id) for task in tasks])
    untold = {place for task, place in found if str(task.event_id) not in told}
    if not untold or cache.bump(untold):
        messages.finish_delivery(tasks)
        return
    for task in tasks:
        messages.fail_delivery(task, "Redis is away")


def _changed_place(task: Task) -> str | None:
    """Where something changed; None for an event that cannot be read: it fails alone, the others go on."""
    with deliver.told(task):
        try:
            if task.type == "room.updated":
                _forget(task.payload)
            return _place(task)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            deliver.failed(task, error)
            return None


def _forget(changed: Mapping[str, Any]) -> None:
    """A room, or all of a property."""
    if changed.get("roomId"):
        catalogue.forget_room(changed["roomId"])
    if changed.get("propertyId"):
        catalogue.forget_house(changed["propertyId"])


def _place(task: Task) -> str:
    place = task.payload.get("location")
    if not isinstance(place, str):
        raise TypeError("the event does not say where")
    return place
