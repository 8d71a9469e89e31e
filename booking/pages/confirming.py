"""Confirm it's you: the password once more before something sensitive, and then on with what was wanted.

Any verb that raises SignInTooOld brings this page. It carries what was filled in, but passwords, and sends it on
together with the password: nothing has to be typed twice, with or without a script.
"""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request

from booking.domain import people
from booking.domain.errors import Invalid, SignInTooOld, TooBusy, TooManyAttempts
from booking.domain.notices import Notice
from booking.domain.people import Confirmation
from booking.http import limits
from booking.http.error_rendering import status_of, wait_headers
from booking.http.requests import is_api
from booking.http.services import current_services
from booking.pages import form_check, security, unsent
from booking.pages.forms import Form, carried
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, current_user, required, visitor

blueprint = Blueprint("confirming", __name__)

PASSWORD = "confirmPassword"  # noqa: S105 the field's name


def install(app: Flask) -> None:
    """Take the password wherever a form brings one along; after the check of where the form comes from."""
    app.before_request(_take)
    app.register_blueprint(blueprint)


@blueprint.post("/account/confirm")
@required
def confirm() -> Response:
    """For pages that are only looked at: back to where one was."""
    if PASSWORD not in request.form:
        return _show(Form.posted().refuse(Invalid(details={PASSWORD: Notice("missing")})), 400)
    return go_to(security.page_path(request.form.get("next"), "/account"))


def ask() -> Response:
    """The page, in the place of what was wanted."""
    return _show(Form(), status_of(SignInTooOld()))


def _take() -> Response | None:
    if is_api(request) or not request.form.get(PASSWORD) or not current_user.is_authenticated:
        return None
    if form_check.is_outdated():  # views that check it themselves have not done so yet
        return None
    form = Form.posted()
    limits.count(public=True, books=False)  # whoever found an open browser may not try passwords for long
    try:
        people.confirm_password(actor(), form.accept(Confirmation).confirm_password, current_services().guard)
    except (Invalid, TooManyAttempts, TooBusy) as refusal:
        response = _show(form.refuse(refusal), status_of(refusal))
        response.headers.update(wait_headers(refusal))
        return response
    return None


def _show(form: Form, status: int) -> Response:
    security.personal()
    facts = {"form": form, "who": visitor(), "here": security.current_path(), **_wanted()}
    facts["unsent"] = unsent.of_this_form()  # on the way to a new password
    response = page("account/confirm.html", block="main", status=status, **facts)
    if request.headers.get("HX-Request") == "true":  # wherever the part was meant to go, this takes the page
        response.headers.update({"HX-Retarget": "#main", "HX-Reswap": "innerHTML show:top"})
    return response


def _wanted() -> dict[str, object]:
    """Where the form goes, and what it carries."""
    if request.method == "POST":
        return {"action": request.full_path.rstrip("?"), "carried": carried()}
    return {"action": "/account/confirm", "carried": [("next", request.full_path.rstrip("?"))]}
