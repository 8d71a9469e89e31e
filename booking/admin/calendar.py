"""The calendar: rooms by days. From it, nights are taken off sale and put back."""

from __future__ import annotations

import datetime as dt
import uuid
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, request, session, url_for

from booking.admin import calendar_cells, calendar_place
from booking.admin.entrance import desk
from booking.domain import inventory
from booking.domain.errors import Invalid, RoomNotFound
from booking.domain.inventory import BlockableRoom, BlockDiffers, BlockNotFound, NightsTaken, NightsToBlock
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import CalendarWish, RoomCalendar
from booking.http import date_format, number_format
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import options
from booking.pages.forms import Form
from booking.pages.rendering import go_to, more_of, page, wants_part
from booking.pages.signed_in import actor

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")

TOLD = "calendar"  # in the cookie: what has just been done, told once
CALENDAR, NIGHTS = "admin/calendar.html", "admin/nights.html"
A_LITTLE = dt.timedelta(days=2)
DAYS_OF_A_NAME = 5  # are wide enough for "September 2026"


@blueprint.get("/")
def show() -> Response:
    """The rooms of one property; to htmx, the next ones."""
    form, wish, status = _asked()
    house = desk().house_of(request.args.get("property", ""))
    is_more = bool(wish.offset) and wants_part()
    view, rules = wish.view(rows_alone=is_more), current_services().booking_context.rules
    found = front_desk.room_calendar(actor(), house.id, view, rules)
    told = None if is_more else _told()
    facts: dict[str, Any] = {"house": house, "calendar": found, "wish": wish, "form": form, "told": told}
    place = calendar_place.of(found.days[0].date, wish)
    facts |= {"rows": calendar_cells.rows(found, place), "place": place, **_around(found)}
    if is_more:
        return more_of(CALENDAR, "rows", **facts)
    return page(CALENDAR, block="main", status=status, **facts)


@blueprint.get("/nights")
def nights() -> Response:
    """Nights that are free: what may be done with them."""
    return _nights_page(Form.asked())


@blueprint.post("/nights")
def block() -> Response:
    """Take them off sale."""
    form = Form.posted()
    room = _room(form)
    try:
        wanted = form.accept(NightsToBlock)
        rules = current_services().booking_context.rules
        made = inventory.block(actor(), room.id, wanted.stay, rules=rules, reason=wanted.reason)
    except (Invalid, NightsTaken, BlockDiffers) as refusal:
        return _nights_page(form.refuse(refusal), status_of(refusal))
    days = [made.check_in.isoformat(), made.check_out.isoformat()]
    session[TOLD] = {"done": "blocked", "room": room.name, "block": encode("block", made.id), "stay": days}
    return go_to(str(_back_to(room.property_id, made.check_in)["back"]))


@blueprint.get("/blocks/<block_id>")
def show_block(block_id: str) -> Response:
    """Why the nights are off sale, and the way back."""
    found = inventory.get_block(actor(), _block(block_id))
    back = _back_to(found.property_id, found.block.check_in)
    return page("admin/block.html", details=found, block_id=block_id, **back)


@blueprint.post("/blocks/<block_id>/unblock")
def unblock(block_id: str) -> Response:
    """Put the nights back on sale. Pressed twice, they are on sale all the same."""
    try:
        house = inventory.get_block(actor(), _block(block_id)).property_id
        gone = inventory.unblock(actor(), _block(block_id))
    except BlockNotFound:
        session[TOLD] = {"done": "gone"}
        return go_to(url_for(".show"))
    again = {"room": encode("room", gone.room_id), "reason": gone.reason}
    again |= {"checkIn": gone.check_in.isoformat(), "checkOut": gone.check_out.isoformat()}
    session[TOLD] = {"done": "unblocked", "again": again if gone.source == inventory.BLOCKED_BY_STAFF else None}
    return go_to(str(_back_to(house, gone.check_in)["back"]))


# --- parts of the page


def _told() -> dict[str, Any] | None:
    """What has just been done."""
    told: dict[str, Any] | None = session.pop(TOLD, None)
    if told and "stay" in told:
        told["stay"] = [dt.date.fromisoformat(day) for day in told["stay"]]
    return told


def _asked() -> tuple[Form, CalendarWish, int]:
    """What the address asks for; where that is nonsense, the usual days, with what is wrong."""
    form = Form.asked()
    try:
        return form, form.accept(CalendarWish), 200
    except Invalid as refusal:
        return form, CalendarWish(), status_of(refusal)


def _around(calendar: RoomCalendar) -> dict[str, Any]:
    """Where the days before and after begin."""
    first, days = calendar.days[0].date, len(calendar.days)
    step = dt.timedelta(days=days)
    return {
        "first": first,
        "months": _months([one.date for one in calendar.days]),
        "earlier": first - step,
        "later": first + step,
        "span_names": [(days, number_format.days(days)) for days in front_desk.CALENDAR_SPANS],
        "kind_names": [(kind, options.kind_name(kind)) for kind in calendar.kinds],
    }


def _months(days: list[dt.date]) -> list[tuple[str, int]]:
    """Their names, in short where few days of them are shown, and how many these are."""
    months = [list(some) for _, some in groupby(days, key=lambda day: (day.year, day.month))]
    return [
        (date_format.month(some[0]) if len(some) >= DAYS_OF_A_NAME else date_format.month_name(some[0]), len(some))
        for some in months
    ]


# --- free nights


def _room(form: Form) -> BlockableRoom:
    """The room that the form is about; raises RoomNotFound where it is none of theirs."""
    found = decode("room", form.value("room"))
    if found is None:
        raise RoomNotFound
    return inventory.get_blockable_room(actor(), found)


def _block(block_id: str) -> uuid.UUID:
    found = decode("block", block_id)
    if found is None:
        raise BlockNotFound
    return found


def _nights_page(form: Form, status: int = 200) -> Response:
    room, first, end = _room(form), _day(form.value("checkIn")), _day(form.value("checkOut"))
    dates = date_format.stay(first, end) if first and end and first < end else None
    back = _back_to(room.property_id, first)
    return page(NIGHTS, status=status, room=room, form=form, dates=dates, **back)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _back_to(house: uuid.UUID, first: dt.date | None) -> dict[str, Any]:
    """The `place` in the calendar from which somebody has come, and the way `back`: for whoever has come from elsewhere
    to this day in it, or a little before it, so that it is seen among others.
    """
    came_from = calendar_place.facts(house)
    start = (first - A_LITTLE).isoformat() if first else None
    there = url_for(".show", property=encode("property", house), start=start)
    return {"place": came_from["place"], "back": came_from["calendar_url"] or there}
