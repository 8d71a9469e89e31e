"""The clock of the house: hands events to the queue, ends holds, settles unknown payments, prunes.

Any number may run; one works, whoever holds the advisory lock. It needs no Redis. Chores have threads of their own, so
that a slow payment provider delays no mail.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from uuid import UUID

from flask import Flask
from sqlalchemy.exc import DBAPIError

from booking.config import Settings
from booking.domain import correspondence, figures, maintenance, messages, people, reservations, system
from booking.domain.actors import Actor
from booking.http.services import current_services
from booking.infra import sent_mails
from booking.infra.db import Unavailable
from booking.infra.leader import Leadership
from booking.infra.queue import Jobs
from booking.infra.telemetry import log
from booking.jobs import deliver, demo_days, invoices, photo_sizes, rates

WORKER = Actor.system("worker")
LOCK_KEY = 0x7469636B6572  # "ticker"
BATCH = 500
# Enough to keep workers busy; the rest waits in Postgres, where nothing is offered twice.
QUEUE_FULL = 100
PRUNE_SECONDS = 3600.0
DEMO_SECONDS = 300.0
RATES_SECONDS = 600.0
ALERT_SECONDS = 60.0
FIGURES_SECONDS = 15.0
FIGURES_AT_ONCE = 1.0  # seconds: a history of years is counted at first, and nobody who books is to notice
ARRIVALS_SECONDS = 300.0  # how often guests are looked for who are to be texted before they come
ARCHIVE_SECONDS = 900.0  # the backups are looked at from farther away
LOOK_AT_PROVIDER_SECONDS = 60.0  # whether it is due; the look itself says when the next one is
PAYMENT_SWEEPERS = 3  # beside each other: a provider that hangs keeps only one of them waiting
LOOK_SECONDS = 1.0  # how often leadership is looked after


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every: float  # seconds
    work: Callable[[], object]


class Ticker:
    """start() it, then stop() it: chores run in the background as long as this process leads."""

    def __init__(self, app: Flask, chores: list[Chore], leadership: Leadership) -> None:
        self._app, self._leadership = app, leadership
        self._leading, self._stopping = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._lead, name="leader", daemon=True)] + [
            threading.Thread(target=self._repeat, args=(chore,), name=chore.name, daemon=True) for chore in chores
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, patience: float = 1.0) -> None:
        """No new chore begins; running ones get `patience` seconds. What they leave undone, the next leader does."""
        self._stopping.set()
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._leadership.give_up()

    def _lead(self) -> None:
        away = False
        while not self._stopping.is_set():
            try:
                self._note(self._leadership.held())
                away = False
            except (DBAPIError, Unavailable) as error:
                self._note(False)
                if not away:
                    log.warning("ticker_without_postgres", error=str(getattr(error, "orig", error)).strip())
                away = True
            self._stopping.wait(LOOK_SECONDS)

    def _note(self, leads: bool) -> None:
        if leads and not self._leading.is_set():
            log.info("ticker_leads")
            self._leading.set()
        elif not leads and self._leading.is_set():
            log.info("ticker_follows")
            self._leading.clear()

    def _repeat(self, chore: Chore) -> None:
        broken = False
        while not self._stopping.wait(chore.every if self._leading.is_set() else min(chore.every, LOOK_SECONDS)):
            if self._leading.is_set():
                broken = self._run(chore, broken)

    def _run(self, chore: Chore, broken: bool) -> bool:
        """Whether it broke. Said once, not every second: it is tried again anyway."""
        try:
            with self._app.app_context():
                chore.work()
        except Exception as error:  # noqa: BLE001 the next turn may go better, and other chores go on
            log.warning("chore_failed", chore=chore.name, error=f"{type(error).__name__}: {error}", exc_info=not broken)
            return True
        if broken:
            log.info("chore_works_again", chore=chore.name)
        return False


def build(app: Flask) -> Ticker:
    """The ticker with all its chores."""
    with app.app_context():
        settings = current_services().settings
    outbox = Chore("outbox", settings.ticker_seconds, partial(hand_over, Jobs(settings.redis_url)))
    return Ticker(app, [outbox, *chores(settings)], Leadership(settings.database_url, LOCK_KEY))


def chores(settings: Settings) -> list[Chore]:
    """What is to be done from time to time."""
    return [
        Chore("holds", settings.sweep_seconds, lambda: until_done(partial(reservations.expire_holds, WORKER), 100)),
        *(Chore("payments", settings.sweep_seconds, recover) for _ in range(PAYMENT_SWEEPERS)),
        Chore("provider", LOOK_AT_PROVIDER_SECONDS, look_at_providers),
        Chore("alerts", ALERT_SECONDS, partial(system.look_for_alerts, WORKER, settings)),
        Chore("backup_alerts", ARCHIVE_SECONDS, partial(system.look_for_alerts, WORKER, settings, seldom=True)),
        Chore("invoices", settings.ticker_seconds, invoices.catch_up),
        Chore("news", ALERT_SECONDS, partial(system.tell_news, WORKER)),
        Chore("email_changes", PRUNE_SECONDS, lambda: until_done(partial(people.finish_email_changes, WORKER), 100)),
        Chore("prune", PRUNE_SECONDS, partial(prune, settings.mail_dir)),
        Chore("prune_alerts", PRUNE_SECONDS, lambda: until_done(partial(system.prune_alerts, WORKER), 500)),
        Chore("rates", RATES_SECONDS, partial(rates.keep, WORKER)),
        Chore("figures", FIGURES_SECONDS, count_figures),
        Chore("weekly_figures", ALERT_SECONDS, partial(figures.tell_weekly, WORKER)),
        Chore("blocked_nights", PRUNE_SECONDS, partial(figures.keep_blocked, WORKER)),
        Chore("photos", settings.ticker_seconds, photo_sizes.make),
        Chore("photo_files", PRUNE_SECONDS, photo_sizes.sweep),
        *([Chore("arrivals", ARRIVALS_SECONDS, tell_arrivals)] if settings.sends_texts else []),
        *([Chore("demo", DEMO_SECONDS, demo_days.play)] if settings.plays_demo else []),
    ]


def hand_over(jobs: Jobs) -> int:
    """Write deliveries for new events, and offer what is due to the queue while it takes any. Returns how many."""
    offered, relayed = 0, BATCH
    while relayed >= BATCH:
        relayed, work = messages.relay_events(BATCH, offered=_takes_more(jobs))
        offered += _put(jobs, work)
    # due() puts off what it returns, so it is asked only when the queue can take it.
    while _takes_more(jobs):
        work = messages.due_deliveries(BATCH)
        offered += _put(jobs, work)
        if len(work) < BATCH:
            break
    return offered


def _takes_more(jobs: Jobs) -> bool:
    waiting = jobs.waiting()
    return waiting is not None and waiting < QUEUE_FULL


def _put(jobs: Jobs, work: Sequence[tuple[str, UUID]]) -> int:
    if work:
        jobs.put(deliver.JOB, batches(work))
    return len(work)


def batches(work: Sequence[tuple[str, UUID]]) -> Iterator[list[object]]:
    """[consumer, [event ids as text]] in portions of that consumer's size; `work` is sorted by consumer."""
    for name, items in groupby(work, key=lambda item: item[0]):
        ids, consumer = (str(event_id) for _, event_id in items), messages.find_consumer(name)
        while consumer and (portion := list(islice(ids, consumer.batch))):
            yield [name, portion]


def until_done(work: Callable[[int], int], limit: int) -> None:
    """Again and again, until a round finds less than it could take."""
    while work(limit) >= limit:
        pass


def recover() -> None:
    """Settle payments whose outcome nobody knows; charge what is due by now of orders whose deposit was paid, remind of
    what will be, and cancel what was not paid in time.
    """
    context = current_services().booking_context
    reservations.recover_payments(WORKER, context)
    reservations.charge_balances(WORKER, context)
    reservations.remind_of_balances(WORKER)
    reservations.cancel_unpaid(WORKER, context)


def count_figures() -> None:
    """Count what has been sold since, and at first everything."""
    figures.keep_all(WORKER, current_services().booking_context.rules, seconds=FIGURES_AT_ONCE)


def tell_arrivals() -> None:
    """Have guests texted who come soon."""
    until_done(partial(correspondence.tell_arrivals, WORKER), 200)


def look_at_providers() -> None:
    """Find what a provider's messages have not told, where it is due: once an hour."""
    for looked in reservations.look_at_providers(WORKER, current_services().booking_context):
        if looked.found:
            log.warning("provider_did_not_tell", provider=looked.provider, kind=looked.kind, found=looked.found)


def prune(mail_dir: str = "") -> None:
    """Forget what is older than it should be, in small portions."""
    settings = current_services().settings
    done = maintenance.prune(
        WORKER,
        dt.timedelta(days=settings.security_events_days),
        guest_contacts=dt.timedelta(days=settings.guest_contact_days),
        register_days=settings.guest_register_days or None,
    )
    if mail_dir and (files := sent_mails.prune(mail_dir)):
        done["mail_files"] = files
    if done:
        log.info("pruned", **done)
