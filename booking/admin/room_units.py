"""Of a room's own page: units like it, made in one go, and the rooms or beds that it contains."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, url_for

from booking.admin import house_told
from booking.domain import catalogue, inventory
from booking.domain.catalogue import OwnRoom, Units
from booking.domain.errors import Conflict, Invalid, RoomNotFound
from booking.domain.notices import Notice
from booking.infra.ids import decode
from booking.pages.forms import Form
from booking.pages.rendering import go_to
from booking.pages.signed_in import actor

blueprint = Blueprint("room_units", __name__, url_prefix="/rooms/<room_id>")


@blueprint.post("/units")
def make(room_id: str) -> Response:
    """So many more of it, named by numbers."""
    return _act(room_id, "units-made", _make)


@blueprint.post("/units/publish")
def publish(room_id: str) -> Response:
    """Guests see all of them from now on."""
    return _act(room_id, "rooms-published", lambda key, _: {"number": catalogue.publish_units(actor(), key)})


@blueprint.post("/units/leave")
def leave(room_id: str) -> Response:
    """It is shown and sold by itself."""
    return _act(room_id, "unit-left", lambda key, _: catalogue.leave_units(actor(), key))


@blueprint.post("/parts")
def link(room_id: str) -> Response:
    """It contains these, too."""
    return _act(
        room_id, "rooms-linked", lambda key, form: inventory.link_rooms(actor(), key, _ids(form.values("part")))
    )


@blueprint.post("/parts/remove")
def unlink(room_id: str) -> Response:
    """It does not contain this one any more."""
    return _act(
        room_id, "rooms-unlinked", lambda key, form: inventory.unlink_rooms(actor(), key, _ids(form.values("part")))
    )


def facts(seen: OwnRoom) -> dict[str, Any]:
    """What the page says of both; the `others` of the property could be linked."""
    linked = inventory.linked_rooms(actor(), seen.room.id)
    known = {seen.room.id, *(one.id for one in (*linked.parts, *linked.wholes))}
    rooms = catalogue.own_rooms(actor(), seen.house.id) if seen.can_edit else []
    units = catalogue.units_beside(actor(), seen.room.id)
    return {
        "units": units,
        "next_number": _next_number(units),
        "units_waiting": sum(1 for one in units.units if not one.published and not one.archived_at) if units else 0,
        "linked": linked,
        "others": [one for one in rooms if one.id not in known and one.archived_at is None],
    }


def _next_number(units: Units | None) -> int:
    """The one after the highest that ends the name of a unit; 1 where none does."""
    ends = [re.search(r"[0-9]{1,5}$", unit.name) for unit in units.units] if units else []
    return max((int(found[0]) + 1 for found in ends if found), default=1)


# --- around them


def _act(room_id: str, done: str, verb: Callable[[uuid.UUID, Form], object]) -> Response:
    key = decode("room", room_id)
    if key is None:
        raise RoomNotFound
    try:
        facts = verb(key, Form.posted())
        house_told.tell(done, **(facts if isinstance(facts, dict) else {}))
    except (Conflict, Invalid) as refusal:
        house_told.tell_refusal(refusal)
    return go_to(url_for("admin.room.show", room_id=room_id))


def _make(room_id: uuid.UUID, form: Form) -> None:
    title = " ".join(form.value("title").split())
    count, first = _number(form, "count"), _number(form, "first")
    catalogue.make_units(actor(), room_id, catalogue.numbered_units(title, first, count), title=title)


def _number(form: Form, field: str) -> int:
    """Raises Invalid."""
    if (number := form.number(field)) is None:
        raise Invalid(details={field: Notice("no_whole_number")})
    return number


def _ids(sent: list[str]) -> list[uuid.UUID]:
    """Raises RoomNotFound."""
    found = [decode("room", one) for one in sent]
    if not all(found):
        raise RoomNotFound
    return [one for one in found if one]
