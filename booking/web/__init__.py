"""The pages for guests. Each area is a module with a blueprint: parse, call one verb of the domain, show."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

from booking.config import Settings
from booking.web import (
    account,
    bookings,
    changes,
    checkout,
    confirming,
    demo_mails,
    emails,
    front,
    leaving,
    legal,
    pages,
    profile,
    provider_messages,
    rest,
    rooms,
    security,
    signed_in,
    two_step,
)
from booking.web.errors import RENDERER
from booking.web.form_check import csrf

__all__ = ["RENDERER", "csrf", "register"]

COMPRESSED = ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/xml", "text/plain"]
AREAS = (
    front.blueprint,
    legal.blueprint,
    rooms.blueprint,
    checkout.blueprint,
    bookings.blueprint,
    changes.blueprint,
    rest.blueprint,
    account.blueprint,
    confirming.blueprint,
    profile.blueprint,
    emails.blueprint,
    leaving.blueprint,
    two_step.blueprint,
    provider_messages.blueprint,
    demo_mails.blueprint,
)


def register(app: Flask, settings: Settings) -> None:
    """Hang the pages into the application."""
    security.install(app, settings)
    signed_in.install(app)
    pages.install(app, settings)
    legal.install(app, settings)
    confirming.install(app)
    for area in AREAS:
        app.register_blueprint(area)
    app.config.update(COMPRESS_MIMETYPES=COMPRESSED, COMPRESS_REGISTER=False)
    compress = Compress(app)
    app.after_request(lambda answer: compress.after_request(answer) if _is_compressible(answer) else answer)


def _is_compressible(answer: Response) -> bool:
    """JSON is not (its readers are on fast lines), and a part of a file says which bytes it is: those of the file."""
    return not answer.is_json and "Range" not in request.headers and "Content-Range" not in answer.headers
