"""For trying the product out: the mails that were sent, as the demo owner sees them. Not there in production."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, abort

from booking.domain import maintenance
from booking.domain.errors import Forbidden
from booking.http.services import current_services
from booking.infra.sent_mails import SentMail
from booking.pages import security
from booking.pages.rendering import page
from booking.pages.signed_in import actor, required

blueprint = Blueprint("demo_mails", __name__)

LINK = re.compile(r"https?://\S+")


@blueprint.before_request
def _only_where_nothing_is_real() -> None:
    settings = current_services().settings
    if settings.production or not settings.mail_dir:
        abort(404)


@blueprint.get("/demo/mails")
@required
def index() -> Response:
    """The latest mails."""
    with _for_the_owner():
        return page("demo/mails.html", mails=maintenance.latest_demo_mails(actor(), _folder()))


@blueprint.get("/demo/mails/<name>")
@required
def show(name: str) -> Response:
    """One mail: how it looks, what its text says, what is attached."""
    mail = _mail(name)
    if mail is None:
        abort(404)
    return page("demo/mail.html", mail=mail, links=list(dict.fromkeys(LINK.findall(mail.text))))


@blueprint.get("/demo/mails/<name>/html")
@required
def body(name: str) -> Response:
    """The mail itself, for the frame on its page: it may carry styles, and can do nothing else."""
    mail = _mail(name)
    if mail is None or not mail.html:
        abort(404)
    nothing = "'none'"
    security.allow(
        default_src=nothing,
        script_src=nothing,
        img_src=nothing,
        style_src="'unsafe-inline'",
        form_action=nothing,
        frame_ancestors="'self'",
        sandbox="",
    )
    return Response(mail.html, mimetype="text/html")


class OwnersOnly(Forbidden):
    reason = "DEMO_OWNERS_ONLY"


def _folder() -> str:
    return current_services().settings.mail_dir


def _mail(name: str) -> SentMail | None:
    with _for_the_owner():
        return maintenance.find_demo_mail(actor(), _folder(), name)


@contextmanager
def _for_the_owner() -> Iterator[None]:
    try:
        yield
    except Forbidden:
        raise OwnersOnly from None
