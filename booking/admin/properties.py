"""Properties: what a house is called, where it stands, how guests reach it, and which rooms it has."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, Response, request, url_for

from booking.admin import house_forms, house_told, stays_ahead
from booking.admin.entrance import desk
from booking.admin.house_forms import Merged
from booking.domain import catalogue, inventory
from booking.domain.catalogue import (
    OwnProperty,
    PropertyDetails,
    PropertyEdit,
    PropertyModified,
    PropertyNotFound,
    Room,
)
from booking.domain.errors import Conflict, Forbidden, Invalid
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("properties", __name__, url_prefix="/properties")


@blueprint.get("")
def index() -> Response:
    """Those that somebody may see."""
    found = catalogue.own_properties(actor())
    return page("admin/properties.html", block="main", found=found, can_add=catalogue.may_add_property(actor()))


@blueprint.get("/new")
def new() -> Response:
    """What is asked of a new one."""
    _refuse_unless_may_add()
    beside = desk().houses[-1:]  # as a chain has it; to be written over
    known = {"currency": beside[0].currency, "timeZone": beside[0].time_zone} if beside else {}
    return _new_page(Form({"checkInTime": "15:00", "checkOutTime": "11:00", "babiesUnder": "2"} | known))


@blueprint.post("/new")
def add() -> Response:
    """Make it; its page comes next."""
    _refuse_unless_may_add()
    form = Form.posted()
    try:
        made = catalogue.add_property(actor(), form.accept(PropertyDetails))
    except Invalid as refusal:
        return _new_page(form.refuse(refusal), status_of(refusal))
    return _done(encode("property", made), "property-made")


@blueprint.get("/<property_id>")
def show(property_id: str) -> Response:
    """What it is, to be changed by whoever may, and its rooms."""
    seen = _known(property_id)
    return _page(seen, house_forms.of_property(seen.house))


@blueprint.post("/<property_id>")
def edit(property_id: str) -> Response:
    """As it was sent, with what somebody else has changed meanwhile; what both have changed is chosen from."""
    seen, form = _known(property_id), Form.posted()
    if not seen.can_edit:
        raise PropertyNotFound
    house_forms.settled(form, house_forms.of_property(seen.house), house_forms.OF_PROPERTY)
    merged = _merge(form, seen)
    try:
        if merged.differing:
            raise PropertyModified
        catalogue.edit_property(actor(), seen.house.id, form.accept(PropertyEdit))
    except PropertyModified as refusal:
        seen = seen if merged.differing else _known(property_id)  # or changed since it was read above
        return _page(seen, form.refuse(refusal), status_of(refusal), merged if merged.differing else _merge(form, seen))
    except Invalid as refusal:
        return _page(seen, form.refuse(refusal), status_of(refusal), merged)
    return _done(property_id, "property-saved", what=", ".join(merged.taken))


@blueprint.post("/<property_id>/archive")
def archive(property_id: str) -> Response:
    """Nobody stays there any more."""
    rules = current_services().booking_context.rules
    return _act(property_id, "property-archived", partial(inventory.archive_property, rules=rules))


@blueprint.post("/<property_id>/publish")
def publish(property_id: str) -> Response:
    """It is there again."""
    return _act(property_id, "property-published", catalogue.publish_property)


@blueprint.post("/<property_id>/rooms/publish")
def publish_rooms(property_id: str) -> Response:
    """All of its rooms that are ready."""
    try:
        number, left = catalogue.publish_rooms(actor(), _id(property_id))
    except Conflict as refusal:
        house_told.tell_refusal(refusal)
        return _back(property_id)
    return _done(property_id, "rooms-published", number=number, left=left)


@blueprint.post("/<property_id>/policy")
def set_policy(property_id: str) -> Response:
    """One cancellation policy for all of its rooms."""
    try:
        number = catalogue.set_cancellation_policy(actor(), _id(property_id), Form.posted().value("cancellationPolicy"))
    except Invalid as refusal:
        house_told.tell_refusal(refusal)
        return _back(property_id)
    return _done(property_id, "policy-set", number=number)


# --- around them


def _act(property_id: str, done: str, verb: Callable[..., object]) -> Response:
    try:
        verb(actor(), _id(property_id), seen_version=Form.posted().seen_version() or 0)
    except (Conflict, Invalid) as refusal:
        house_told.tell_refusal(refusal)
        return go_to(url_for(".show", property_id=property_id))
    return _done(property_id, done)


def _done(property_id: str, done: str, **facts: object) -> Response:
    house_told.tell(done, **facts)
    return _back(property_id)


def _back(property_id: str) -> Response:
    """To the page whose button it was."""
    return go_to(security.page_path(request.form.get("next"), url_for(".show", property_id=property_id)))


def _refuse_unless_may_add() -> None:
    if not catalogue.may_add_property(actor()):
        raise Forbidden


def _known(property_id: str) -> OwnProperty:
    return catalogue.get_own_property(actor(), _id(property_id))


def _id(property_id: str) -> uuid.UUID:
    if (found := decode("property", property_id)) is None:
        raise PropertyNotFound
    return found


def _new_page(form: Form, status: int = 200) -> Response:
    choices = {"zones": _zones(), "fixed": False, "invoice_times": house_forms.INVOICE_AT}
    return page("admin/new_property.html", block="main", status=status, form=form, **choices)


def _merge(form: Form, seen: OwnProperty) -> Merged:
    return house_forms.merge(form, house_forms.of_property(seen.house), seen.house.version, house_forms.OF_PROPERTY)


def _page(seen: OwnProperty, form: Form, status: int = 200, merged: Merged = house_forms.UNTOUCHED) -> Response:
    told, rooms = house_told.taken(), catalogue.own_rooms(actor(), seen.house.id)
    facts: dict[str, Any] = {
        "seen": seen,
        "house": seen.house,
        "property_id": encode("property", seen.house.id),
        "rooms": rooms,
        "titles": _titles(seen, rooms),
        "waiting": sum(1 for room in rooms if not room.published and room.archived_at is None),
        "form": form,
        "zones": _zones(),
        "invoice_times": house_forms.INVOICE_AT,
        "fixed": bool(rooms),
        "opened": house_forms.opened(house_forms.of_property(seen.house), house_forms.OF_PROPERTY),
        "merged": merged,
        "told": told,
        "stays": stays_ahead.of_property(seen.house) if told and told["in_use"] else [],
    }
    return page("admin/property.html", block="main", status=status, **facts)


def _titles(seen: OwnProperty, rooms: Sequence[Room]) -> dict[uuid.UUID, str]:
    """What guests see its units called, by their group."""
    has_units = any(room.unit_group_id for room in rooms)
    return catalogue.titles_of_units(actor(), seen.house.id) if has_units else {}


def _zones() -> list[str]:
    """To choose from as one types: those of places, by name."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
