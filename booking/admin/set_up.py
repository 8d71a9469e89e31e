"""From an empty house to rooms that guests can book, step by step; how far it has come is what is there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from booking.admin import house_forms, house_told
from booking.admin.entrance import desk
from booking.domain import catalogue
from booking.domain.catalogue import OwnProperty, Room
from booking.domain.errors import Forbidden
from booking.infra.ids import decode
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("set_up", __name__, url_prefix="/set-up")

STEPS = 5
SHOWN = 12  # of a list of kinds


@dataclass(frozen=True, slots=True)
class Kind:
    """What guests see as one room: a room by itself, or its identical units, under the name that they read."""

    name: str
    rooms: list[Room]

    @property
    def room(self) -> Room:
        """One stands for all: photos and texts are theirs together."""
        return self.rooms[0]

    @property
    def ids(self) -> set[uuid.UUID]:
        return {room.id for room in self.rooms}


@blueprint.get("")
def show() -> Response:
    """What is done, and what comes next."""
    if not desk().areas.rooms:
        raise Forbidden
    seen = _chosen(catalogue.editable_properties(actor(), catalogue.own_properties(actor())))
    rooms = [room for room in catalogue.own_rooms(actor(), seen.house.id) if not room.archived_at] if seen else []
    policies = {catalogue.policy_name(room) for room in rooms}
    kinds = _kinds(seen, rooms)
    with_photos = catalogue.rooms_with_photos(actor(), seen.house.id) if seen else set()
    facts: dict[str, Any] = {
        "seen": seen,
        "can_add": catalogue.may_add_property(actor()),
        "rooms": rooms,
        "kinds": kinds,
        "previewed": [kind for kind in kinds if not all(room.published for room in kind.rooms)][:SHOWN],
        "without_photos": [kind for kind in kinds if not (kind.room.images or with_photos & kind.ids)],
        "preparing": any(kind.ids & with_photos and not kind.room.photos for kind in kinds),
        "shown": SHOWN,
        "waiting": len([room for room in rooms if not room.published and catalogue.is_ready(room)]),
        "unready": len([room for room in rooms if not catalogue.is_ready(room)]),
        "policies": house_forms.policies(),
        "policy": policies.pop() if len(policies) == 1 else "",
        "done": sum([bool(seen), bool(rooms), bool(rooms), any(room.published for room in rooms)]),
        "steps": STEPS - 1,  # photos may be skipped
        "told": house_told.taken(),
    }
    return page("admin/set_up.html", block="main", **facts)


def _kinds(seen: OwnProperty | None, rooms: list[Room]) -> list[Kind]:
    """In the order of the rooms."""
    titles = catalogue.titles_of_units(actor(), seen.house.id) if seen else {}
    found: dict[uuid.UUID, Kind] = {}
    for room in rooms:
        title = titles.get(room.unit_group_id, room.name) if room.unit_group_id else room.name
        found.setdefault(room.unit_group_id or room.id, Kind(title, [])).rooms.append(room)
    return list(found.values())


def _chosen(found: list[OwnProperty]) -> OwnProperty | None:
    """The one in the address, or the chosen one; else the first that guests see no room of."""
    house = desk().house
    wanted = decode("property", request.args.get("property", "")) or (house.id if house else None)
    named = [one for one in found if one.house.id == wanted]
    return next(iter([*named, *(one for one in found if not one.published), *found]), None)
