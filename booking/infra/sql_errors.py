"""What an error of Postgres says: its code, which constraint refused, whether trying again can help."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

# Serialization failure and deadlock: the work may simply be done again (Postgres manual §13.5).
RETRYABLE = {"40001", "40P01"}
UNIQUE_VIOLATION = "23505"

# What Postgres says where it cannot work, whatever it is asked (manual, appendix A). Trying at once would not help.
READ_ONLY, STANDBY, NOT_NOW = "25006", "0A000", "55000"
TOO_LONG = {"55P03", "57014", "25P03"}  # lock_timeout, statement_timeout, idle_in_transaction_session_timeout
SHORT_OF = ("53", "58")  # disk, memory, connections; the operating system failed


def sqlstate(error: DBAPIError) -> str | None:
    """Postgres' five-character code, None where the server said nothing."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)


def constraint_name(error: DBAPIError) -> str | None:
    """The constraint that refused the row."""
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def lost_connection(error: DBAPIError) -> bool:
    """True where the server went away or could not be reached: the statement itself was not refused."""
    # 57P01-57P03: shutting down, crashed, starting up. No code at all: the socket failed.
    state = sqlstate(error)
    return (
        error.connection_invalidated
        or state in {"57P01", "57P02", "57P03"}
        or (state is None and type(error.orig).__name__ == "OperationalError")
    )


def cannot_work(error: DBAPIError) -> bool:
    """True where it is the server that cannot: read-only, a standby, its disk full, no memory or connection left."""
    state = sqlstate(error) or ""
    if state in {STANDBY, NOT_NOW}:  # these have other causes, too, which would be faults of ours
        return any(word in str(error.orig) for word in ("standby", "recovery"))
    return state == READ_ONLY or state.startswith(SHORT_OF)


def is_read_only(error: BaseException | None) -> bool:
    """True where Postgres refused because it takes no writes."""
    return isinstance(error, DBAPIError) and sqlstate(error) == READ_ONLY
