"""Rates as searches read them follow every change of a rule or a room; what goes by the day is kept up beside that."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from booking.domain import messages, pricing
from booking.domain.actors import Actor
from booking.domain.messages import Task
from booking.http.services import current_services
from booking.infra import cache
from booking.infra.ids import decode
from booking.infra.telemetry import log
from booking.jobs import deliver

RATES = "rates"
EVENTS = frozenset({pricing.RATES_CHANGED, "room.updated"})


def unconcerned(event_ids: Sequence[UUID]) -> set[UUID]:
    """All of them where no property has rules: nothing is left to be done."""
    return set() if pricing.any_rates() else set(event_ids)


def refresh(event_ids: Sequence[UUID]) -> None:
    """Rebuild what these changes touch: of many about the same property once."""
    by_place: dict[UUID, list[Task]] = {}
    for task in messages.claim_delivery(RATES, event_ids):
        places = _touched(task)
        if not places:
            messages.finish_delivery([task])
        for place in places:
            by_place.setdefault(place, []).append(task)
    rooms = {task.event_id: _room(task) for tasks in by_place.values() for task in tasks}
    failed: set[UUID] = set()
    for place, tasks in by_place.items():
        if not _rebuilt(place, [rooms[task.event_id] for task in tasks], tasks):
            failed |= {task.event_id for task in tasks}
    done = {task.event_id: task for tasks in by_place.values() for task in tasks if task.event_id not in failed}
    if done:
        messages.finish_delivery([*done.values()])


def keep(actor: Actor) -> None:
    """Dynamic rules decide anew; projections reach as far as anybody can book, also where an event was lost."""
    rules = current_services().booking_context.rules
    if not pricing.any_rates():
        return
    if decided := pricing.decide_rates(actor, rules):
        log.info("rates_decided", nights=decided)
    for place in pricing.rates_behind(rules):
        _bump(pricing.follow_rates(place, rules))


def _touched(task: Task) -> set[UUID]:
    """Properties with rules: the one that the event names, its room's, or all of its place."""
    if place := decode("property", task.payload.get("propertyId") or ""):
        return {place}
    return pricing.rated_properties(_room(task), task.payload.get("location"))


def _room(task: Task) -> UUID | None:
    return decode("room", task.payload.get("roomId") or "")


def _rebuilt(place: UUID, rooms: Sequence[UUID | None], tasks: Sequence[Task]) -> bool:
    """Whether searches know it now; where not, the tasks wait for their next turn."""
    try:
        rules, some = current_services().booking_context.rules, [room for room in rooms if room]
        if all(room or task.type == pricing.RATES_CHANGED for room, task in zip(rooms, tasks, strict=True)):
            follow = pricing.rebuild_rates if all(rooms) else pricing.follow_rates
            location = follow(place, rules, some)
        else:  # several of its rooms, and nobody says which
            location = pricing.rebuild_rates(place, rules)
        if _bump(location):
            return True
        reason: Exception = RuntimeError("Redis is away")
    except Exception as error:  # noqa: BLE001 whatever it is, these deliveries wait and others go on
        reason = error
    for task in tasks:
        with deliver.told(task):
            deliver.failed(task, reason)
    return False


def _bump(location: str | None) -> bool:
    return location is None or cache.bump([location])
