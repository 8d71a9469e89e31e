"""One of many: an advisory lock in Postgres says which process does the work that only one should do.

The lock lives as long as its connection, so that a process killed in any way gives it up at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from booking.infra.db import AUTOCOMMIT

# A host that vanished without a word counts as gone after a few seconds, at both ends' expense of nothing.
CONNECT_ARGS = {
    "connect_timeout": 3,
    "application_name": "room-booking-ticker",
    "options": "-c statement_timeout=5s",
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}


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
        self._key = key
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Is the right ours now? Takes it when nobody has it. Raises DBAPIError while Postgres is away."""
        try:
            return self._still_held() if self._connection else self._taken()
        except DBAPIError:
            self.give_up()
            raise

    def give_up(self) -> None:
        """Let another process have it."""
        connection, self._connection = self._connection, None
        if connection:
            connection.invalidate()  # closes the socket; Postgres frees the lock with it
            connection.close()

    def _still_held(self) -> bool:
        assert self._connection
        self._connection.execute(select(1))
        return True

    def _taken(self) -> bool:
        connection = self._engine.connect()
        try:
            taken = bool(connection.scalar(select(func.pg_try_advisory_lock(self._key))))
        except BaseException:
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken
