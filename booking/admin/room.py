"""A room's own page: what it is, changed, copied, published and archived by whoever runs its property."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, url_for
from flask_babel import gettext

from booking.admin import house_forms, house_told, room_units, stays_ahead
from booking.admin.house_forms import Merged
from booking.domain import catalogue, inventory
from booking.domain.catalogue import OwnRoom, RoomEdit, RoomModified
from booking.domain.errors import Conflict, Invalid, RoomNotFound
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("room", __name__, url_prefix="/rooms/<room_id>")


@blueprint.get("")
def show(room_id: str) -> Response:
    """What it is, to be changed by whoever may."""
    seen = _known(room_id)
    return _page(seen, house_forms.of_room(seen.room))


@blueprint.post("")
def edit(room_id: str) -> Response:
    """As it was sent, with what somebody else has changed meanwhile; what both have changed is chosen from."""
    seen, form = _editable(room_id), house_forms.sent_room()
    house_forms.settled(form, house_forms.of_room(seen.room), house_forms.OF_ROOM)
    merged = _merge(form, seen)
    try:
        if merged.differing:
            raise RoomModified
        catalogue.edit_room(actor(), seen.room.id, form.accept(RoomEdit))
    except RoomModified as refusal:
        seen = seen if merged.differing else _known(room_id)  # or changed since it was read above
        return _page(seen, form.refuse(refusal), status_of(refusal), merged if merged.differing else _merge(form, seen))
    except (Invalid, Conflict) as refusal:
        return _page(seen, form.refuse(refusal), status_of(refusal), merged)
    return _done(room_id, "room-saved", what=", ".join(merged.taken))


@blueprint.post("/copy")
def copy(room_id: str) -> Response:
    """Another room like it, by another name; its page comes next."""
    seen, form = _editable(room_id), Form.posted()
    name = form.value("copyName").strip()[:255] or gettext("%(room)s (copy)", room=seen.room.name[:240])
    try:
        made = catalogue.copy_room(actor(), seen.room.id, name)
    except Conflict as refusal:
        house_told.tell_refusal(refusal)
        return go_to(url_for(".show", room_id=room_id))
    return _done(encode("room", made), "room-copied", what=seen.room.name)


@blueprint.post("/publish")
def publish(room_id: str) -> Response:
    """Guests see it from now on."""
    return _act(room_id, "room-published", lambda key, seen: catalogue.publish_room(actor(), key, seen_version=seen))


@blueprint.post("/unpublish")
def unpublish(room_id: str) -> Response:
    """Guests see it no more; what is booked stands."""
    return _act(room_id, "room-hidden", lambda key, seen: catalogue.unpublish_room(actor(), key, seen_version=seen))


@blueprint.post("/archive")
def archive(room_id: str) -> Response:
    """Nobody stays in it any more."""
    rules = current_services().booking_context.rules
    return _act(
        room_id, "room-archived", lambda key, seen: inventory.archive_room(actor(), key, rules=rules, seen_version=seen)
    )


# --- around them


def _act(room_id: str, done: str, verb: Callable[[uuid.UUID, int | None], object]) -> Response:
    try:
        verb(_id(room_id), Form.posted().seen_version())
    except (Conflict, Invalid) as refusal:
        house_told.tell_refusal(refusal)
        return go_to(url_for(".show", room_id=room_id))
    return _done(room_id, done)


def _done(room_id: str, done: str, **facts: object) -> Response:
    house_told.tell(done, **facts)
    return go_to(url_for(".show", room_id=room_id))


def _known(room_id: str) -> OwnRoom:
    return catalogue.get_own_room(actor(), _id(room_id))


def _editable(room_id: str) -> OwnRoom:
    """For who may not change it, there is nothing to send to."""
    seen = _known(room_id)
    if not seen.can_edit:
        raise RoomNotFound
    return seen


def _id(room_id: str) -> uuid.UUID:
    if (found := decode("room", room_id)) is None:
        raise RoomNotFound
    return found


def _merge(form: Form, seen: OwnRoom) -> Merged:
    return house_forms.merge(form, house_forms.of_room(seen.room), seen.room.version, house_forms.OF_ROOM)


def _page(seen: OwnRoom, form: Form, status: int = 200, merged: Merged = house_forms.UNTOUCHED) -> Response:
    told, room = house_told.taken(), seen.room
    facts: dict[str, Any] = {
        "seen": seen,
        "room": room,
        "room_id": encode("room", room.id),
        "opened": house_forms.opened(house_forms.of_room(room), house_forms.OF_ROOM),
        "merged": merged,
        "told": told,
        "stays": stays_ahead.of_room(seen) if told and told["in_use"] else [],
        **form_facts(form, seen.house.currency, seen),
        **room_units.facts(seen),
    }
    return page("admin/room.html", block="main", status=status, **facts)


def form_facts(form: Form, currency: str, seen: OwnRoom | None = None) -> dict[str, Any]:
    """What the fields of a room need, be it new or not."""
    first, rest = house_forms.amenity_choices(form)
    return {
        "form": form,
        "currency": currency,
        "beds": house_forms.BEDS,
        "policies": house_forms.policies(seen.room if seen else None),
        "amenities": first,
        "more_amenities": rest,
        "has": form.values("amenities"),
    }
