"""Signing in with a passkey: alone, or as the second step after the password.

The page's script asks for options, asks the device, and sends its answer as a form. Without a script nothing here is
needed: there are passwords, codes and recovery codes.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, url_for
from flask_babel import gettext

from booking.domain import people
from booking.domain.errors import (
    AccountDisabled,
    Invalid,
    SessionOver,
    TooBusy,
    TooManyAttempts,
)
from booking.domain.people import (
    ChallengeOver,
    PasskeyAnswer,
    WrongPasskey,
)
from booking.http import limits
from booking.http.services import current_services
from booking.pages import devices
from booking.pages.forms import Form, comes_back
from booking.pages.rendering import go_to
from booking.pages.security import personal
from booking.pages.ways_in import ENTERING
from booking.web import account, half_signed_in, passkey_challenges

blueprint = Blueprint("passkey_sign_in", __name__, url_prefix="/sign-in")


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.post("/passkey/options")
def options() -> Response:
    """What the script asks the device: a passkey of whoever it is."""
    limits.count(public=True, books=False)
    asked = people.ask_for_any_passkey(passkey_challenges.site())
    passkey_challenges.keep(passkey_challenges.ENTERING, asked)
    return jsonify(asked.options)


@blueprint.post("/passkey")
@comes_back(lambda form, status: account.show_form(ENTERING, form, status))
def enter() -> Response:
    """Sign in by the device's answer, and go on with what was wanted."""
    form = Form.posted()
    limits.count(public=True, books=False)
    challenge, site = passkey_challenges.take(passkey_challenges.ENTERING), passkey_challenges.site()
    try:
        answer, guard = _answer(form), current_services().guard
        found = people.sign_in_by_passkey(answer, challenge, site, guard, device_of=devices.known_for)
    except (Invalid, WrongPasskey, ChallengeOver, AccountDisabled, TooBusy, TooManyAttempts) as refusal:
        return account.refused(ENTERING, form, refusal)
    return account.go_on(found)


@blueprint.post("/code/passkey/options")
def options_of_second_step() -> Response:
    """The same, but one of the account whose password was right. Raises SessionOver: the form then says so."""
    limits.count(public=True, books=False)
    proved = half_signed_in.found()
    if proved is None:
        raise SessionOver
    asked = people.ask_for_passkey(proved, passkey_challenges.site())
    passkey_challenges.keep(passkey_challenges.SECOND_STEP, asked)
    return jsonify(asked.options)


@blueprint.post("/code/passkey")
@comes_back(lambda form, status: account.show_form(account.CODE, form, status))
def finish() -> Response:
    """The second step by the device's answer."""
    form = Form.posted()
    limits.count(public=True, books=False)
    challenge, site = passkey_challenges.take(passkey_challenges.SECOND_STEP), passkey_challenges.site()
    proved = half_signed_in.found()
    if proved is None:
        return account.from_the_beginning(SessionOver())
    try:
        answer, guard = _answer(form), current_services().guard
        found = people.finish_sign_in_by_passkey(proved, answer, challenge, site, guard, device_of=devices.known_for)
    except SessionOver as refusal:
        half_signed_in.forget()
        return account.from_the_beginning(refusal)
    except (Invalid, WrongPasskey, ChallengeOver, TooBusy, TooManyAttempts) as refusal:
        return account.refused(account.CODE, form, refusal)
    return account.go_on(found)


@blueprint.get("/passkey")
def enter_again() -> Response:
    """For whoever comes back to the form's address."""
    return go_to(url_for("account.sign_in"))


@blueprint.get("/code/passkey")
def finish_again() -> Response:
    """The same in the second step."""
    return go_to(url_for("account.ask_for_code"))


def _answer(form: Form) -> str:
    """What the device said; raises Invalid, having said so, where the script has sent none."""
    if not form.value("credential"):
        form.blame(gettext("Your passkey wasn’t asked for. Try again, or sign in another way."))
        raise Invalid
    return form.accept(PasskeyAnswer).credential
