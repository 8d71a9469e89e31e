"""The simulated provider keeps what it has said, as a real one does."""

from __future__ import annotations

from flask import Flask

from booking.infra.provider import SimulatedProvider


def test_its_entries_are_as_durable_as_everything_else(app: Flask) -> None:
    """Its answer may be written down after Postgres was killed, which takes away what had not reached the disk."""
    provider = app.extensions["services"].booking_context.provider
    assert isinstance(provider, SimulatedProvider)
    provider.engine.dispose()  # a test before this one may have killed Postgres under its connections
    with provider.engine.connect() as connection:
        settings = connection.exec_driver_sql(
            "SELECT name FROM pg_settings WHERE source = 'client' AND name IN ('synchronous_commit', 'fsync')"
        )
        assert settings.all() == []
