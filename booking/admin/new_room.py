"""A room that is not there yet, or several that are alike: described, and then its own page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, url_for

from booking.admin import house_forms, house_told
from booking.admin.entrance import desk
from booking.admin.room import form_facts
from booking.domain import catalogue
from booking.domain.catalogue import NewRooms, OwnProperty, PropertyNotFound
from booking.domain.errors import Conflict, Invalid
from booking.http.error_rendering import status_of
from booking.infra.ids import decode, encode
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("new_room", __name__, url_prefix="/rooms/new")


@blueprint.get("")
def show() -> Response:
    """What is asked of a new room; of which property, the address says, or what was chosen."""
    form = house_forms.new_room()
    form.put("property", Form.asked().sent("property"))
    form.put("cancellationPolicy", [catalogue.usual_cancellation_policy(actor(), _chosen(form, _places()).house.id)])
    return _page(form)


@blueprint.post("")
def add() -> Response:
    """Make it; guests do not see it until it is published."""
    form = house_forms.sent_room()
    try:
        said = form.accept(NewRooms)
        made = catalogue.add_rooms(actor(), _chosen(form, _places()).house.id, said)
    except (Invalid, Conflict) as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    house_told.tell("room-made", number=said.units)
    return go_to(url_for("admin.room.show", room_id=encode("room", made)))


def _page(form: Form, status: int = 200) -> Response:
    places = _places()
    chosen = _chosen(form, places)
    facts: dict[str, Any] = form_facts(form, chosen.house.currency)
    facts["places"] = [(encode("property", one.house.id), one.house.name) for one in places]
    facts["house"] = chosen.house
    facts["most_units"] = catalogue.MOST_UNITS
    return page("admin/new_room.html", block="main", status=status, **facts)


def _places() -> list[OwnProperty]:
    """Where this person may make one. Raises PropertyNotFound where nowhere."""
    found = catalogue.editable_properties(actor(), catalogue.own_properties(actor()))
    if not found:
        raise PropertyNotFound
    return found


def _chosen(form: Form, places: list[OwnProperty]) -> OwnProperty:
    """Raises PropertyNotFound."""
    said, house = form.value("property"), desk().house
    wanted = decode("property", said) if said else (house.id if house else None)
    found = next((one for one in places if one.house.id == wanted), None)
    if found is None and said:
        raise PropertyNotFound
    return found or places[0]
