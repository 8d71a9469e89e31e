"""The account's address: a link from its mailbox confirms it. Opening a link does nothing; its button does."""

from __future__ import annotations

from flask import Blueprint, Response, session, url_for

from booking.domain import people
from booking.domain.errors import EmailTaken, Invalid, LinkOver
from booking.domain.people import EmailChoice, LinkKind
from booking.http import limits
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.pages import signed_in
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.security import personal
from booking.pages.signed_in import actor, required
from booking.web.profile import DONE, account_page

blueprint = Blueprint("emails", __name__)


@blueprint.before_request
def _nothing_is_kept() -> None:
    personal()


@blueprint.get("/verify-email/<link>")
def verify(link: str) -> Response:
    """Is this address yours? Or, afterwards: it is."""
    email, is_verified = people.shown_verification(link, _secrets())
    return page("account/verify.html", email=email, link=link, is_verified=is_verified)


@blueprint.post("/verify-email/<link>")
def confirm(link: str) -> Response:
    """It is."""
    limits.count(public=True, books=False)
    people.confirm_email(link, _secrets())
    return go_to(url_for(".verify", link=link))


@blueprint.post("/account/email/verify")
@required
def ask_again() -> Response:
    """Mail the link once more."""
    limits.count_mail()
    session[DONE] = "verification" if people.ask_verification_again(actor()) else "verification_late"
    return go_to(url_for("profile.show"))


# --- another address


@blueprint.post("/account/email")
@required
def change() -> Response:
    """Ask the new mailbox, and tell the old one."""
    form = Form.posted()
    limits.count_mail()
    try:
        people.request_email_change(actor(), form.accept(EmailChoice).new_email)
    except (Invalid, EmailTaken) as refusal:
        return account_page(status_of(refusal), email=form.refuse(refusal))
    session[DONE] = "email_requested"
    return go_to(url_for("profile.show"))


@blueprint.get("/account/email")
@required
def show_again() -> Response:
    """Where a refused form stays."""
    return go_to(url_for("profile.show"))


@blueprint.post("/account/email/cancel")
@required
def give_up() -> Response:
    """Keep the present address after all."""
    people.give_up_email_change(actor())
    session[DONE] = "email_kept"
    return go_to(url_for("profile.show"))


@blueprint.get("/change-email/<link>")
def confirm_new(link: str) -> Response:
    """Shall this be the account's address? Or, afterwards: it is."""
    found = people.shown_email_change(LinkKind.CHANGE, link, _secrets())
    return page("account/change_email.html", change=found, link=link)


@blueprint.post("/change-email/<link>")
def use_new(link: str) -> Response:
    """It shall."""
    limits.count(public=True, books=False)
    people.confirm_email_change(link, _secrets())
    return go_to(url_for(".confirm_new", link=link))


@blueprint.get("/keep-email/<link>")
def confirm_old(link: str) -> Response:
    """Was it you, or not?"""
    found = people.shown_email_change(LinkKind.KEEP, link, _secrets())
    return page("account/keep_email.html", change=found, link=link)


@blueprint.post("/keep-email/<link>/confirm")
def agree(link: str) -> Response:
    """It was me: the change happens as soon as the new mailbox has confirmed, too."""
    limits.count(public=True, books=False)
    people.agree_to_email_change(link, _secrets())
    return go_to(url_for(".confirm_old", link=link))


@blueprint.post("/keep-email/<link>")
def keep_old(link: str) -> Response:
    """It was not: the address stays or comes back, everybody is signed out, a new password is due."""
    limits.count(public=True, books=False)
    people.undo_email_change(link, _secrets())
    signed_in.forget()
    return page("account/email_kept.html", block="main")


@blueprint.errorhandler(EmailTaken)
def _taken(refusal: EmailTaken) -> Response:
    return page("account/email_taken.html", block="main", status=status_of(refusal))


@blueprint.errorhandler(LinkOver)
def _link_is_over(error: LinkOver) -> Response:
    return page("account/over.html", block="main", status=status_of(error), about="email")


def _secrets() -> tuple[str, ...]:
    return current_services().settings.secret_keys
