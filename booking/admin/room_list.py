"""All rooms and whether each is clean, dirty, inspected or out of order; what staff says of one, here and on today."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Sequence

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from booking.admin import day_told, states
from booking.admin.day_rows import Rows
from booking.admin.entrance import desk
from booking.domain import catalogue, inventory
from booking.domain.errors import Conflict, Invalid, RoomNotFound
from booking.domain.inventory import RoomState
from booking.domain.stays import Stay, StayRules
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("room_list", __name__, url_prefix="/rooms")

AT_ONCE = 100  # rooms on a page
DAY = dt.timedelta(days=1)


@blueprint.get("")
def show() -> Response:
    """The rooms of the chosen property, or of all: by a part of their names, by their state, a page at a time."""
    form = Form.asked()
    named = [one for one in of_shown_houses() if form.value("q").casefold() in one.room_name.casefold()]
    matching = [one for one in named if form.value("state") in ("", one.status)]
    asked = form.number("offset") or 0
    offset = asked if asked < len(matching) else 0  # the last ones of a page may be in another state by now
    return page(
        "admin/rooms.html",
        block="main",
        form=form,
        rooms=[(one, False) for one in matching[offset : offset + AT_ONCE]],
        matching=len(matching),
        next_offset=offset + AT_ONCE if offset + AT_ONCE < len(matching) else None,
        offset=offset,
        state_names=_state_names(named),
        rows=Rows(with_house=not desk().house, is_today=True),
        told=day_told.taken(),
        tomorrow=_tomorrow(),
        can_add=desk().areas.properties and catalogue.may_add_rooms(actor()),
    )


@blueprint.post("/<room_id>/status")
def set_status(room_id: str) -> Response:
    """A room is clean, dirty, inspected, or out of order for so many nights."""
    form, key, rules = Form.posted(), _room(room_id), _rules()
    seen, status = form.seen_version(), form.value("status")

    def said() -> RoomState:
        if status != inventory.ROOM_OUT_OF_ORDER:
            return inventory.set_room_status(actor(), key, status, rules, seen_version=seen)
        now = inventory.get_room_state(actor(), key, rules)
        first = now.out_of_order.check_in if now.out_of_order else rules.today(now.time_zone)
        stay, reason = Stay(first, _day(form.value("to")) or first + DAY), form.value("reason")
        return inventory.put_out_of_order(actor(), key, stay, rules=rules, reason=reason, seen_version=seen)

    return _told(said, status)


@blueprint.post("/<room_id>/status/undo")
def undo_status(room_id: str) -> Response:
    """As it was before, within a minute."""
    form, key = Form.posted(), _room(room_id)
    seen = form.seen_version()
    return _told(lambda: inventory.undo_room_status(actor(), key, _rules(), seen_version=seen), "undone")


def of_shown_houses(*, to_be_seen_to: bool = False) -> Sequence[RoomState]:
    """All rooms of the chosen property, or of all; or those alone that are not fit for a guest."""
    if not desk().shown_houses:
        return []
    house = desk().house
    return inventory.room_states(actor(), _rules(), house.id if house else None, to_be_seen_to=to_be_seen_to)


# --- around them


def _told(act: Callable[[], RoomState], done: str) -> Response:
    """Back to the page with its button."""
    try:
        state = act()
    except (Conflict, Invalid) as refusal:
        day_told.tell_refusal(refusal)
    else:
        undo, key = state.undo_until is not None, encode("room", state.room_id)
        day_told.tell(f"room-{done}", what=state.room_name, room=key, version=state.version, undo=undo)
    return go_to(security.page_path(request.form.get("next"), url_for("admin.today.show")))


def _state_names(rooms: Sequence[RoomState]) -> list[tuple[str, str]]:
    """To choose from, with how many there are of each."""
    count = Counter(one.status for one in rooms)
    names = [(status, f"{name} ({count[status]})") for status, name in states.ROOMS.items()]
    return [("", f"{gettext('Any')} ({len(rooms)})"), *names]


def _tomorrow() -> dt.date:
    """At the first property that is shown: until then a room is out of order at least."""
    return _rules().today(desk().zone) + DAY


def _rules() -> StayRules:
    return current_services().booking_context.rules


def _room(text: str) -> uuid.UUID:
    if (found := decode("room", text)) is None:
        raise RoomNotFound
    return found


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
