"""From an empty house to rooms that guests can book, step by step; how far it has come is what is there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from booking.admin import house_forms, house_told
from booking.admin.entrance import desk
from booking.domain import catalogue
from booking.domain.catalogue import OwnProperty
from booking.domain.errors import Forbidden
from booking.infra.ids import decode
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("set_up", __name__, url_prefix="/set-up")

STEPS = 5
PREVIEWED = 6  # rooms, to look at before they are published


@blueprint.get("")
def show() -> Response:
    """What is done, and what comes next."""
    if not desk().areas.rooms:
        raise Forbidden
    seen = _chosen(catalogue.editable_properties(actor(), catalogue.own_properties(actor())))
    rooms = [room for room in catalogue.own_rooms(actor(), seen.house.id) if not room.archived_at] if seen else []
    policies = {catalogue.policy_name(room) for room in rooms}
    facts: dict[str, Any] = {
        "seen": seen,
        "can_add": catalogue.may_add_property(actor()),
        "rooms": rooms,
        "previewed": [room for room in rooms if not room.published][:PREVIEWED],
        "without_photos": [room for room in rooms if not (room.photos or room.images)],
        "waiting": len([room for room in rooms if not room.published and catalogue.is_ready(room)]),
        "unready": len([room for room in rooms if not catalogue.is_ready(room)]),
        "policies": house_forms.policies(),
        "policy": policies.pop() if len(policies) == 1 else "",
        "done": sum([bool(seen), bool(rooms), bool(rooms), any(room.published for room in rooms)]),
        "steps": STEPS - 1,  # photos may be skipped
        "told": house_told.taken(),
    }
    return page("admin/set_up.html", block="main", **facts)


def _chosen(found: list[OwnProperty]) -> OwnProperty | None:
    """The one in the address, or the chosen one; else the first that guests see no room of."""
    house = desk().house
    wanted = decode("property", request.args.get("property", "")) or (house.id if house else None)
    named = [one for one in found if one.house.id == wanted]
    return next(iter([*named, *(one for one in found if not one.published), *found]), None)
