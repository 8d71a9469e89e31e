"""One's own account: name, password, and where one is signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.domain import people
from booking.domain.errors import Invalid, SessionNotFound, TooBusy, TooManyAttempts
from booking.domain.people import PasswordChange, Profile
from booking.http import limits
from booking.http.error_rendering import status_of, wait_headers
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import browsers
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required, visitor
from booking.web import activity, text_consents

blueprint = Blueprint("profile", __name__)

DONE = "done"  # in the cookie until it was shown: what has just been done


@blueprint.get("/account")
@required
def show() -> Response:
    """Name, password, sign-ins."""
    return account_page(done=session.pop(DONE, None))


@blueprint.get("/account/profile")
@blueprint.get("/account/password")
@required
def show_again() -> Response:
    """Where a refused form stays: its address may be reloaded, or come back to after signing in."""
    return go_to(url_for(".show"))


@blueprint.get("/.well-known/change-password")
def change_password_here() -> Response:
    """Where password managers look for the page (W3C: A Well-Known URL for Changing Passwords)."""
    return go_to(f"{url_for('.show')}#password")


@blueprint.post("/account/profile")
@required
def rename() -> Response:
    """Another name."""
    form = Form.posted()
    try:
        people.change_name(actor(), form.accept(Profile).full_name)
    except Invalid as refusal:
        return account_page(status=status_of(refusal), profile=form)
    return _done("name")


@blueprint.post("/account/password")
@required
def change_password() -> Response:
    """Another password; every other sign-in ends."""
    form = Form.posted()
    limits.count(public=True, books=False)  # whoever found an open browser may not try passwords for long
    try:
        given = form.accept(PasswordChange)
        services = current_services()
        site, guard = services.settings.site_name, services.guard
        people.change_password(actor(), given.current_password, given.new_password, site=site, guard=guard)
    except (Invalid, TooManyAttempts, TooBusy) as refusal:
        response = account_page(status=status_of(refusal), password=form.refuse(refusal))
        response.headers.update(wait_headers(refusal))
        return response
    return _done("password")


@blueprint.post("/account/sessions/<session_id>/end")
@required
def end_session(session_id: str) -> Response:
    """Sign out there. One that is over already is over."""
    known = decode("session", session_id)
    if known is None:
        raise SessionNotFound
    people.end_own_session(actor(), known)
    return _done("session")


@blueprint.post("/account/sessions/end-others")
@required
def end_others() -> Response:
    """Sign out everywhere else."""
    people.end_other_sessions(actor())
    return _done("sessions")


def _done(what: str) -> Response:
    session[DONE] = what
    return go_to(url_for(".show"))


def account_page(status: int = 200, done: str | None = None, **forms: Form) -> Response:
    """The account as it is; `forms` are those that were refused, by their place on the page."""
    who = visitor()
    listed = people.own_sessions(who.actor, current_services().ends)
    facts: dict[str, Any] = {
        "who": who,
        "done": done,
        "undeliverable": people.undeliverable_since(who.actor),
        "email": forms.get("email") or Form(),
        "change": people.pending_email_change(who.actor),
        "is_verified": people.is_email_verified(who.actor),
        "profile": forms.get("profile") or Form({"fullName": who.full_name}),
        "password": forms.get("password") or Form(),
        "texts": forms.get("texts") or Form(),
        "texting": text_consents.offer(),
        "second_factor": people.own_second_factor(who.actor),
        "is_told": bool(who.memberships) and people.staff_areas_of(who.actor).bookings,
        "activity": activity.lines(people.recent_security_events(who.actor)),
        "sign_ins": [(encode("session", one.id), browsers.called(one.client), one) for one in listed],
    }
    return page("account/show.html", status=status, **facts)
