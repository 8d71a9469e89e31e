"""What the ground floor can do now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from booking.infra import telemetry
from booking.infra.db import db
from booking.infra.redis import servers

# Under the C locale trigrams find nothing in Hebrew or Japanese (libc C.UTF-8 is right).
TRIGRAMS = text("SELECT array_length(show_trgm('שלום'), 1) > 0")


PATIENCE = 3.0  # seconds
_asking = ThreadPoolExecutor(max_workers=2, thread_name_prefix="readiness")


class WrongLocale(RuntimeError):
    """The database cannot search words of all languages."""


def check() -> tuple[bool, list[str]]:
    """Whether bookings can be made, and what is missing otherwise: "postgres", "redis", "cache"."""
    works = _postgres()
    away = [] if works else ["postgres"]
    if not servers.main.answers():
        away.append("redis")
    if servers.cache is not servers.main and not servers.cache.answers():
        away.append("cache")
    return works, away


def require_locale() -> None:
    """Refuse to start on a database whose locale breaks searching; one that cannot be reached is left to readiness."""
    try:
        with db.engine.connect() as connection:
            fit = connection.execute(TRIGRAMS).scalar()
    except (DBAPIError, PoolTimeout) as error:
        telemetry.log.warning("locale_unchecked", error=str(error.__cause__ or error).strip())
        return
    if not fit:
        raise WrongLocale("The database needs the libc locale C.UTF-8: create it with LOCALE 'C.UTF-8' from template0.")


def _postgres() -> bool:
    """Whether it answers in time: one that is stopped rather than dead would keep the question waiting for ever."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own method
    try:
        return _asking.submit(_sells, app).result(PATIENCE)
    except TimeoutError:
        telemetry.log.warning("postgres_silent", seconds=PATIENCE)
        return False


def _sells(app: Flask) -> bool:
    with app.app_context():
        return _is_primary()


def _is_primary() -> bool:
    try:
        with db.engine.connect() as connection:
            # A standby answers, but cannot sell.
            return not connection.execute(text("SELECT pg_is_in_recovery()")).scalar()
    except (DBAPIError, PoolTimeout) as error:
        telemetry.log.warning("postgres_unavailable", error=str(error.__cause__ or error).strip())
        return False
