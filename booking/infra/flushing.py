"""A commit that does not wait for the disk, because another one will before anybody is told of it."""

from __future__ import annotations

from sqlalchemy import text

from booking.infra.db import defer

_WITH_NEXT = text("SET LOCAL synchronous_commit = off")


def flush_with_next() -> None:
    """The running transaction is on the disk once a later one is. Where Postgres dies before that, it never was."""
    defer(_WITH_NEXT, {})
