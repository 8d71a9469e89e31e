"""Work that follows from events and was given up: once more, by somebody who has mended what stood in its way."""

from __future__ import annotations

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.people import Action
from booking.infra.db import READ_COMMITTED, transaction


@transaction(isolation=READ_COMMITTED)
def retry(actor: Actor) -> int:
    """Offer everything that was given up once more. Returns how many deliveries. Raises Forbidden."""
    people.require(actor, Action.RETRY_MESSAGES, otherwise=Forbidden)
    if number := messages.retry_given_up_deliveries():
        people.audit(actor, "messages.retried", "deliveries", after={"deliveries": number})
    return number
