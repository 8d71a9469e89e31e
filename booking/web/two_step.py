"""Two-step sign-in: set up, turned on and off, recovery codes."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, session, url_for
from markupsafe import Markup

from booking.domain import people
from booking.domain.errors import (
    Invalid,
    SecondFactorIsOff,
    SecondFactorIsOn,
)
from booking.domain.people import (
    AppSetup,
    LastFactor,
    SecondFactorCode,
)
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.security import personal
from booking.pages.signed_in import actor, required, visitor
from booking.web import passkey_challenges

blueprint = Blueprint("two_step", __name__, url_prefix="/account/two-step")

DONE = "two_step_done"  # in the cookie until it was shown


@dataclass(frozen=True, slots=True)
class ShownSetup:
    """What an authenticator app needs, to scan, to type and to open."""

    picture: Markup
    typed: str
    uri: str


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.get("")
@required
def show() -> Response:
    """What the account has; while an app is being set up, what that needs."""
    return show_page(Form())


@blueprint.post("")
@required
def begin() -> Response:
    """Set up an app."""
    with suppress(SecondFactorIsOn):  # in another tab
        people.begin_second_factor(actor(), _secrets())
    return go_to(url_for(".show"))


@blueprint.post("/on")
@required
def turn_on() -> Response:
    """The app's first code: from now on it is asked for. With the first factor come the recovery codes."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        codes = people.turn_on_second_factor(actor(), form.accept(SecondFactorCode).code, _secrets())
    except Invalid as refusal:
        return show_page(form.refuse(refusal), status_of(refusal))
    except SecondFactorIsOn:
        return go_to(url_for(".show"))  # pressed twice, or begun anew in another tab
    if not codes:
        session[DONE] = "app_added"
        return go_to(url_for(".show"))
    return page("account/recovery_codes.html", codes=codes, turned_on=True, who=visitor())


@blueprint.post("/recovery-codes")
@required
def renew() -> Response:
    """Ten new codes."""
    limits.count(public=True, books=False)
    try:
        codes = people.renew_recovery_codes(actor())
    except SecondFactorIsOff:
        return go_to(url_for(".show"))
    return page("account/recovery_codes.html", codes=codes, turned_on=False, who=visitor())


@blueprint.get("/on")
@blueprint.get("/recovery-codes")
@required
def show_again() -> Response:
    """Codes are shown once: whoever reloads them comes back to what there is."""
    return go_to(url_for(".show"))


@blueprint.get("/off")
@required
def ask_before_turning_off() -> Response:
    """Really?"""
    needed = current_services().settings.second_factor_required and visitor().has_strong_role
    return page("account/two_step_off.html", needed=needed)


@blueprint.post("/off")
@required
def turn_off() -> Response:
    """The password alone is enough."""
    people.turn_off_second_factor(actor())
    session[DONE] = "off"
    return go_to(url_for(".show"))


@blueprint.get("/app/remove")
@required
def ask_to_remove_app() -> Response:
    """Really? Where there is no passkey, it turns two-step sign-in off: that has a question of its own."""
    if people.own_second_factor(actor()).app_since is None:
        return go_to(url_for(".show"))
    if not people.own_passkeys(actor()):
        return go_to(url_for(".ask_before_turning_off"))
    return page("account/app_remove.html")


@blueprint.post("/app/remove")
@required
def remove_app() -> Response:
    """Its codes sign nobody in any more; passkeys stay."""
    try:
        people.remove_authenticator(actor())
    except LastFactor:  # the passkeys went in another tab
        return go_to(url_for(".ask_before_turning_off"))
    session[DONE] = "app_removed"
    return go_to(url_for(".show"))


def show_page(form: Form, status: int = 200) -> Response:
    """What the account has, with a form of the page that was refused."""
    state = people.own_second_factor(actor())
    app = people.second_factor_setup(actor(), _site_name(), _secrets()) if state.is_begun else None
    done = session.pop(DONE, None)
    facts: dict[str, Any] = {"state": state, "app": app and _shown(app), "needed": visitor().lacks_second_factor}
    facts |= {"passkeys": people.own_passkeys(actor()), "can_add": passkey_challenges.find_site() is not None}
    return page("account/two_step.html", status=status, form=form, done=done, **facts)


def _shown(app: AppSetup) -> ShownSetup:
    import segno  # seldom needed

    svg = io.BytesIO()
    segno.make(app.uri, error="m").save(
        svg, kind="svg", border=4, xmldecl=False, svgns=False, omitsize=True, dark="#000", light="#fff"
    )
    groups = [app.secret[start : start + 4] for start in range(0, len(app.secret), 4)]
    return ShownSetup(Markup(svg.getvalue().decode()), " ".join(groups), app.uri)  # noqa: S704 drawn by us


def _site_name() -> str:
    return current_services().settings.site_name


def _secrets() -> tuple[str, ...]:
    return current_services().settings.secret_keys
