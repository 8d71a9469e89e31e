"""What protects a visitor: cookies, tokens in forms, response headers, redirects that stay here."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from booking.config import Settings
from booking.http.requests import add_missing, is_api
from booking.http.services import current_services
from booking.pages import form_check

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
    # Our own pages may know where a visitor came from, to offer the way back; nobody else may.
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
HTTPS_ONLY = "Strict-Transport-Security"


def install(app: Flask, settings: Settings) -> None:
    """Cookies, CSRF and headers of every answer. A form that is refused is answered with them, too."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if settings.production else "session",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=settings.session_days * 24 * 3600,
    )
    form_check.install(app, settings)
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


def current_path(otherwise: str = "/") -> str:
    """The page that the visitor is at: this one, or the one whose form this is; always one that can be opened."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    own = form_check.is_own_address(request.referrer or "")
    told = came_from._replace(scheme="", netloc="", fragment="").geturl() if own else ""
    return page_path(told, otherwise)


def safe_path(wanted: str | None, otherwise: str = "/") -> str:
    """A place on this site to go to next; `otherwise` where the wanted one is none."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or not wanted.isprintable():
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc or "\\" in wanted else wanted


def page_path(wanted: str | None, otherwise: str = "/") -> str:
    """A place on this site that can be opened, not only sent to; `otherwise` where the wanted one is none."""
    path = safe_path(wanted, "")
    return path if path and _can_be_opened(path) else otherwise


def form_path(wanted: str | None) -> str:
    """A place on this site that a form can be sent to; empty where the wanted one is none."""
    path = safe_path(wanted, "")
    return path if path and _can_be_opened(path, "POST") else ""


def without_slash() -> str:
    """This address without the slashes at its end where that is a page, else empty."""
    path = safe_path(request.path.rstrip("/"), "") if request.path.endswith("/") else ""
    query = request.query_string.decode("latin-1")
    return path + (f"?{query}" if query else "") if path and _can_be_opened(path, request.method) else ""


def _can_be_opened(path: str, method: str = "GET") -> bool:
    """False where there are only forms to send, or nothing."""
    try:
        current_app.create_url_adapter(request).match(urlsplit(path).path, method=method)  # type: ignore[union-attr]  # None without a request
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def _end(response: Response) -> Response:
    add_missing(response, (*HEADERS, *_https_only(current_services().settings)))
    is_html = response.mimetype == "text/html"
    response.headers["Content-Security-Policy"] = _page_policy() if is_html else _framed_by_nobody(response)
    if (is_html or not is_api(request)) and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = _keeping(response)
    return response


def _https_only(settings: Settings) -> tuple[tuple[str, str], ...]:
    if not settings.production:
        return ()
    reach = "; includeSubDomains" if settings.hsts_include_subdomains else ""
    return ((HTTPS_ONLY, f"max-age={A_YEAR}{reach}"),)


def _page_policy() -> str:
    policy = {**POLICY, "img-src": _image_sources(), **g.get("policy", {})}
    return "; ".join(f"{name} {value}" for name, value in policy.items()).format(nonce=nonce())


def _framed_by_nobody(response: Response) -> str:
    """Pictures, JSON and files can be put into a frame as well as pages; their own policy otherwise stays."""
    own = response.headers.get("Content-Security-Policy", "")
    frames = f"frame-ancestors {POLICY['frame-ancestors']}"
    return own if "frame-ancestors" in own else "; ".join(filter(None, (own, frames)))


def _image_sources() -> str:
    return " ".join((POLICY["img-src"], *current_services().settings.image_origins))


def _keeping(response: Response) -> str:
    """Who may keep a page: nobody where it is personal, only the browser where it knows the visitor."""
    if g.get("personal") or response.status_code >= 400 or request.method not in {"GET", "HEAD"}:
        return "no-store"
    known = request.cookies or session.modified
    return "private, no-cache" if known else "no-cache"
