"""Whether a form that was sent is ours: it carries the token that belongs to the visitor's cookie, and no other site
sent it. Proxies rewrite Host and scheme, privacy settings drop Referer: neither decides anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import BadRequest
from wtforms import ValidationError

from booking.config import Settings
from booking.http.requests import is_api
from booking.http.services import current_services
from booking.infra import secret_keys
from booking.infra.domains import origin_of
from booking.pages import devices

P = ParamSpec("P")

FIELD = "csrf_token"
FORMER_KEYS = "FORM_KEYS_FORMER"


class CookiesRefused(CSRFError):  # type: ignore[misc]  # flask-wtf has no types
    """The browser sent no cookie of ours, so no token can be its own."""


class ForeignForm(CSRFError):  # type: ignore[misc]  # flask-wtf has no types
    """Another site sent it, or ours under an address that is not SITE_URL."""


class FormCheck(CSRFProtect):  # type: ignore[misc]  # flask-wtf has no types
    """Token and cookie first, then where the form came from, as far as the browser tells."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Raise CSRFError or one of its kinds for a form that is not ours."""
        try:
            super().protect(apply_exemptions)
        except CSRFError:
            if not _is_of_a_former_secret():
                refuse_without_cookie()
                raise
            g.csrf_valid = True
        if g.get("csrf_valid") and not _is_from_here():
            g.csrf_valid = False
            raise ForeignForm


csrf = FormCheck()


def install(app: Flask, settings: Settings) -> None:
    """Check every form, but for views that are exempt."""
    key, *former = secret_keys.ring(settings.secret_keys, secret_keys.FORMS)
    app.config.update(
        WTF_CSRF_SECRET_KEY=key,
        # The secrets themselves signed in version 1.0: pages that were open during the update can be sent.
        **{FORMER_KEYS: [*former, *settings.secret_keys]},
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session, which is made new at sign-in
        WTF_CSRF_SSL_STRICT=False,  # a Referer is not always there, and a proxy may have its own Host
    )
    app.before_request(_refuse_nameless)
    csrf.init_app(app)


def asks_again(again: Callable[P, Response]) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """A form from before the last sign-in does nothing; `again` answers it, with a page that has a new token."""

    def decorated(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> Response:
            return again(*args, **kwargs) if is_outdated() else view(*args, **kwargs)

        csrf.exempt(checked)  # from the check that comes before the view: this one takes its place
        return checked

    return decorated


def is_outdated() -> bool:
    """True where the form has another session's token. Raises CookiesRefused or ForeignForm: a new form is no help."""
    try:
        csrf.protect()
    except (CookiesRefused, ForeignForm):
        raise
    except CSRFError:
        return True
    return False


def is_ours() -> bool:
    """True where the form may be sent again as it is: with its own token, by our own page."""
    try:
        return not is_outdated()
    except CSRFError:
        return False


def is_from_our_page() -> bool:
    """True where the browser itself says so. What such a form holds, the visitor has typed, whatever its token is."""
    site = request.headers.get("Sec-Fetch-Site")
    return site == "same-origin" if site else is_own_address(request.headers.get("Origin", ""))


def refuse_without_cookie() -> None:
    """Raise CookiesRefused where the browser sent no cookie of ours: whatever comes next would need one.

    Signing out, or closing the browser, ends the session's cookie only: the other one shows that cookies are kept.
    """
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies and not devices.is_known():
        raise CookiesRefused from None


def is_own_address(url: str) -> bool:
    """True for a URL of this site: SITE_URL's origin, in development also whatever host was asked."""
    settings = current_services().settings
    if origin_of(url) == origin_of(settings.site_url):
        return bool(origin_of(url))
    return not settings.production and bool(request.host) and urlsplit(url).netloc == request.host


def _is_from_here() -> bool:
    # What the browser itself says about the two sites needs no knowledge of our own address, and no page can set it.
    site = request.headers.get("Sec-Fetch-Site", "")
    if site in {"same-origin", "cross-site"}:
        return site == "same-origin"
    origin = request.headers.get("Origin", "null")
    return origin == "null" or is_own_address(origin)


def _is_of_a_former_secret() -> bool:
    """True for a token of this visitor that a former secret signed."""
    return any(_is_signed_by(key) for key in current_app.config[FORMER_KEYS])


def _is_signed_by(key: bytes | str) -> bool:
    try:
        validate_csrf(request.form.get(FIELD), secret_key=key)
    except ValidationError:
        return False
    return True


def _refuse_nameless() -> None:
    # A part of a form without a name: the search for the token among the names would break on it.
    if not is_api(request) and None in request.form:
        raise BadRequest
