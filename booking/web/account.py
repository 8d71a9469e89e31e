"""Coming and going: register, sign in and out, a forgotten password."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError

from booking.domain import people
from booking.domain.actors import VISITOR
from booking.domain.errors import (
    AccountDisabled,
    BookingError,
    EmailTaken,
    Invalid,
    InvalidCredentials,
    ResetLinkOver,
    SecondFactorNeeded,
    SessionOver,
    TooBusy,
    TooManyAttempts,
    WrongCode,
)
from booking.domain.people import (
    Credentials,
    ForgottenPassword,
    Identified,
    PasswordChoice,
    PasswordProved,
    Registration,
    SecondFactorCode,
)
from booking.http import limits
from booking.http.error_rendering import status_of, wait_headers
from booking.http.services import current_services
from booking.pages import devices, form_check, signed_in, unsent, ways_in
from booking.pages.forms import Form, comes_back
from booking.pages.rendering import go_to, page
from booking.pages.security import page_path, personal
from booking.pages.signed_in import current_user, visitor
from booking.pages.ways_in import ENTERING, JOINING
from booking.web import half_signed_in

blueprint = Blueprint("account", __name__)

LONGEST_WAY = 1000  # characters of an address to go on to: links in emails carry it
FORGOTTEN, CODE = "account/forgot.html", "account/code.html"
PLACES = {"sign-in": ENTERING, "register": JOINING, "forgot-password": FORGOTTEN}
PREFILLED = "/<any('sign-in', register, 'forgot-password'):place>/prefilled"


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


# --- sign in and out


@blueprint.get("/sign-in")
def sign_in() -> Response:
    """Who are you?"""
    return go_to(_wanted()) if current_user.is_authenticated else show_form(ENTERING, Form())


@blueprint.post("/sign-in")
@comes_back(lambda form, status: show_form(ENTERING, form, status))
def enter() -> Response:
    """Sign in, and go on with what was wanted."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        given, guard = form.accept(Credentials), current_services().guard
        device = devices.known_for(guard.account(given.email))
        found = people.sign_in(given.email, given.password, guard, device=device)
    except SecondFactorNeeded as needed:
        half_signed_in.remember(cast(PasswordProved, needed.proved))
        return show_form(CODE, Form())
    except (Invalid, InvalidCredentials, AccountDisabled, TooBusy, TooManyAttempts) as refusal:
        return refused(ENTERING, form, refusal)
    return go_on(found)


@blueprint.get("/sign-in/code")
def ask_for_code() -> Response:
    """The second step once more, for whoever reloads it; without the first one, the first one."""
    return show_form(CODE, Form()) if half_signed_in.found() else go_to(url_for(".sign_in", next=_wanted("") or None))


@blueprint.post("/sign-in/code")
@comes_back(lambda form, status: show_form(CODE, form, status))
def enter_code() -> Response:
    """The second step: a code of the app, or a recovery code."""
    form = Form.posted()
    limits.count(public=True, books=False)
    services, proved = current_services(), half_signed_in.found()
    if proved is None:
        return from_the_beginning(SessionOver())
    try:
        code = form.accept(SecondFactorCode).code
        found = people.finish_sign_in(proved, code, services.guard, _secrets(), device_of=devices.known_for)
    except SessionOver as refusal:
        half_signed_in.forget()
        return from_the_beginning(refusal)
    except (Invalid, WrongCode, TooBusy, TooManyAttempts) as refusal:
        return refused(CODE, form, refusal)
    return go_on(found)


def from_the_beginning(refusal: SessionOver) -> Response:
    """The first step again: the second came too late."""
    return show_form(ENTERING, Form().blame(gettext("That took too long. Sign in again.")), status_of(refusal))


def _left_already() -> Response:
    """Signed out in another tab: there is nothing left to end. A later sign-in stays."""
    if current_user.is_authenticated:
        raise CSRFError
    return _after_leaving()


@blueprint.post("/sign-out")
@form_check.asks_again(_left_already)
def leave() -> Response:
    """End this sign-in."""
    if current_user.is_authenticated:
        people.sign_out(signed_in.actor())
    signed_in.forget()
    return _after_leaving()


def _after_leaving() -> Response:
    return go_to(page_path(request.form.get("next"), url_for("front.home")))


# --- register


@blueprint.get("/register")
def register() -> Response:
    """A new account."""
    return go_to(_wanted()) if current_user.is_authenticated else show_form(JOINING, Form())


@blueprint.post("/register")
@comes_back(lambda form, status: show_form(JOINING, form, status))
def join() -> Response:
    """Make the account, sign in, and go on with what was wanted."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        settings = current_services().settings
        user = people.register(VISITOR, form.accept(Registration), settings.region, site=settings.site_name)
    except (Invalid, EmailTaken, TooBusy) as refusal:
        return refused(JOINING, form, refusal)
    return go_on(Identified(user))


# --- from one of these pages to another


@blueprint.post(PREFILLED)
def prefilled(place: str) -> Response:
    """One of these pages with what was typed on another of them; what another site may have made up is left out.

    In the body of a form, so that it stands in no address and no cookie.
    """
    if not (form_check.is_ours() or form_check.is_from_our_page()):
        return go_to(_address(place))
    if place in ("sign-in", "register") and current_user.is_authenticated:
        return _onward()  # somebody has signed in beside it
    return show_form(PLACES[place], Form.posted())


# It looks itself: the form may stand open while a new password is chosen in another tab, which signs everybody out.
form_check.csrf.exempt(prefilled)


@blueprint.get(PREFILLED)
def emptied(place: str) -> Response:
    """The same page, for whoever comes back to its address."""
    return go_to(_address(place))


def _address(place: str) -> str:
    return url_for({"sign-in": ".sign_in", "register": ".register"}.get(place, ".forgot"), next=_wanted("") or None)


# --- a forgotten password


@blueprint.get("/forgot-password")
def forgot() -> Response:
    """Where should the link go?"""
    return show_form(FORGOTTEN, Form())


@blueprint.post("/forgot-password")
@comes_back(lambda form, status: show_form(FORGOTTEN, form, status))
def ask_for_link() -> Response:
    """Send a link, if there is such an account; the answer does not tell."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        email = form.accept(ForgottenPassword).email
    except Invalid as refusal:
        return show_form(FORGOTTEN, form, status_of(refusal))
    limits.count_mail()
    people.request_password_reset(email, _wanted(""))
    return _sent(email)  # at once: on the way to another page the address would stand in a cookie


@blueprint.get("/forgot-password/sent")
def link_sent() -> Response:
    """Where to look for the link; for whoever comes back to the page."""
    return _sent("")


@blueprint.get("/reset-password/<link>")
def choose_password(link: str) -> Response:
    """A new password; opening the page uses nothing up."""
    return _choice(Form(), link, people.email_of_reset(link, _secrets()))


@blueprint.post("/reset-password/<link>")
@comes_back(lambda form, status, link: _choice(form, link, "", status))
def reset_password(link: str) -> Response:
    """Set it, and end every sign-in; then sign in with it."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        new, services = form.accept(PasswordChoice).new_password, current_services()
        email = people.reset_password(link, new, _secrets(), site=services.settings.site_name)
    except (Invalid, TooBusy) as refusal:
        email = people.email_of_reset(link, _secrets())
        response = _choice(form.refuse(refusal), link, email, status_of(refusal))
        response.headers.update(wait_headers(refusal))
        return response
    signed_in.forget()
    response = ways_in.show(ENTERING, Form({"email": email}), 200, _wanted(""), changed=True)
    # The link was in the owner's mailbox: nobody else's guessing keeps this browser waiting.
    return devices.remember(response, services.guard.account(email))


@blueprint.errorhandler(ResetLinkOver)
def _link_is_over(error: ResetLinkOver) -> Response:
    facts: dict[str, Any] = {"about": "password", "minutes": _minutes(), "onward": _wanted("") or None}
    return page("account/over.html", block="main", status=status_of(error), **facts)


def _choice(form: Form, link: str, email: str, status: int = 200) -> Response:
    wanted = _wanted("")
    facts: dict[str, Any] = {"form": form, "link": link, "email": email, "wanted": wanted}
    return page("account/reset.html", block="main", status=status, **facts)


def _sent(email: str) -> Response:
    facts: dict[str, Any] = {"email": email, "minutes": _minutes(), "onward": _wanted("") or None}
    return page("account/sent.html", block="main", unsent=unsent.brought_along(), **facts)


def _minutes() -> int:
    """For how long a link is good."""
    return int(people.RESET_GOOD_FOR.total_seconds()) // 60


def go_on(found: Identified) -> Response:
    """A session of its own for this sign-in; the browser's former one ends."""
    if current_user.is_authenticated:
        people.sign_out(signed_in.actor())
    client = request.headers.get("User-Agent", "")
    signed_in.remember(people.start_web_session(found.user.id, client, by_second_factor=found.by_second_factor))
    return devices.remember(_onward(), current_services().guard.account(found.user.email))


def _onward() -> Response:
    """To what was wanted; first, what was typed into a form after the sign-in before this one had ended."""
    if typed := unsent.brought_along():
        return page("account/unsent.html", unsent=typed, who=visitor(), back=_wanted("/account"))
    return go_to(_wanted())


def show_form(template: str, form: Form, status: int = 200) -> Response:
    """One of these pages. Needs nothing of Postgres."""
    ways: dict[str, Any] = {"ways": half_signed_in.ways()} if template == CODE else {}
    return ways_in.show(template, form, status, _wanted(""), unsent.brought_along(), **ways)


def refused(template: str, form: Form, refusal: BookingError) -> Response:
    """The form again, with what was typed and what is wrong; and when to try again, where waiting helps."""
    response = show_form(template, form.refuse(refusal), status_of(refusal))
    response.headers.update(wait_headers(refusal))
    return response


def _home() -> str:
    """Where somebody is at home after signing in: staff at the desk, guests with their bookings."""
    return "/admin/" if current_user.is_authenticated and visitor().is_staff else "/bookings"


def _wanted(otherwise: str | None = None) -> str:
    wanted = page_path(request.values.get("next"), "")
    return wanted if 0 < len(wanted) <= LONGEST_WAY else _home() if otherwise is None else otherwise


def _secrets() -> tuple[str, ...]:
    return current_services().settings.secret_keys
