"""Connections that go down with another one: after a restart of Postgres, all that a pool holds are dead.

SQLAlchemy sees to that where a statement goes through its own execution; `raw_sql` says here what it has lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, PoolProxiedConnection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

_AGE = "age"  # in what a pool notes about a connection: how many losses its engine had seen when it was first taken


@dataclass(slots=True)
class _Losses:
    number: int = 0


_losses: WeakKeyDictionary[Engine, _Losses] = WeakKeyDictionary()


def watch(engine: Engine) -> None:
    """From now on a connection that is older than the last loss is replaced when somebody takes it from the pool."""
    losses = _losses[engine] = _Losses()

    @event.listens_for(engine, "checkout")
    def _taken(_: DBAPIConnection, entry: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
        # Never true of one that was just made, or the pool would give up after two of them.
        if entry.info.setdefault(_AGE, losses.number) != losses.number:
            raise DisconnectionError("another connection of its age was lost")


def lose(engine: Engine, connection: PoolProxiedConnection, error: BaseException, *, others: bool = True) -> None:
    """This connection is no more, nor are the `others` of its age if their engine is watched."""
    losses, age = _losses.get(engine), connection.info.get(_AGE)
    if others and losses is not None and age is not None:
        losses.number = max(losses.number, age + 1)
    connection.invalidate(error)
