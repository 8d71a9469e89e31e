"""Deliveries of text messages: each goes to the provider once, by day, and only to who still wants it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from uuid import UUID

from booking.domain import messages, texting
from booking.domain.actors import Actor
from booking.domain.messages import Task
from booking.domain.texting import TextDraft
from booking.http.services import current_services
from booking.infra import clock, ids
from booking.infra.telemetry import log
from booking.infra.texting import Texter, TextRefused
from booking.jobs import deliver, texts
from booking.jobs.account_mails import site

WORKER = Actor.system("worker")
ROUND_SECONDS = 20.0  # then a job leaves the rest to another one: an answer may take 11 s


def send(event_ids: Sequence[UUID]) -> None:
    """One at a time, each finished before the next is begun; nothing is done where nobody sends text messages."""
    until = time.monotonic() + ROUND_SECONDS
    if deliver.stopping.is_set():
        return
    waiting = deque(messages.claim_delivery(texting.TEXT, event_ids))
    try:
        while waiting and not deliver.stopping.is_set() and time.monotonic() < until:
            _texted(waiting.popleft())
    finally:
        if waiting:
            messages.put_back_delivery(list(waiting))


def _texted(task: Task) -> None:
    with deliver.told(task):
        try:
            _send(task, current_services().texter)
        except TextRefused as refusal:
            log.warning("text_refused", kind=task.type, code=refusal.code)
            messages.give_up_delivery(task, f"refused: {refusal.code}")
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            deliver.failed(task, error)


def _send(task: Task, texter: Texter | None) -> None:
    """Raises TextRefused, TextingAway."""
    settings = current_services().settings
    draft = texts.written(task, settings, texter) if texter else None
    night_ends = texting.quiet_until(clock.now(), draft.time_zone) if draft and draft.time_zone else None
    if night_ends:
        messages.postpone_delivery(task, night_ends)
    elif texter is None or draft is None or not texting.keep_text(task, draft):
        messages.finish_delivery([task], messages.NOT_NEEDED)
    else:
        reference = _out(task, draft, texter, f"{site(settings)}/webhooks/twilio/status/{_shown(task)}")
        texting.note_text_sent(task, texter.name, reference)
        messages.finish_delivery([task])
        log.info("text_sent", kind=draft.kind, segments=draft.segments, reference=reference)


def _out(task: Task, draft: TextDraft, texter: Texter, status_url: str) -> str:
    """The provider's reference. Of an earlier try nobody may know whether it went out: then that is asked first."""
    before = texter.find(draft.number, draft.text, task.occurred_at) if task.attempts > 1 else None
    try:
        return before or texter.send(draft.number, draft.text, status_url)
    except TextRefused as refusal:
        if refusal.stopped:
            texting.stop_texts(WORKER, draft.number)
        raise


def _shown(task: Task) -> str:
    return ids.encode("text", task.event_id)
