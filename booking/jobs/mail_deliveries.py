"""Deliveries of mail: each goes to the mail server as one email."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

from booking.domain import messages, people
from booking.domain.messages import Task
from booking.http.services import current_services
from booking.infra.mail import Post, Undeliverable, Unreachable, mailbox
from booking.infra.redaction import masked
from booking.infra.telemetry import log
from booking.jobs import deliver, mails

MAIL = "mail"
ROUND_SECONDS = 10.0  # then a job leaves the rest to another one


def send(event_ids: Sequence[UUID]) -> None:
    """One at a time, so that a killed worker leaves one mail in doubt, not twenty."""
    until, done = time.monotonic() + ROUND_SECONDS, list[Task]()
    try:
        with mailbox(current_services().settings) as post:
            for event_id in event_ids:
                if deliver.stopping.is_set() or time.monotonic() > until:
                    return
                claimed = messages.claim_delivery(MAIL, [event_id], done=done)
                done.clear()
                for task in claimed:
                    if not _mailed(task, post, done):
                        return
    finally:
        if done:
            messages.finish_delivery(done)


def _mailed(task: Task, post: Post, done: list[Task]) -> bool:
    """Whether the mail server is worth another try now. What needs no other is `done`, to be finished with the next."""
    reachable = True
    with deliver.told(task):
        try:
            reached = mails.handle(task, post, current_services().settings)
        except deliver.NotYet as reason:
            messages.fail_delivery(task, str(reason))
        except Unreachable as error:
            reachable = False
            deliver.failed(task, error)
        except Undeliverable as error:
            _given_up(task, error)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            deliver.failed(task, error)
        else:
            done.append(task)
            if reached:
                people.forget_undeliverable(reached)
    return reachable


def _given_up(task: Task, error: Undeliverable) -> None:
    if error.at_fault:
        people.note_undeliverable(error.address, error.code)
    log.warning("mail_undeliverable", kind=task.type, code=error.code, address_at_fault=error.at_fault)
    messages.give_up_delivery(task, masked(f"undeliverable: {error}"))
