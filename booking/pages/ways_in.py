"""The pages on which somebody signs in or creates an account, with what they wanted before."""

from __future__ import annotations

from typing import Any

from flask import Response

from booking.pages import security
from booking.pages.forms import Form
from booking.pages.rendering import page, wants_part
from booking.pages.unsent import Unsent

ENTERING, JOINING = WAYS_IN = ("account/sign_in.html", "account/register.html")  # one page for who has chosen a room


def show(
    template: str,
    form: Form,
    status: int,
    wanted: str,
    typed: Unsent | None = None,
    *,
    changed: bool = False,
    **facts: Any,
) -> Response:
    """The page; `wanted` is the address to go on to, empty where there is none, `typed` what is to be sent then.

    `changed`: after a new password was chosen; `facts`: what the template needs besides.
    """
    facts |= {"wanted": wanted, "onward": wanted or None, "keeps_wish": "/reserve?" in wanted}
    facts |= {"unsent": typed, "changed": changed}
    if facts["keeps_wish"] and template in WAYS_IN:
        others = Form({name: form.value(name) for name in ("email", "fullName")})
        facts |= {"joins": template == JOINING, "typed": others}
        template = "account/reserve_as.html"
    return page(template, block="main", status=status, form=form, **facts)


def signed_out(wanted: str, typed: Unsent) -> Response:
    """In the place of what a form would have done: its visitor's sign-in has ended."""
    security.personal()
    response = show(ENTERING, Form(), 401, wanted, typed)
    if wants_part():  # wherever the part was meant to go, this is about the page
        response.headers.update({"HX-Retarget": "#main", "HX-Reswap": "innerHTML show:top"})
    return response
