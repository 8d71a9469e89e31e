"""Cash at the desk: one's own drawer, closed with a count; everybody's for owners and managers; what was counted."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from booking.admin import states
from booking.admin.entrance import desk
from booking.domain import payments, people
from booking.domain.errors import Conflict, Invalid, NotFound
from booking.domain.payments import CashCount, CashDrawer, Counted, DrawerKey, DrawerSum, Moved
from booking.http import date_format
from booking.http.error_rendering import status_of
from booking.infra.ids import decode, encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, visitor

blueprint = Blueprint("cash", __name__, url_prefix="/cash")

DONE = "cash_done"  # in the cookie until it was shown


@blueprint.get("")
def index() -> Response:
    """One's own drawer, others that one may see, and the latest closings."""
    house, before = desk().house, request.args.get("before", "")
    at = [house.id] if house else None
    listed = [] if before else payments.list_drawers(actor(), at)
    mine = None if before else _mine(listed)
    counted, more = payments.list_closings(actor(), at, before)
    others = [one for one in listed if mine is None or one.key != mine[0].key]
    if mine and mine[0].is_empty and others:
        others.append(mine[0])
        mine = None  # whoever looks after others is not stopped by a form of their own
    for currency in {*(one.closing.currency for one in counted), *(one.key.currency for one in others)}:
        formats.exact(currency)
    facts: dict[str, Any] = {"others": others, "counted": counted, "more": more, "before": before, "mine": mine}
    if mine:
        facts |= _facts_of(*mine, Form())
    return page("admin/cash.html", block="main", **facts, **_words())


@blueprint.get("/drawer")
def drawer() -> Response:
    """What is in one drawer, and the form to close it."""
    return _page(_key(), Form())


@blueprint.post("/drawer")
def close() -> Response:
    """Close it with what was counted; what is refused is said at the form, which keeps what was typed."""
    form, key = Form.posted(), _key()
    payments.get_drawer(actor(), key, 0)  # for who may not see it, nothing is wrong with a form
    people.require_recent_sign_in(actor())
    try:
        closed = payments.close_drawer(actor(), key, form.accept(CashCount).count)
    except (Invalid, Conflict) as refusal:
        return _page(key, form.refuse(refusal), status_of(refusal))
    session[DONE] = True
    return go_to(url_for(".closing", closing_id=encode("closing", closed.id)))


@blueprint.get("/closings/<closing_id>")
def closing(closing_id: str) -> Response:
    """A count, and what it has counted; to be printed, too."""
    known = decode("closing", closing_id)
    if known is None:
        raise NotFound
    counted, moved = payments.get_closing(actor(), known)
    formats.exact(counted.closing.currency)
    zone = _words()["zone_of"](counted.closing.property_id)
    when = date_format.moment_long(date_format.local(counted.closing.created_at, zone))  # printed, it is kept for years
    facts: dict[str, Any] = {
        "when": when,
        "one": counted,
        "moved": moved,
        "closing_id": closing_id,
        "done": session.pop(DONE, False),
    }
    return page("admin/cash_closing.html", block="main", by=_by(counted), **facts, **_words())


# --- around them


def _page(key: DrawerKey, form: Form, status: int = 200) -> Response:
    facts = _facts_of(*payments.get_drawer(actor(), key), form)
    return page("admin/cash_drawer.html", block="main", status=status, **facts, **_words())


def _facts_of(seen: DrawerSum, moved: Moved, form: Form) -> dict[str, Any]:
    formats.exact(seen.key.currency)
    return {"seen": seen, "moved": moved, "form": form, "is_own": seen.key.user_id == visitor().id}


def _mine(listed: list[DrawerSum]) -> tuple[DrawerSum, Moved] | None:
    """At the property that was chosen, also where it is empty; else the only one with something in it."""
    house, own = desk().house, [one.key for one in listed if one.key.user_id == visitor().id]
    if house and not own:
        own = [DrawerKey(house.id, house.currency, visitor().id)]
    try:
        return payments.get_drawer(actor(), own[0]) if len(own) == 1 else None
    except NotFound:  # they see this property, and have no drawer there
        return None


def _key() -> DrawerKey:
    """Of the address. Raises NotFound where that names none."""
    try:
        return Form.asked().accept(CashDrawer).key
    except Invalid:
        raise NotFound from None


def _words() -> dict[str, Any]:
    houses = {house.id: house for house in desk().houses}

    def address(key: DrawerKey) -> str:
        person = encode("user", key.user_id) if key.user_id else None
        where: dict[str, Any] = {
            "property": encode("property", key.property_id),
            "currency": key.currency,
            "person": person,
        }
        return url_for("admin.cash.drawer", **where)

    return {
        "address": address,
        "me": visitor().id,
        "person_of": _person,
        "house_of": lambda place: houses[place].name if place in houses else "",
        "zone_of": lambda place: houses[place].time_zone if place in houses else "UTC",
    }


def _person(name: str | None, user_id: uuid.UUID | None) -> str:
    """Whose drawer it is."""
    return name or (gettext("Deleted account") if user_id else gettext("Entered by commands"))


def _by(counted: Counted) -> str:
    return states.actor(counted.closing.closed_by, counted.names)
