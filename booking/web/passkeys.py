"""One's passkeys: added, renamed, removed. The list of them stands on the page of two-step sign-in."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request, session, url_for
from flask_babel import gettext

from booking.domain import people
from booking.domain.errors import Invalid
from booking.domain.people import (
    ChallengeOver,
    LastFactor,
    NewPasskey,
    PasskeyName,
    PasskeyNotFound,
    PasskeyTaken,
    TooManyPasskeys,
    WrongPasskey,
)
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode
from booking.pages import browsers
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.security import personal
from booking.pages.signed_in import actor, required, visitor
from booking.web import passkey_challenges, two_step
from booking.web.passkey_challenges import ADDING

blueprint = Blueprint("passkeys", __name__, url_prefix="/account/two-step/passkeys")


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.get("/new")
@required
def new() -> Response:
    """What a passkey is, and a name for this one."""
    people.require_recent_sign_in(actor())
    return _page(Form({"name": browsers.called(request.headers.get("User-Agent", ""))}))


@blueprint.post("/options")
@required
def options() -> Response:
    """What the page's script asks the device, as JSON; the name first, while nothing is made yet."""
    limits.count(public=True, books=False)
    Form.posted().accept(PasskeyName)
    asked = people.begin_passkey(actor(), passkey_challenges.site())
    passkey_challenges.keep(ADDING, asked)
    return jsonify(asked.options)


@blueprint.post("")
@required
def add() -> Response:
    """The device's answer. With the first factor come the recovery codes."""
    form = Form.posted()
    limits.count(public=True, books=False)
    people.require_recent_sign_in(actor())  # before the challenge is used up: the form comes again
    try:
        if not form.value("credential"):  # the script was given no options: the page says why, or has the button again
            form.accept(PasskeyName)
            return _page(form)
        given = form.accept(NewPasskey)
        challenge, site = passkey_challenges.take(ADDING), passkey_challenges.site()
        codes = people.add_passkey(actor(), given.credential, given.name, challenge, site)
    except WrongPasskey as refusal:
        told = gettext("Your device’s answer can’t be used, so no passkey was added. Try again.")
        return _page(form.blame(told), status_of(refusal))
    except (Invalid, ChallengeOver, PasskeyTaken, TooManyPasskeys) as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    if codes:
        return page("account/recovery_codes.html", codes=codes, turned_on=True, who=visitor())
    return _done("passkey_added")


@blueprint.post("/<passkey_id>/name")
@required
def rename(passkey_id: str) -> Response:
    """Call it something else."""
    form = Form.posted()
    try:
        people.rename_passkey(actor(), _id(passkey_id), form.accept(PasskeyName).name)
    except Invalid as refusal:
        told = form.refuse(refusal).problem("name")
        return two_step.show_page(Form().blame(told), status_of(refusal))  # its field is folded away in the list
    return _done("passkey_renamed")


@blueprint.get("/<passkey_id>/remove")
@required
def ask_to_remove(passkey_id: str) -> Response:
    """Really? Without the last one, two-step sign-in is off."""
    return _question(_id(passkey_id))


@blueprint.post("/<passkey_id>/remove")
@required
def remove(passkey_id: str) -> Response:
    """It signs nobody in any more. Pressed twice is pressed once."""
    turning_off = request.form.get("turnsOff") == "yes"
    try:
        people.remove_passkey(actor(), _id(passkey_id), turning_off=turning_off)
    except LastFactor as refusal:  # the others went in another tab, after the question
        return _question(_id(passkey_id), status_of(refusal))
    except PasskeyNotFound:
        return go_to(url_for("two_step.show"))
    return _done("passkey_removed" if people.own_second_factor(actor()).since else "off")


@blueprint.get("")
@blueprint.get("/<passkey_id>/name")
@required
def show_again(**_: str) -> Response:
    """Where a form stays when its page is loaded again."""
    return go_to(url_for("two_step.show"))


def _page(form: Form, status: int = 200) -> Response:
    facts: dict[str, Any] = {"form": form, "is_possible": passkey_challenges.find_site() is not None}
    return page("account/passkey_new.html", status=status, **facts)


def _question(passkey_id: uuid.UUID, status: int = 200) -> Response:
    passkey, state = people.get_own_passkey(actor(), passkey_id), people.own_second_factor(actor())
    is_last = state.app_since is None and len(people.own_passkeys(actor())) == 1
    needed = current_services().settings.second_factor_required and visitor().has_strong_role
    facts: dict[str, Any] = {"passkey": passkey, "is_last": is_last, "needed": needed}
    return page("account/passkey_remove.html", status=status, **facts)


def _done(what: str) -> Response:
    session[two_step.DONE] = what
    return go_to(url_for("two_step.show"))


def _id(shown: str) -> uuid.UUID:
    known = decode("passkey", shown)
    if known is None:
        raise PasskeyNotFound
    return known
