"""What consumers have still to do: told something more about it, and asked whether it is done."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from booking.domain.messages import consumers
from booking.domain.messages.models import DONE, GIVEN_UP, Delivery, Event
from booking.domain.messages.outbox import GIVE_UP_AFTER
from booking.infra import clock
from booking.infra.db import db, reading
from booking.infra.ids import first_id_at


def tell_more(key: str, values: Sequence[str], more: dict[str, str]) -> None:
    """Inside the caller's transaction: add facts to the payload of every event that may still be worked on and has
    one of these values. A task that is claimed already finds them by find_fact().
    """
    db.session.execute(
        update(Event)
        .where(_is_recent(), Event.payload[key].astext.in_(values))
        .values(payload=Event.payload.concat(literal(more, JSONB)))
        .execution_options(synchronize_session=False)
    )


@reading
def find_fact(event_id: uuid.UUID, key: str) -> str | None:
    """What the event's payload says now, which may be more than when its delivery was claimed."""
    return db.session.scalar(select(Event.payload[key].astext).where(Event.id == event_id))


@reading
def is_unfinished(consumer: str, key: str, value: str, *, besides: uuid.UUID) -> bool:
    """Whether the consumer has still to do something about another event with this value."""
    known = consumers.find(consumer)
    over = exists().where(
        Delivery.event_id == Event.id, Delivery.consumer == consumer, Delivery.state.in_((DONE, GIVEN_UP))
    )
    others = (_is_recent(), Event.id != besides, Event.type.in_(known.events if known else ()))
    return bool(db.session.scalar(select(exists().where(*others, Event.payload[key].astext == value, ~over))))


def _is_recent() -> ColumnElement[bool]:
    """Younger than what is given up for its age."""
    return Event.id >= first_id_at(clock.now() - GIVE_UP_AFTER)
