"""The house is closed to guests for a while: planned, begun and ended, with what they are told."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, session, url_for

from booking.admin.entrance import desk
from booking.domain import people, system
from booking.domain.errors import Invalid
from booking.domain.system import MaintenanceOrder
from booking.http.error_rendering import status_of
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("maintenance", __name__, url_prefix="/system/maintenance")

DONE = "maintenance_done"  # in the cookie until it was shown


@blueprint.get("")
def show() -> Response:
    """What is set, and the form to set it."""
    return _page(_filled(), 200)


@blueprint.post("")
def begin() -> Response:
    """From now on, or planned; what was set before is replaced."""
    form = _posted()
    try:
        mode = system.begin_maintenance(actor(), form.accept(MaintenanceOrder))
    except Invalid as refusal:
        return _page(form, status_of(refusal))
    session[DONE] = "on" if mode.is_on else "planned"
    return go_to(url_for(".show"))


@blueprint.post("/end")
def end() -> Response:
    """Guests are let in again; a second time changes nothing."""
    _posted()
    system.end_maintenance(actor())
    session[DONE] = "off"
    return go_to(url_for(".show"))


def _posted() -> Form:
    """For whoever may; they have signed in lately."""
    system.get_maintenance(actor())  # for who may not, nothing is wrong with a form
    people.require_recent_sign_in(actor())
    return Form.posted()


def _page(form: Form, status: int) -> Response:
    done = session.pop(DONE, None) if status == 200 else None
    mode = system.get_maintenance(actor())
    return page(
        "admin/maintenance.html", block="main", status=status, form=form, mode=mode, done=done, zone=desk().zone
    )


def _filled() -> Form:
    """With what is set."""
    mode = system.get_maintenance(actor())
    if mode is None:
        return Form()
    begins = "" if mode.is_on else _local(mode.begins_at)
    until = _local(mode.until) if mode.until else ""
    return Form({"notice": mode.notice, "beginsAt": begins, "until": until})


def _local(at: dt.datetime) -> str:
    """As such a field of a form takes it."""
    return f"{at.astimezone(ZoneInfo(desk().zone)):%Y-%m-%dT%H:%M}"
