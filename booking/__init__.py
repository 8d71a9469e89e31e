"""The application: settings, ground floor, doors. Read this first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from booking.config import Settings

VERSION = "1.0.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Build one application. Contacts nothing: a missing Postgres or Redis shows itself when it is needed."""
    # Imported here: the launcher lives in this package too, and must be quick to heed a Ctrl-C.
    from booking import admin, api, cli, pages, web
    from booking.config import Settings
    from booking.http import error_rendering, language, limits, operations, requests, services
    from booking.http.application import Application, cookie_keys
    from booking.infra import cache, deadline, redis, replica, secret_keys, storage, telemetry
    from booking.infra.db import bind_options, db, engine_options, watch_engines
    from booking.jobs import consumers

    settings = settings or Settings.from_env()
    app = Application("booking")

    # --- settings
    app.config.update(
        **cookie_keys(secret_keys.ring(settings.secret_keys, secret_keys.COOKIES), settings.secret_keys),
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings, transactions=True),
        SQLALCHEMY_BINDS=bind_options(settings),
        VERSION=VERSION,
    )

    # --- ground floor
    telemetry.configure_logging(settings.log_level)
    db.init_app(app)
    deadline.configure(settings.granian_blocking_threads)
    with app.app_context():
        watch_engines(settings)
    redis.connect(app, settings.redis_url, settings.cache_redis_url)
    replica.connect(app, settings)
    storage.connect(app, settings)
    cache.configure(app, replica=bool(settings.read_database_url), users=settings.session_cache_seconds > 0)

    # --- what the doors share
    language.install(app)
    services.install(app, settings)
    requests.install(app, settings)
    limits.install(app, settings)

    # --- doors
    pages.install(app, settings)
    web.register(app, settings)
    admin.register(app)
    api.register(app)
    error_rendering.show_errors(app, api=api.RENDERER, web=pages.RENDERER)
    pages.csrf.exempt(api.blueprint)  # programs send a bearer token, never a cookie
    app.register_blueprint(operations.operations)
    cli.register(app)
    consumers.register()
    return app
