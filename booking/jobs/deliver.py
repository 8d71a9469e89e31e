"""The jobs: claim deliveries, do their work, finish them. One that fails is tried again later; the others go on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bound_contextvars

from booking.domain import catalogue, messages, people
from booking.domain.messages import CACHE, MAIL, Task
from booking.http.services import current_services
from booking.infra import cache
from booking.infra.db import Unavailable
from booking.infra.mail import Post, Undeliverable, Unreachable, mailbox
from booking.infra.redaction import masked
from booking.infra.telemetry import log
from booking.jobs import mails

JOB = "booking.jobs.deliver.deliver"  # what the queue calls
BATCHES = {MAIL: 20, CACHE: 200}  # deliveries per job
ROUND_SECONDS = 10.0  # then a job leaves the rest to another one

stopping = threading.Event()  # set when the process should end: the delivery at hand is the last


def deliver(consumer: str, event_ids: list[str]) -> None:
    """Do the work of `consumer` for these events. Raises nothing: what is not finished is offered again."""
    try:
        CONSUMERS[consumer]([UUID(event_id) for event_id in event_ids])
    except (Unavailable, DBAPIError) as error:
        log.warning("delivery_put_off", consumer=consumer, error=str(error))


def deliver_mail(event_ids: list[UUID]) -> None:
    """One at a time, so that a killed worker leaves one mail in doubt, not twenty."""
    until = time.monotonic() + ROUND_SECONDS
    with mailbox(current_services().settings) as post:
        for event_id in event_ids:
            if stopping.is_set() or time.monotonic() > until:
                return
            for task in messages.claim_delivery(MAIL, [event_id]):
                if not _mailed(task, post):
                    return


def _mailed(task: Task, post: Post) -> bool:
    """Whether the mail server is worth another try now."""
    reachable = True
    with _told(task):
        try:
            reached = mails.handle(task, post, current_services().settings)
        except Unreachable as error:
            reachable = False
            _failed(task, error)
        except Undeliverable as error:
            _given_up(task, error)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            _failed(task, error)
        else:
            if reached:
                people.forget_undeliverable(reached)
            messages.finish_delivery([task])
    return reachable


def refresh_cache(event_ids: list[UUID]) -> None:
    """Forget what was read before these changes. (The change itself told the cache; this is for when it could not.)"""
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
    with _told(task):
        try:
            if task.type == "room.updated" and task.payload.get("roomId"):
                catalogue.forget_room(task.payload["roomId"])
            return _place(task)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            _failed(task, error)
            return None


def _place(task: Task) -> str:
    place = task.payload.get("location")
    if not isinstance(place, str):
        raise TypeError("the event does not say where")
    return place


def _failed(task: Task, error: Exception) -> None:
    # A mail server's answer quotes the guest's address: neither log nor table keeps it.
    reason = masked(f"{type(error).__name__}: {error}")
    log.warning("delivery_failed", error=type(error).__name__, smtp_code=getattr(error, "smtp_code", None))
    messages.fail_delivery(task, reason)


def _given_up(task: Task, error: Undeliverable) -> None:
    if error.at_fault:
        people.note_undeliverable(error.address, error.code)
    log.warning("mail_undeliverable", kind=task.type, code=error.code, address_at_fault=error.at_fault)
    messages.give_up_delivery(task, masked(f"undeliverable: {error}"))


@contextmanager
def _told(task: Task) -> Iterator[None]:
    """Log lines inside say which delivery, and which request began it all."""
    with bound_contextvars(
        request_id=task.payload.get("requestId", ""),
        event_id=str(task.event_id),
        consumer=task.consumer,
        attempt=task.attempts,
    ):
        yield


CONSUMERS: dict[str, Callable[[list[UUID]], None]] = {MAIL: deliver_mail, CACHE: refresh_cache}
