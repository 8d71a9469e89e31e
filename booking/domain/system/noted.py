"""The newest of what the system has noted of itself: backups by the worker, drills by their command, the doctor's
findings by whoever asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.people import Action
from booking.domain.system.noted_models import NotedFacts
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, db, transaction

BACKUPS, DRILL, DOCTOR = NAMES = ("backups", "drill", "doctor")


@dataclass(frozen=True, slots=True)
class Noted:
    """What was noted, and when."""

    facts: Mapping[str, Any]
    at: dt.datetime


@transaction(isolation=READ_COMMITTED)
def note(actor: Actor, name: str, facts: Mapping[str, Any]) -> None:
    """In the place of what was noted before. Raises NotFound for who may not look after the system."""
    people.require(actor, Action.KEEP_SYSTEM)
    row = {"facts": dict(facts), "noted_at": sql_now()}
    put = insert(NotedFacts).values(name=name, **row)
    db.session.execute(put.on_conflict_do_update(index_elements=["name"], set_=row))


def all_of_it() -> dict[str, Noted]:
    """By name, inside the caller's transaction."""
    return {row.name: Noted(row.facts, row.noted_at) for row in db.session.scalars(select(NotedFacts))}
