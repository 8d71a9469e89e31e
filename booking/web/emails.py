"""The account's address: a link from its mailbox confirms it. Opening a link does nothing; its button does."""

from __future__ import annotations

from flask import Blueprint, Response, session, url_for

from booking import doors, limits
from booking.domain import emails
from booking.domain.errors import LinkOver
from booking.web.pages import go_to, page
from booking.web.profile import DONE
from booking.web.security import personal
from booking.web.signed_in import required, visitor

blueprint = Blueprint("emails", __name__)


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.get("/verify-email/<link>")
def verify(link: str) -> Response:
    """Is this address yours? Or, afterwards: it is."""
    email, is_verified = emails.shown(link, _secrets())
    return page("account/verify.html", email=email, link=link, is_verified=is_verified)


@blueprint.post("/verify-email/<link>")
def confirm(link: str) -> Response:
    """It is."""
    limits.count(public=True, books=False)
    emails.confirm(link, _secrets())
    return go_to(url_for(".verify", link=link))


@blueprint.post("/account/email/verify")
@required
def ask_again() -> Response:
    """Mail the link once more."""
    limits.count_mail()
    session[DONE] = "verification" if emails.ask_again(visitor().id) else "verification_late"
    return go_to(url_for("profile.show"))


@blueprint.errorhandler(LinkOver)
def _link_is_over(error: LinkOver) -> Response:
    return page("account/email_over.html", block="main", status=doors.status_of(error))


def _secrets() -> tuple[str, ...]:
    return doors.services().settings.secret_keys
