"""The application: settings, ground floor, doors. Read this first."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from flask_migrate import Migrate

from booking import api, cli, doors, operations
from booking.config import Settings
from booking.domain import models
from booking.domain.bookings import Desk
from booking.domain.stays import StayRules
from booking.infra import cache, redis, replica, telemetry
from booking.infra.db import db, engine_options
from booking.infra.provider import SimulatedProvider
from booking.infra.tokens import KeyRing

__all__ = ["create_app", "models"]

VERSION = "1.0.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build one application. Contacts nothing: a missing Postgres or Redis shows itself when it is needed."""
    settings = settings or Settings.from_env()
    app = Flask("booking")

    # --- settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings),
        VERSION=VERSION,
    )

    # --- ground floor
    telemetry.configure_logging(settings.log_level)
    db.init_app(app)
    Migrate(app, db, directory="migrations", compare_type=True, compare_server_default=False)
    redis.connect(settings.redis_url, settings.cache_redis_url)
    replica.connect(settings)
    cache.use_replica(bool(settings.read_database_url))

    # --- what the doors share
    doors.install(app, settings, _desk(settings), _key_ring(settings))

    # --- doors
    api.register(app, settings)
    app.register_blueprint(operations.operations)
    cli.register(app)
    return app


def _desk(settings: Settings) -> Desk:
    return Desk(
        provider=SimulatedProvider(settings),
        rules=StayRules(settings.booking_horizon_days, settings.longest_stay_nights),
        hold_for=dt.timedelta(minutes=settings.hold_minutes),
        lock_rooms=settings.redis_lock_enabled,
    )


def _key_ring(settings: Settings) -> KeyRing:
    return KeyRing(settings.jwt_keys, settings.jwt_issuer, settings.jwt_audience, settings.access_token_seconds)
