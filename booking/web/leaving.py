"""What is kept about the visitor, and the end of their account."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from booking.domain import people
from booking.domain.errors import AccountInUse, AccountNotFound, Invalid, LastOwner
from booking.domain.people import Deletion
from booking.domain.reservations import personal_data
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages import personal_file, signed_in
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required, visitor
from booking.web import own_data

blueprint = Blueprint("leaving", __name__)

SHOWN = 20  # rows of each list on the page; the file has all


@blueprint.get("/account/data")
@required
def data() -> Response:
    """Everything that is kept, to read."""
    found = personal_data.own_data(actor(), current_services().settings.secret_keys)
    return page(
        "account/data.html", account=own_data.account(found["account"]), parts=own_data.parts(found, SHOWN), shown=SHOWN
    )


@blueprint.get("/account/data.json")
@required
def data_file() -> Response:
    """The same as a file."""
    found = personal_data.download_own_data(actor(), current_services().settings.secret_keys)
    return personal_file.of(found, "account")


@blueprint.get("/account/close")
@required
def close() -> Response:
    """Disable or delete the account? What stands in the way, and what will be gone."""
    return _page(Form())


@blueprint.get("/account/delete")
@required
def close_again() -> Response:
    """Where a refused form stays."""
    return go_to(url_for(".close"))


@blueprint.get("/account/disable")
@required
def ask_before_disabling() -> Response:
    """Really disable it? What that means."""
    return _question(Form())


@blueprint.post("/account/disable")
@required
def disable() -> Response:
    """No sign-in any more, for now."""
    limits.count(public=True, books=False)
    try:
        people.disable_own_account(actor())
    except LastOwner as refusal:
        return _question(Form().refuse(refusal), status_of(refusal))
    signed_in.forget()
    return page("account/disabled.html")


@blueprint.post("/account/delete")
@required
def delete() -> Response:
    """For good: everything personal goes."""
    form = Form.posted()
    limits.count(public=True, books=False)
    try:
        personal_data.delete_own_account(actor(), form.accept(Deletion).confirm_email)
    except (Invalid, AccountInUse, LastOwner) as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    except AccountNotFound:
        pass  # pressed twice: a browser without a script shows the answer to the last press
    signed_in.forget()
    return page("account/deleted.html")


def _question(form: Form, status: int = 200) -> Response:
    return page("account/disable.html", status=status, form=form, who=visitor())


def _page(form: Form, status: int = 200) -> Response:
    who = visitor()
    facts: dict[str, Any] = {
        "obstacles": personal_data.deletion_obstacles(who.actor, who.id),
        "money_moves": personal_data.money_moves(who.actor, who.id),
    }
    return page("account/close.html", status=status, form=form, who=who, **facts)
