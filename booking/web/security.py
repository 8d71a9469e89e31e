"""What protects a visitor: cookies, tokens in forms, response headers, redirects that stay here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import RequestRedirect

from booking import doors
from booking.config import Settings

P = ParamSpec("P")

csrf = CSRFProtect()

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'nonce-{nonce}'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
A_YEAR = 365 * 24 * 3600
HEADERS = (
    # Forms check where they come from, so our own pages must be told; nobody else is.
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HTTPS_ONLY = ("Strict-Transport-Security", f"max-age={A_YEAR}; includeSubDomains")


def install(app: Flask, settings: Settings) -> None:
    """Cookies, CSRF and headers of every answer. Our own hook comes first: a refused form is answered with headers."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if settings.production else "session",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=settings.session_days * 24 * 3600,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session, which is made new at sign-in
    )
    app.before_request(_begin)
    csrf.init_app(app)
    app.after_request(_end)


def nonce() -> str:
    """Of this answer's scripts, also where the request was refused before anything began."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def allow(**directives: str) -> None:
    """Widen this answer's content security policy: `allow(frame_ancestors="'self'")`."""
    g.policy = {**g.get("policy", {}), **{name.replace("_", "-"): value for name, value in directives.items()}}


def personal() -> None:
    """Nobody may keep this answer: it shows something of the visitor's."""
    g.personal = True


def asks_again(again: Callable[P, Response]) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """A form from before the last sign-in does nothing; `again` answers it, with a page that has a new token."""

    def decorated(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Response:
            return view(*args, **kwargs) if is_our_form() else again(*args, **kwargs)

        csrf.exempt(checked)  # from the check that comes before the view: this one takes its place
        return checked

    return decorated


def is_our_form() -> bool:
    """True where the form that was sent has this session's token."""
    try:
        csrf.protect()
    except CSRFError:
        return False
    return True


def current_path(otherwise: str = "/") -> str:
    """The page that the visitor is at: this one, or the one whose form this is; always one that can be opened."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    _, _, path = (request.referrer or "").partition(f"//{request.host}")
    wanted = safe_path(path, otherwise)
    return wanted if _can_be_opened(wanted) else otherwise


def safe_path(wanted: str | None, otherwise: str = "/") -> str:
    """A place on this site to go to next; `otherwise` where the wanted one is none."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or not wanted.isprintable():
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc or "\\" in wanted else wanted


def _can_be_opened(path: str) -> bool:
    """False where there are only forms to send, or nothing."""
    try:
        current_app.create_url_adapter(request).match(urlsplit(path).path, method="GET")  # type: ignore[union-attr]  # None without a request
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def _begin() -> None:
    # A part of a form without a name: the search for the token among the names would break on it.
    if not doors.is_api(request) and None in request.form:
        raise BadRequest


def _end(response: Response) -> Response:
    doors.add_missing(response, (*HEADERS, HTTPS_ONLY) if doors.services().settings.production else HEADERS)
    is_html = response.mimetype == "text/html"
    if is_html:
        policy = {**POLICY, **g.get("policy", {})}
        text = "; ".join(f"{name} {value}" for name, value in policy.items())
        response.headers["Content-Security-Policy"] = text.format(nonce=nonce())
    if (is_html or not doors.is_api(request)) and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = _keeping(response)
    return response


def _keeping(response: Response) -> str:
    """Who may keep a page: nobody where it is personal, only the browser where it knows the visitor."""
    if g.get("personal") or response.status_code >= 400 or request.method not in {"GET", "HEAD"}:
        return "no-store"
    known = request.cookies or session.modified
    return "private, no-cache" if known else "no-cache"
