"""An invitation to work at a house: opening the link does nothing, whoever signs in presses a button."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from booking.domain import catalogue, people
from booking.domain.errors import InvitationOver, InvitedAnother
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages import signed_in
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.security import personal
from booking.pages.signed_in import actor, current_user, required

blueprint = Blueprint("invitations", __name__, url_prefix="/invitation")


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.get("/<link>")
def show(link: str) -> Response:
    """Who asks for what, and the ways to say yes."""
    return _page(link, Form())


@blueprint.post("/<link>")
@required
def accept(link: str) -> Response:
    """Yes. The sign-in ends, since the role begins with the next one."""
    limits.count(public=True, books=False)
    try:
        people.accept_invitation(actor(), link, current_services().settings.secret_keys)
    except InvitedAnother as refusal:
        return _page(link, Form.posted().refuse(refusal), status_of(refusal))
    signed_in.forget()
    return go_to(url_for("account.sign_in", next="/admin/"))


@blueprint.errorhandler(InvitationOver)
def _is_over(error: InvitationOver) -> Response:
    return page("account/over.html", block="main", status=status_of(error), about="invitation")


def _page(link: str, form: Form, status: int = 200) -> Response:
    invitation = people.shown_invitation(link, current_services().settings.secret_keys)
    where = catalogue.get_property_name(invitation.property_id) if invitation.property_id else None
    mine = people.email_key(current_user.email) if current_user.is_authenticated else ""
    is_theirs = mine == people.email_key(invitation.email)
    facts: dict[str, Any] = {"invitation": invitation, "where": where, "link": link, "is_theirs": is_theirs}
    facts["onward"] = url_for(".show", link=link)  # by the menu, too
    return page("account/invitation.html", block="main", status=status, form=form, **facts)
