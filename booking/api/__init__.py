"""The JSON API, /api/v1. Its contract is made from these declarations: /api/v1/openapi.json, /api/docs for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

from booking.api import auth, bookings, changes, docs, health, invoices, messages, orders, places, rooms
from booking.api.endpoint import blueprint
from booking.api.errors import RENDERER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Importing the modules declares their endpoints.
__all__ = [
    "RENDERER",
    "auth",
    "blueprint",
    "bookings",
    "changes",
    "docs",
    "health",
    "invoices",
    "messages",
    "orders",
    "places",
    "rooms",
]

PREFIX = "/api/v1"


def register(app: Flask) -> None:
    """Hang the API into the application."""
    app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.wsgi_app = _OnePrefix(app.wsgi_app)  # type: ignore[method-assign]


class _OnePrefix:
    """/api/... is /api/v1/..., with a slash at the end or none: rewritten before routing, so every path exists once."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/api/") and not path.startswith(PREFIX + "/"):
            path = environ["PATH_INFO"] = PREFIX + path.removeprefix("/api")
        if path.endswith("/") and path.startswith(PREFIX + "/"):
            environ["PATH_INFO"] = path.rstrip("/") or "/"
        return self.application(environ, start_response)
