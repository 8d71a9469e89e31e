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
    reachable = True
    with deliver.told(task):
        try:
            address = mails.handle(task, post, current_services().settings)
        except deliver.NotYet as reason:
            messages.fail_delivery(task, str(reason))
        except deliver.NoAddress:
            messages.finish_delivery([task], messages.NO_ADDRESS)
        except Unreachable as error:
            reachable = False
            deliver.failed(task, error)
        except Undeliverable as error:
            _given_up(task, error)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            deliver.failed(task, error)
        else:
            messages.finish_delivery([task], None if address else messages.NOT_NEEDED)
            if address:
                reached.append(address)
    return reachable


def _given_up(task: Task, error: Undeliverable) -> None:
    if error.at_fault:
        people.note_undeliverable(error.address, error.code)
    log.warning("mail_undeliverable", kind=task.type, code=error.code, address_at_fault=error.at_fault)
    messages.give_up_delivery(task, masked(f"undeliverable: {error}"))
