"""Deliveries of mail: each goes to the mail server as one email."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from booking.domain import messages, people
from booking.domain.messages import Task
from booking.http.services import current_services
from booking.infra.mail import Post, Undeliverable, Unreachable, mailbox
from booking.infra.mail_message import Email
from booking.infra.redaction import masked
from booking.infra.telemetry import log
from booking.jobs import deliver, mails

MAIL = messages.MAIL
ROUND_SECONDS = 10.0  # then a job leaves the rest to another one


def send(event_ids: Sequence[UUID]) -> None:
    """All are claimed at once and sent one at a time, each finished before the next is begun: a killed worker leaves
    one email in doubt, not twenty.
    """
    until, reached = time.monotonic() + ROUND_SECONDS, list[str]()
    if deliver.stopping.is_set():
        return
    waiting = deque(messages.claim_delivery(MAIL, event_ids))
    try:
        with mailbox(current_services().settings) as post:
            while waiting and not deliver.stopping.is_set() and time.monotonic() < until:
                if not _mailed(waiting.popleft(), post, reached):
                    return
    finally:
        if waiting:
            messages.put_back_delivery(list(waiting))
        if reached:
            people.forget_undeliverable(reached)


def _mailed(task: Task, post: Post, reached: list[str]) -> bool:
    """Whether the mail server is worth another try now. Who has got the email is added to those who were `reached`."""
    reachable, message = True, None
    with deliver.told(task):
        try:
            message = mails.written(task, current_services().settings)
            if message:
                post(message)
                mails.sent(task, message)
        except deliver.NotYet as reason:
            messages.fail_delivery(task, str(reason))
        except deliver.NoAddress:
            messages.finish_delivery([task], messages.NO_ADDRESS)
        except Unreachable as error:
            reachable = False
            _unsent(task, message, error)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            _unsent(task, message, error)
        else:
            _finished(task, message)
            if message:
                reached.append(message.to.typed)
    return reachable


def _finished(task: Task, message: Email | None) -> None:
    """Done; what was sent is kept with the same statement."""
    kept = mails.to_keep(task, message) if message else None
    if kept:
        messages.finish_sent_email(task, kept)
    else:
        messages.finish_delivery([task], None if message else messages.NOT_NEEDED)


def _unsent(task: Task, message: Email | None, error: Exception) -> None:
    """It is tried again, or never: staff sees what it was to say."""
    if message and (kept := mails.to_keep(task, message)):
        messages.keep_email(task, kept)
    if isinstance(error, Undeliverable):
        _given_up(task, error)
    else:
        deliver.failed(task, error)


def _given_up(task: Task, error: Undeliverable) -> None:
    if error.at_fault:
        people.note_undeliverable(error.address, error.code)
    log.warning("mail_undeliverable", kind=task.type, code=error.code, address_at_fault=error.at_fault)
    messages.give_up_delivery(task, masked(f"undeliverable: {error}"))
