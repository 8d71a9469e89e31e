"""Work that follows from events and was given up: once more, when what stood in its way is mended, or dropped."""

from __future__ import annotations

import uuid

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.people import Action
from booking.infra.db import READ_COMMITTED, transaction
from booking.infra.ids import encode


@transaction(isolation=READ_COMMITTED)
def retry(actor: Actor) -> int:
    """Offer everything that was given up once more. Returns how many deliveries. Raises Forbidden."""
    people.require(actor, Action.RETRY_MESSAGES, otherwise=Forbidden)
    if number := messages.retry_given_up_deliveries():
        people.audit(actor, "messages.retried", "deliveries", after={"deliveries": number})
    return number


@transaction(isolation=READ_COMMITTED)
def settle(actor: Actor, event_id: uuid.UUID, consumer: str, *, again: bool) -> bool:
    """Offer one of them once more, or drop it for good. False where it is settled already. Raises NotFound."""
    people.require(actor, Action.RETRY_MESSAGES)
    if not messages.settle_given_up_delivery(event_id, consumer, again=again):
        return False
    shown = encode("event", event_id)
    people.audit(actor, "messages.retried" if again else "messages.dropped", shown, after={"consumer": consumer})
    return True
