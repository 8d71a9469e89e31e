"""The files of photos, where no CDN has them. An address names its content, so whoever has one may keep it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from booking.domain import catalogue
from booking.domain.errors import NotFound
from booking.http.photo_addresses import PREFIX

blueprint = Blueprint("photo_files", __name__)

A_YEAR = 365 * 24 * 3600
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}


@blueprint.get(f"{PREFIX}/<key>/<name>")
def show(key: str, name: str) -> Response:
    """A photo in one size. Emails and other sites may show it, too."""
    content = catalogue.find_photo_file(key, name)
    if content is None:
        raise NotFound
    response = Response(content, mimetype=TYPES[name.rpartition(".")[2]])
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(f"{key}/{name}")
    response.make_conditional(request)
    return response
