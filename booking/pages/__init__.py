"""What the doors that show pages to people share, guests' and staff's.

Decides how a page is sent, who is looking at it, which form is ours, what protects the visitor, how an error looks and
what is written in which words. Has no pages of its own but the one that confirms who somebody is.
"""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

from booking.config import Settings
from booking.pages import closing, confirming, rendering, security, signed_in
from booking.pages.errors import RENDERER
from booking.pages.form_check import csrf

__all__ = ["RENDERER", "csrf", "install"]

COMPRESSED = ["text/html", "text/css", "text/javascript", "image/svg+xml", "application/xml", "text/plain"]


def install(app: Flask, settings: Settings) -> None:
    """Make the application one that shows pages; before any door hangs its own into it."""
    closing.install(app)
    security.install(app, settings)
    signed_in.install(app)
    rendering.install(app, settings)
    confirming.install(app)
    app.config.update(COMPRESS_MIMETYPES=COMPRESSED, COMPRESS_REGISTER=False)
    compress = Compress(app)
    app.after_request(lambda answer: compress.after_request(answer) if _is_compressible(answer) else answer)


def _is_compressible(answer: Response) -> bool:
    """JSON is not (its readers are on fast lines), and a part of a file says which bytes it is: those of the file."""
    return not answer.is_json and "Range" not in request.headers and "Content-Range" not in answer.headers
