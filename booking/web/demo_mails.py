"""For trying the product out: the mails that were sent, as the demo owner sees them. Not there in production."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort
from flask_babel import gettext

from booking.domain.errors import Forbidden
from booking.http.services import current_services
from booking.infra import sent_mails
from booking.web import security
from booking.web.pages import page
from booking.web.signed_in import required, visitor

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
    _only_the_owner()
    return page("demo/mails.html", mails=sent_mails.latest(_folder()))


@blueprint.get("/demo/mails/<name>")
@required
def show(name: str) -> Response:
    """One mail: how it looks, what its text says, what is attached."""
    _only_the_owner()
    mail = sent_mails.one(_folder(), name)
    if mail is None:
        abort(404)
    return page("demo/mail.html", mail=mail, links=list(dict.fromkeys(LINK.findall(mail.text))))


@blueprint.get("/demo/mails/<name>/html")
@required
def body(name: str) -> Response:
    """The mail itself, for the frame on its page: it may carry styles, and can do nothing else."""
    _only_the_owner()
    mail = sent_mails.one(_folder(), name)
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


def _folder() -> str:
    return current_services().settings.mail_dir


def _only_the_owner() -> None:
    if visitor().role != "owner":
        raise Forbidden(gettext("Only the owner of this demo can read its emails. Sign in as owner@example.com."))
