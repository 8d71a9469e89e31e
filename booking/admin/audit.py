"""Who changed what, and when: the audit log, for owners."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, session, url_for

from booking.admin import doors, stories
from booking.admin.entrance import desk
from booking.domain import people, pricing
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.people import AuditEntry, AuditSearch
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import NamedThing
from booking.http import words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

NAMED_PAGES = {"rate": "admin.rate_rules.show", "promotion": "admin.promotions.show"}  # of what still has a name
TOLD = "audit"  # in the cookie: what was taken back, or why not, told once


@blueprint.get("")
def index() -> Response:
    """What was asked for, the newest first."""
    form, status, found = Form.asked(), 200, None
    try:
        asked = form.accept(AuditSearch)
        found = people.search_audit_log(actor(), asked, front_desk.things_meant(actor(), asked.thing), zone=desk().zone)
    except Invalid as refusal:
        people.search_audit_log(actor(), AuditSearch(), limit=1)  # for who may not look, nothing is wrong with a form
        status = status_of(refusal)
    entries = found.entries if found else []
    things = front_desk.named_things(actor(), {thing for entry in entries for thing in _things_of(entry)})
    told = [_told(entry, found.names, things) for entry in entries] if found else []
    facts: dict[str, Any] = {"told_once": session.pop(TOLD, None), "can_undo": pricing.is_entry_undoable}
    facts |= {"form": form, "found": found, "told": told, "zone": desk().zone, "door_of": doors.in_words}
    is_filtered = any(value for name, value in request.args.items() if name != "after")
    return page("admin/audit.html", block="main", status=status, is_filtered=is_filtered, **facts)


@blueprint.post("/<log_id>/undo")
def undo(log_id: str) -> Response:
    """Take back what an entry tells of, by what makes a new one; what was changed since is refused in words."""
    known = decode("entry", log_id)
    if known is None:
        raise NotFound
    try:
        pricing.undo_entry(actor(), known, current_services().booking_context.rules)
        session[TOLD] = {"why": ""}
    except Conflict as refusal:
        session[TOLD] = {"why": words.on_page(refusal)}
    return go_to(security.page_path(request.form.get("next"), url_for(".index")))


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words: what it is about is called `thing` and has a page at `link`, empty where it has none."""

    entry: AuditEntry
    told: stories.Told
    thing: str
    link: str


def _things_of(entry: AuditEntry) -> Iterator[str]:
    """What it is about, and the rooms that its facts name by their ids."""
    yield entry.subject
    for facts in (entry.was, entry.now):
        yield from (value for value in facts.values() if isinstance(value, str) and value.startswith("room_"))


def _told(entry: AuditEntry, names: Mapping[str, str], things: Mapping[str, NamedThing]) -> Line:
    thing = things.get(entry.subject)
    called = {known: one.name for known in _things_of(entry) if (one := things.get(known))}
    told = stories.of_entry(entry, names, thing.currency if thing else "", called)
    return Line(entry, told, _thing(entry, thing), _link(entry, thing))


def _link(entry: AuditEntry, thing: NamedThing | None) -> str:
    if thing and thing.booking_id:
        return url_for("admin.booking.show", booking_id=encode("booking", thing.booking_id))
    kind = entry.subject.partition("_")[0]
    if kind == "user":
        return url_for("admin.people.index") if desk().areas.people else ""
    if kind == "closing":
        return url_for("admin.cash.closing", closing_id=entry.subject)
    if kind in NAMED_PAGES and thing:
        named: dict[str, Any] = {f"{kind}_id": entry.subject}
        return url_for(NAMED_PAGES[kind], **named)
    if kind == "property" and decode(kind, entry.subject):
        return url_for("admin.calendar.show", property=entry.subject)
    return ""


def _thing(entry: AuditEntry, thing: NamedThing | None) -> str:
    """What was changed, by its name; else the kind and the end of its id."""
    if thing:
        return thing.name
    kind, _, shown = entry.subject.partition("_")
    return f"{kind} …{shown[-6:]}" if shown else entry.subject
