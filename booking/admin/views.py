"""Filters of the list of bookings that somebody has given a name."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, session, url_for

from booking.admin import bookings
from booking.domain import people
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.people import ViewName
from booking.domain.reservations.front_desk import BookingSearch
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.rendering import go_to
from booking.pages.signed_in import actor

blueprint = Blueprint("views", __name__, url_prefix="/bookings/views")


@blueprint.post("")
def save() -> Response:
    """Keep what the list shows now."""
    form = Form.posted()
    asked = {name: form.value(name) for name in bookings.ASKED if form.value(name)}

    def keep() -> None:
        name = form.accept(ViewName).view_name
        Form(asked).accept(BookingSearch)  # what could not be looked for is not kept
        people.save_view(actor(), name, asked)

    return _done(keep, form, asked)


@blueprint.post("/<view_id>/rename")
def rename(view_id: str) -> Response:
    """Call it otherwise."""
    form = Form.posted()
    return _done(lambda: people.rename_view(actor(), _id(view_id), form.accept(ViewName).view_name), form, {})


@blueprint.post("/<view_id>/delete")
def delete(view_id: str) -> Response:
    """Forget it."""
    return _done(lambda: people.forget_view(actor(), _id(view_id)), Form.posted(), {})


def _done(act: Callable[[], object], form: Form, asked: dict[str, str]) -> Response:
    """Do it and show the list; what is refused is said above it."""
    try:
        act()
    except (Invalid, Conflict) as refusal:
        session[bookings.REFUSED] = " ".join(form.refuse(refusal).problems.values())
    query: dict[str, Any] = dict(asked)
    return go_to(url_for("admin.bookings.index", **query))


def _id(view_id: str) -> uuid.UUID:
    known = decode("view", view_id)
    if known is None:
        raise NotFound
    return known
