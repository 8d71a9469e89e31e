"""Who does something about what: the registry of consumers, and the only list of them.

A consumer subscribes to event types. Each of its events becomes a delivery of its own, which `handle` claims, does and
finishes; what it leaves undone is offered again. Who can do the work registers it: the doors, when all is put together.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consumer:
    """`name` stands in its deliveries, at most 32 characters; `batch` is how many one job gets.

    `done` says which of its events need nothing any more, before they become deliveries.
    """

    name: str
    events: frozenset[str]
    handle: Callable[[Sequence[uuid.UUID]], None]
    batch: int = 100
    done: Callable[[Sequence[uuid.UUID]], Collection[uuid.UUID]] | None = None


_registered: dict[str, Consumer] = {}


def register(consumer: Consumer) -> None:
    """From now on its events become deliveries. The same one may register again; another of its name may not."""
    if _registered.setdefault(consumer.name, consumer) != consumer:
        raise ValueError(consumer.name)


def registered() -> list[Consumer]:
    """All consumers, in the order of their names."""
    return sorted(_registered.values(), key=lambda consumer: consumer.name)


def find(name: str) -> Consumer | None:
    """The consumer of that name; None where another version of the program knows it."""
    return _registered.get(name)


def names() -> list[str]:
    return [consumer.name for consumer in registered()]


def to_be_told(events: Iterable[tuple[uuid.UUID, str]]) -> list[tuple[uuid.UUID, str]]:
    """(event id, name of a consumer) of the work that these events, with their types, are to somebody."""
    work, events = [], list(events)
    for consumer in registered():
        mine = [event_id for event_id, kind in events if kind in consumer.events]
        done = consumer.done(mine) if consumer.done and mine else ()
        work += [(event_id, consumer.name) for event_id in mine if event_id not in done]
    return work
