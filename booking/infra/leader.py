"""One of many: an advisory lock in Postgres says which process does the work that only one should do.

The lock lives as long as its connection, so that a process killed in any way gives it up at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from booking.infra import db, deadline, watchdog
from booking.infra.db import AUTOCOMMIT, Unavailable

CONNECT_ARGS = {
    **db.CONNECT_ARGS,
    "connect_timeout": 3,
    "application_name": "room-booking-ticker",
    "options": "-c statement_timeout=5s",
}
PATIENCE = 5.0  # seconds for one question

_LEADERS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity a USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND a.application_name = :name AND a.datname = current_database()"
)


def is_there(opened: Connection) -> bool:
    """Whether some process has the right, as this database knows it."""
    return bool(opened.scalar(_LEADERS, {"name": CONNECT_ARGS["application_name"]}))


class Leadership:
    """The right to do the work, on a connection of its own."""

    def __init__(self, database_url: str, key: int) -> None:
        self._engine = create_engine(
            database_url,
            poolclass=NullPool,
            isolation_level=AUTOCOMMIT,
            connect_args=CONNECT_ARGS,
            hide_parameters=True,
        )
        self._postgres = watchdog.watch_kept(self._engine, database_url)
        self._key = key
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Is the right ours now? Takes it when nobody has it. Raises DBAPIError, Unavailable while Postgres is away."""
        try:
            with deadline.limit(PATIENCE):
                return self._still_held(self._connection) if self._connection else self._taken()
        except (DBAPIError, Unavailable):
            self.give_up()
            raise

    def give_up(self) -> None:
        """Let another process have it."""
        connection, self._connection = self._connection, None
        if connection:
            connection.invalidate()  # closes the socket; Postgres frees the lock with it
            connection.close()

    def _still_held(self, connection: Connection) -> bool:
        with watchdog.question(self._postgres, connection):
            connection.execute(select(1))
        return True

    def _taken(self) -> bool:
        connection = self._engine.connect()
        try:
            with watchdog.question(self._postgres, connection):
                taken = bool(connection.scalar(select(func.pg_try_advisory_lock(self._key))))
        except BaseException:
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken
