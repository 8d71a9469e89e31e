"""All that the doctor looks at, for the command that asks it and for the page that shows what it said.

It needs nothing of the application.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import Connection

from booking.config import Settings
from booking.domain import maintenance
from booking.http import words
from booking.infra.doctor import backups, edge, environment, photos, post, postgres, texts, valkey
from booking.infra.doctor.report import Check, Diagnosis


def plan(settings: Settings, problems: list[str]) -> list[Check]:
    """All checks, in the order in which they are shown."""
    return [
        Check("settings", partial(environment.settings, settings, problems)),
        Check("libraries", environment.libraries),
        Check("folders", partial(environment.folders, settings, os.environ)),
        Check("photos", partial(photos.place, settings)),
        Check("database", partial(postgres.reachable, settings)),
        _asking("durability", postgres.durable, settings),
        _asking("locale", postgres.locale, settings),
        _asking("migrations", postgres.migrations, settings),
        _asking("roles", postgres.roles, settings),
        _asking("clock", postgres.clocks, settings),
        _asking("time zones", postgres.time_zones, settings, needs="migrations"),
        Check("replica", partial(postgres.replica, settings)),
        Check("redis", partial(valkey.main, settings)),
        Check("cache", partial(valkey.cache, settings), needs="redis" if valkey.shared(settings) else ""),
        Check("queue", partial(valkey.waiting, settings), needs="redis"),
        Check("email", partial(post.office, settings)),
        *([Check("texts", partial(texts.office, settings))] if settings.sends_texts else []),
        *([Check("proxy", partial(edge.proxy, settings))] if settings.trusted_proxies else []),
        Check("archive", partial(backups.archive, settings)),
        _asking("wal", backups.wal, settings),
        _asking("worker", postgres.worker, settings),
        _asking("outbox", _in_words(maintenance.overdue_messages), settings, needs="migrations"),
        _asking("photo sizes", _in_words(maintenance.overdue_photos), settings, needs="migrations"),
        _asking("holds", _in_words(maintenance.overdue_holds), settings, needs="migrations"),
        _asking("payments", _in_words(maintenance.overdue_payments), settings, needs="migrations"),
    ]


def _asking(name: str, look: postgres.Look, settings: Settings, *, needs: str = "database") -> Check:
    return Check(name, partial(_ask, look, settings), needs)


def _ask(look: postgres.Look, settings: Settings) -> Iterator[Diagnosis]:
    with postgres.connection(settings.database_url) as opened:
        yield from look(opened, settings)


def _in_words(look: Callable[[Connection, Settings], Iterator[maintenance.Observation]]) -> postgres.Look:
    """What the domain has seen, as a diagnosis."""

    def looked(opened: Connection, settings: Settings) -> Iterator[Diagnosis]:
        for seen in look(opened, settings):
            yield Diagnosis(seen.state, words.told(seen.finding), words.told(seen.advice) if seen.advice else "")

    return looked
