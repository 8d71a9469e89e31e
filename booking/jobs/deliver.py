"""The jobs: claim deliveries, do their work, finish them. One that fails is tried again later; the others go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bound_contextvars

from booking.domain import messages
from booking.domain.messages import Task
from booking.infra.db import Unavailable
from booking.infra.redaction import masked
from booking.infra.telemetry import log

JOB = "booking.jobs.deliver.deliver"  # what the queue calls

stopping = threading.Event()  # set when the process should end: the delivery at hand is the last


class NoAddress(Exception):
    """Whoever it is for has left no email address, or it was erased meanwhile: nothing is sent."""


class NotYet(Exception):
    """This delivery has its turn after others. Says which."""


def deliver(name: str, event_ids: list[str]) -> None:
    """Have a consumer do its work for these events. Raises nothing: what is not finished is offered again."""
    consumer = messages.find_consumer(name)
    if consumer is None:  # of a newer version; one of its workers takes it up
        log.warning("delivery_of_unknown_consumer", consumer=name)
        return
    try:
        consumer.handle([UUID(event_id) for event_id in event_ids])
    except (Unavailable, DBAPIError) as error:
        log.warning("delivery_put_off", consumer=name, error=str(error))


def failed(task: Task, error: Exception) -> None:
    """It is tried again later."""
    # A mail server's answer quotes the guest's address: neither log nor table keeps it.
    reason = masked(f"{type(error).__name__}: {error}")
    log.warning("delivery_failed", error=type(error).__name__, smtp_code=getattr(error, "smtp_code", None))
    messages.fail_delivery(task, reason)


@contextmanager
def told(task: Task) -> Iterator[None]:
    """Log lines inside say which delivery, and which request began it all."""
    with bound_contextvars(
        request_id=task.payload.get("requestId", ""),
        event_id=str(task.event_id),
        consumer=task.consumer,
        attempt=task.attempts,
    ):
        yield
