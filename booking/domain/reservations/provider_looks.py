"""Looking by ourselves for what a provider's messages should have told: refunds that somebody made in its dashboard or
that a bank sent back, and disputes.

From time to time everything that was made since the last look is listed, a day at a time, and a while before that once
more: what was pending then may be decided by now. What we do not know is acted upon as if its message had come, so
whichever of both is later finds it done.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import DISPUTES, LOOKED_FOR, NO_ANSWER, Look
from booking.domain.people import Action
from booking.domain.reservations import provider_messages
from booking.domain.reservations.context import BookingContext
from booking.infra import telemetry
from booking.infra.provider import Happened, Heard, NoAnswer, TellsByItself

ONCE_MORE = dt.timedelta(days=10)  # before the last look: for so long a bank may take over a refund
A_DAY = dt.timedelta(days=1)

Listed = Callable[[dt.datetime, dt.datetime], Sequence[Happened]]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to: how much of it was news, until when everything is known, and why it did not go on."""

    provider: str
    kind: str
    found: int
    until: dt.datetime
    error: str | None


def look(actor: Actor, context: BookingContext, *, at_once: bool = False) -> list[Looked]:
    """Look wherever it is due, or everywhere `at_once`. Raises Forbidden."""
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    done = []
    for name, provider in _telling(context).items():
        for kind in LOOKED_FOR:
            if begun := payments.begin_look(name, kind, at_once=at_once):
                done.append(_look(actor, begun, provider, context))
    return done


def _telling(context: BookingContext) -> dict[str, TellsByItself]:
    named = {**context.providers, context.provider.name: context.provider}
    return {name: provider for name, provider in named.items() if isinstance(provider, TellsByItself)}


def _look(actor: Actor, begun: Look, provider: TellsByItself, context: BookingContext) -> Looked:
    """A day that has something in it that cannot be dealt with stays to be looked at; what comes after it is not kept
    waiting.
    """
    made = provider.disputes_made if begun.kind == DISPUTES else provider.refunds_made
    found, reached, error = 0, begun.since, None
    for end, heard in _by_day(begun, made):
        told, failed = _hear_all(actor, begun, heard, context)
        found, error = found + (told if end else 0), error or failed
        if error is None and end:
            reached = max(reached, end)
        if failed and heard is None:
            break
    payments.end_look(begun, reached, error)
    if error and begun.attempts >= payments.NEVER_ENDED:
        about = {"provider": begun.provider, "kind": begun.kind, "attempts": begun.attempts}
        telemetry.log.error("provider_look_stuck", error=error, **about)
    return Looked(begun.provider, begun.kind, found, reached, error)


def _by_day(begun: Look, made: Listed) -> Iterator[tuple[dt.datetime | None, Iterable[Heard] | None]]:
    """Each day's news, and when that day ends; None in place of news where the provider does not answer.

    Ahead, without a day: disputes that are undecided as far as we know. Of them only the provider knows what is news.
    """
    if begun.kind == DISPUTES:
        yield None, payments.undecided_at(begun.provider)
    start = begun.since - ONCE_MORE
    while start < begun.now:
        end = min(start + A_DAY, begun.now)
        try:
            yield end, payments.news_of(begun.provider, begun.kind, made(start, end))
        except NoAnswer:
            yield None, None
        start = end


def _hear_all(
    actor: Actor, begun: Look, news: Iterable[Heard] | None, context: BookingContext
) -> tuple[int, str | None]:
    """How much was dealt with, and what went wrong first; whatever goes wrong with one, the next one is looked at."""
    if news is None:
        return 0, NO_ANSWER
    done, error = 0, None
    for heard in news:
        try:
            provider_messages.hear(actor, begun.provider, heard, context)
            done += 1
        except NoAnswer:
            error = error or NO_ANSWER
        except Exception as broken:  # noqa: BLE001 others must not wait for this one
            telemetry.log.error("provider_look_broke", provider=begun.provider, about=str(heard), exc_info=True)
            error = error or payments.error_text(broken)
    return done, error
