"""Who changed what, and when: the audit log, for owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for

from booking.admin import stories
from booking.domain import people, reservations
from booking.domain.errors import Invalid, UnknownBooking
from booking.domain.people import AuditEntry, AuditSearch
from booking.http.error_rendering import status_of
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

PAGES = {"booking": "admin.booking.show"}  # of things that have one


@blueprint.get("")
def index() -> Response:
    """What was asked for, the newest first."""
    form, status, found = Form.asked(), 200, None
    try:
        asked = form.accept(AuditSearch)
        found = people.search_audit_log(actor(), asked, _things(asked.thing))
    except Invalid as refusal:
        people.search_audit_log(actor(), AuditSearch(), limit=1)  # for who may not look, nothing is wrong with a form
        status = status_of(refusal)
    told = [(entry, stories.of_entry(entry, found.names)) for entry in found.entries] if found else []
    facts: dict[str, Any] = {"form": form, "found": found, "told": told, "link_of": _link, "thing_of": _thing}
    is_filtered = any(value for name, value in request.args.items() if name != "after")
    return page("admin/audit.html", block="main", status=status, is_filtered=is_filtered, **facts)


def _things(said: str) -> Sequence[str]:
    """A booking is also meant by its reference, and its order with it."""
    if not said.strip() or "_" in said:
        return ()
    try:
        order = reservations.look_up_order(actor(), said)
    except UnknownBooking:
        return ()
    return [encode("order", order.order_id), *(encode("booking", one.id) for one in order.bookings)]


def _link(entry: AuditEntry) -> str:
    """The page of what was changed; empty where it has none."""
    kind = entry.subject.partition("_")[0]
    if kind not in PAGES or decode(kind, entry.subject) is None:
        return ""
    return url_for(PAGES[kind], booking_id=entry.subject)


def _thing(entry: AuditEntry) -> str:
    """What was changed, in short: the kind and the end of its id."""
    kind, _, shown = entry.subject.partition("_")
    return f"{kind} …{shown[-6:]}" if shown else entry.subject
