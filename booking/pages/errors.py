"""What went wrong, in the look of the site and with a way on."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, redirect, request
from flask.globals import request_ctx
from flask_babel import gettext
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug import Response as WsgiResponse
from werkzeug.exceptions import HTTPException

from booking.domain import errors
from booking.domain.system import UnderMaintenance
from booking.http import date_format, limits, words
from booking.http.error_rendering import ErrorRenderer, status_of, wait_headers
from booking.http.requests import request_id
from booking.http.services import current_services
from booking.pages import closing, confirming, form_check, formats, rendering, security, signed_in, unsent
from booking.pages.forms import COMES_BACK, Form, carried, passwords_sent
from booking.pages.rendering import page, wants_part
from booking.pages.unsent import Unsent

MAINTENANCE = "maintenance"


def _refusal(refusal: errors.BookingError) -> Response:
    if isinstance(refusal, UnderMaintenance):
        return _closed(refusal)
    if isinstance(refusal, errors.SignInTooOld):
        return confirming.ask()
    if isinstance(refusal, errors.Unauthorized):
        return signed_in.sign_in_first()
    again = _refused_again(refusal) if isinstance(refusal, errors.Unavailable) else None
    wait = getattr(refusal, "retry_after", 0)
    response = again or _shown(status_of(refusal), said=_told(refusal), wait=wait)
    response.headers.update(wait_headers(refusal))
    return response


def _closed(refusal: UnderMaintenance) -> Response:
    """The house’s own words, and until when; what was typed into a form can be sent once it is over."""
    mode = closing.closed()
    until = mode.until if mode and not mode.is_overdue else None
    lines = [str(refusal.params["notice"])]
    if mode and until:
        when, zone = date_format.moment(until, mode.time_zone), date_format.zone_name(mode.time_zone)
        lines.append(gettext("We expect to be back by %(when)s (%(zone)s).", when=when, zone=zone))
    response = _shown(503, kind=MAINTENANCE, said=" ".join(lines))
    response.headers.update(wait_headers(refusal))
    return response


def _can_come_back() -> bool:
    """Whether the view of this form can show it again (see comes_back)."""
    return request.method == "POST" and hasattr(current_app.view_functions.get(request.endpoint or ""), COMES_BACK)


def _form_again(form: Form, status: int) -> Response:
    """The form as it was filled in, with what is in its way."""
    show = getattr(current_app.view_functions[str(request.endpoint)], COMES_BACK)
    shown: Response = show(form, status, **(request.view_args or {}))
    return shown


def _refused_again(refusal: errors.BookingError, wait: int = 0) -> Response | None:
    """The same after a refusal, which may be because of Postgres: nobody is asked who this is."""
    if not _can_come_back():
        return None
    signed_in.ask_nobody()
    form = Form.posted().refuse(refusal)
    form.wait = wait
    return _form_again(form, status_of(refusal))


def _told(refusal: errors.BookingError) -> str | None:
    """A sentence of the domain's that says more than the page's own."""
    if isinstance(refusal, errors.TooManyAttempts):
        return formats.wait(refusal.retry_after)  # the heading says the rest
    return None if type(refusal) in (errors.NotFound, errors.Unavailable, errors.Invalid) else words.on_page(refusal)


def _http(error: HTTPException) -> WsgiResponse:
    status = error.code or 500
    if status < 400 or request_ctx.url_adapter is None:  # a host that is none: our page could not name one address
        return error.get_response()
    if status == 404 and (known := security.without_slash()):
        return redirect(known, 308)
    if isinstance(error, CSRFError):
        return _not_our_form(error)
    if isinstance(error, RateLimitExceeded):
        return _asked_too_often()
    response = _shown(status)
    if status == 405:
        response.headers.update({name: value for name, value in error.get_headers() if name == "Allow"})
    return response


def _not_our_form(error: CSRFError) -> Response:
    if isinstance(error, form_check.ForeignForm):
        home = current_services().settings.site_url
        return _shown(400, kind="foreign", said=gettext("Open %(url)s and try again from there.", url=home))
    if not signed_in.ask_if_possible():
        return _refusal(errors.Unavailable())
    back = security.current_path(security.page_path(request.path, ""))
    if isinstance(error, form_check.CookiesRefused):
        return _shown(400, kind="cookies", back=back)
    return _outdated(back)


def _outdated(back: str) -> Response:
    """With what was typed, to be sent once more, unless somebody else's page may have filled the form in."""
    typed = unsent.of_this_form()
    if _can_come_back() and form_check.is_from_our_page():
        told = gettext(
            "This form was out of date, so nothing was sent: you have signed in or out since the page opened, or closed"
            " your browser in between. Please try again."
        )
        return _form_again(Form.posted().blame(told), 400)
    if typed and not signed_in.current_user.is_authenticated:
        return signed_in.sign_in_first()
    return _shown(400, kind="form", back=back, typed=typed)


def _asked_too_often() -> Response:
    headers = limits.refusal_headers()
    seconds = int(headers.get("Retry-After", 60))
    again = _refused_again(errors.TooManyAttempts(seconds), seconds)
    response = again or _shown(429, said=formats.wait(seconds), back=security.current_path(), wait=seconds)
    response.headers.update(headers)
    return response


def _unexpected() -> Response:
    return _shown(500)


def _shown(
    status: int,
    *,
    kind: str | None = None,
    said: str | None = None,
    back: str = "",
    typed: Unsent | None = None,
    wait: int = 0,
) -> Response:
    if status >= 500:
        signed_in.ask_nobody()  # the page must not need what has just failed
    signed_in.ask_if_possible()
    facts = {"code": status, "here": security.current_path(), **_texts(kind or status, said)}
    around = rendering.GUEST_FRAME if status >= 500 else rendering.frame()  # the other one may need Postgres
    facts |= {"frame": around, "staff": around != rendering.GUEST_FRAME}
    facts |= {"back": back, "again": None, "wait": wait, "typed": typed and typed.shown}
    facts["is_closed"] = kind == MAINTENANCE  # other pages for guests are so, too, and nobody has to tell us
    if typed:
        facts["again"] = {"action": typed.action, "carried": typed.fields}
    elif status in (429, 503):
        facts |= _try_again()
    response = page("errors/error.html", block="main", status=status, **facts)
    if wants_part():  # wherever the part was meant to go, this is about the page
        response.headers.update({"HX-Retarget": "#main", "HX-Reswap": "innerHTML show:top"})
    return response


def _try_again() -> dict[str, Any]:
    """Where waiting helps: the same once more, with what was typed.

    A form that is not ours goes nowhere, and one with a password would come without it: that one is filled in anew.
    """
    if request.method != "POST":
        return {"again": {"link": security.current_path()}, "back": ""}
    back = security.current_path(security.page_path(request.path, ""))
    if not form_check.is_ours() or _had_a_password():
        return {"back": back}
    return {"again": {"action": request.full_path.rstrip("?"), "carried": carried()}, "back": back}


def _had_a_password() -> bool:
    """But for the one that confirms who it is: that is asked for again by itself."""
    return bool(passwords_sent() - {confirming.PASSWORD})


def _texts(kind: str | int, said: str | None) -> dict[str, Any]:
    titles: dict[str | int, tuple[str, str]] = {
        "form": (
            gettext("This form is out of date"),
            gettext(
                "You have signed in or out since this page opened, or closed your browser in between."
                " Nothing was sent. Go back to the page and try again."
            ),
        ),
        "cookies": (
            gettext("Please allow cookies for this site"),
            gettext(
                "Your browser didn’t send our cookie, so we can’t tell whether this form is yours. Nothing was sent."
                " Allow cookies for this site, then go back to the page and try again."
            ),
        ),
        "foreign": (gettext("This form was sent from another address"), ""),
        400: (
            gettext("We couldn’t understand that request"),
            gettext("Something in the address or the form is wrong."),
        ),
        402: (gettext("The payment didn’t go through"), gettext("Nothing was charged.")),
        403: (gettext("You don’t have access to this page"), gettext("Your account can’t open it.")),
        404: (
            gettext("Page not found"),
            gettext("The page may have moved, or the address may have a typo."),
        ),
        405: (gettext("This page can’t be opened this way"), gettext("Go back and use the buttons on the page.")),
        409: (gettext("Something has changed"), gettext("Go back and reload the page to see the latest.")),
        413: (gettext("That’s too much data"), gettext("What you sent is larger than we can accept.")),
        429: (
            gettext("Too many attempts"),
            gettext("Try again in a few minutes."),
        ),
        500: (
            gettext("Something went wrong"),
            gettext("It’s our fault, not yours, and your bookings are safe. Please try again in a moment."),
        ),
        MAINTENANCE: (gettext("We’re closed for maintenance"), ""),
        503: (
            gettext("We can’t do this right now"),
            gettext("Please try again in a moment. Your bookings are safe."),
        ),
    }
    title, text = titles.get(kind, titles[400])
    return {"heading": title, "text": said or text, "request_id": request_id()}


RENDERER = ErrorRenderer(refusal=_refusal, http=_http, unexpected=_unexpected)
