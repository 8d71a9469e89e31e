"""The day at the desk: who comes, who goes, who is there, which rooms are to be cleaned, and what is wrong.

Each thing is done by one press, and undone by another for a minute. Where nights would come free, what that means is
shown first.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for

from booking.admin import day_told, room_list
from booking.admin.day_rows import Rows
from booking.admin.entrance import desk
from booking.domain import correspondence, inventory, reservations
from booking.domain.errors import BookingNotFound, Conflict
from booking.domain.reservations import Booking, front_desk
from booking.domain.reservations.front_desk import HouseDay
from booking.domain.stays import StayRules
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("today", __name__)

TODAY, ASK = "admin/today.html", "admin/today_ask.html"
VERBS: dict[str, Callable[..., Booking]] = {
    "check-in": front_desk.check_in,
    "check-out": front_desk.check_out,
    "no-show": front_desk.mark_no_show,
}
ASKED_BEFORE = ("check-out", "no-show")  # where nights may come free
DAY = dt.timedelta(days=1)
FROM_BOOKING = "booking"  # the page of a booking, which has the same buttons


@blueprint.get("/")
def show() -> Response:
    """Where staff arrive after signing in: today, or another day."""
    houses = [house.id for house in desk().shown_houses]
    day = _day(request.args.get("day", ""))
    found = front_desk.day_of_houses(actor(), houses, _rules(), day)
    for lists in (found.arrivals, found.departures, found.in_house, found.holds, found.owing):
        _write_alike(lists)
    reference, told = day or _today(), _with_guest(day_told.taken(), found)
    told_of = told.get("booking", "") if told and told["undo"] else ""
    return page(
        TODAY,
        block="main",
        rows=Rows(with_house=not desk().house, is_today=day is None, told_of=told_of),
        today=found,
        **_rooms(found),
        to_answer=correspondence.messages_to_answer(actor(), houses) if day is None else None,
        told=told,
        day=day,
        shown=reference,
        before=reference - DAY,
        after=reference + DAY,
        is_guests_business=desk().areas.bookings,
    )


@blueprint.post("/day/<booking_id>/<step>")
def do(booking_id: str, step: str) -> Response:
    """A guest has come, has left, or has not come. Raises BookingNotFound."""
    if step not in VERBS:
        raise BookingNotFound
    form, key = Form.posted(), _booking(booking_id)
    frees = step == "check-out" or form.value("freeNights") == "yes"
    freed = _departure(key).freed if frees else 0
    if freed and not form.value("shownRefund"):
        return go_to(url_for(".ask", booking_id=booking_id, step=step, back=_asked_back()))
    more: dict[str, Any] = {"free_nights": True} if step == "no-show" and frees else {}
    if frees:
        more["seen_refund"] = _amount(form.value("shownRefund"))
    context = current_services().booking_context
    done = "freed" if step == "no-show" and frees else step
    seen = form.seen_version()
    act = partial(VERBS[step], actor(), key, context, seen_version=seen, **more)
    return _told(act, _back(booking_id), done, step, freed)


@blueprint.get("/day/<booking_id>/<step>")
def ask(booking_id: str, step: str) -> Response:
    """Which nights come free, and what comes back of their price, before it is done."""
    if step not in ASKED_BEFORE:
        raise BookingNotFound
    departure = _departure(_booking(booking_id))
    facts: dict[str, Any] = {"booking_id": booking_id, "back": _back(booking_id), "asked_back": _asked_back()}
    return page(ASK, departure=departure, step=step, **facts)


@blueprint.post("/day/<booking_id>/undo/<step>")
def undo(booking_id: str, step: str) -> Response:
    """Take it back, within a minute."""
    if step not in front_desk.STEPS:
        raise BookingNotFound
    form, key = Form.posted(), _booking(booking_id)
    context = current_services().booking_context
    seen = form.seen_version()
    act = partial(front_desk.undo, actor(), key, context, step=step, seen_version=seen)
    return _told(act, _back(booking_id), "undone")


# --- what is told once, above the lists


def _asked_back() -> str | None:
    return FROM_BOOKING if request.args.get("back") == FROM_BOOKING else None


def _back(booking_id: str) -> str:
    """The page from which it was done: the booking's own, or the list."""
    if _asked_back():
        return url_for("admin.booking.show", booking_id=booking_id)
    return url_for(".show")


def _told(act: Callable[[], Booking], back: str, done: str, step: str = "", freed: int = 0) -> Response:
    """`back` is where it is told, `step` what can be taken back, `freed` how many nights are on sale again."""
    try:
        booking = act()
    except Conflict as refusal:
        day_told.tell_refusal(refusal)
    else:
        undo = step if front_desk.last_step(booking) else ""
        facts = {"what": _named(booking), "booking": encode("booking", booking.id), "version": booking.version}
        day_told.tell(done, undo=undo, freed=freed, **facts)
    return go_to(back)


def _named(booking: Booking) -> str:
    return f"{booking.room_name}, {booking.reference}"


def _with_guest(told: dict[str, Any] | None, found: HouseDay) -> dict[str, Any] | None:
    """With the name of whom it is about, where they stand in one of the lists: the cookie keeps none."""
    if told is None:
        return None
    about, reference = decode("booking", told.get("booking", "")), told.get("in_the_way", "")
    visits = (*found.arrivals, *found.departures, *found.in_house)
    one = next((one for one in visits if one.booking.id == about or one.booking.reference == reference), None)
    if one is None or not one.guest:
        return told
    if told["done"] == "refused":
        return told | {"guest": one.guest, "booking": encode("booking", one.booking.id)}
    return told | {"what": f"{one.guest}, {told['what']}"}


# --- parts of the page


def _rooms(found: HouseDay) -> dict[str, Any]:
    """Rooms to clean, those first in which somebody arrives today, and rooms out of order; of another day none."""
    if found.day is not None:
        return {"to_clean": None, "out_of_order": None}
    wanted = {one.booking.room_id for one in found.arrivals if one.presence == reservations.EXPECTED}
    unfit = [(one, one.room_id in wanted) for one in room_list.of_shown_houses(to_be_seen_to=True)]
    dirty = [one for one in unfit if one[0].status == inventory.ROOM_DIRTY]
    return {
        "to_clean": sorted(dirty, key=lambda one: not one[1]),
        "out_of_order": [one for one in unfit if one[0].status == inventory.ROOM_OUT_OF_ORDER],
    }


def _write_alike(visits: Any) -> None:
    by_currency: dict[str, list[Decimal]] = {}
    for one in visits:
        by_currency.setdefault(one.booking.currency, []).append(one.due)
    for currency, amounts in by_currency.items():
        formats.alike(currency, amounts)


def _departure(key: uuid.UUID) -> front_desk.Departure:
    return front_desk.preview_departure(actor(), key, _rules())


def _today() -> dt.date:
    """Of the first house that is shown; without one, of nowhere in particular."""
    return _rules().today(desk().zone)


def _rules() -> StayRules:
    return current_services().booking_context.rules


def _booking(text: str) -> uuid.UUID:
    if (found := decode("booking", text)) is None:
        raise BookingNotFound
    return found


def _amount(text: str) -> Decimal | None:
    """What somebody was shown; None where no nights come free, and nothing was shown."""
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return Decimal(-1)  # nobody was shown that


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
