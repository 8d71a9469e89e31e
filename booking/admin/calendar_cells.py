"""The rows of the calendar: who has the nights as bars, what is free as links to what may be done with it.

Put into words here and not in the template: a house shows thousands of them, and a template takes several times as long
for each.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from booking.domain.reservations import CalendarEntry, CalendarRoom, RoomCalendar
from booking.domain.stays import Stay
from booking.http import date_format
from booking.http.language import gettext
from booking.infra.ids import encode
from booking.pages import formats
from booking.pages.addresses import url_for

A_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """Days beside each other in a room's row that are one thing: a bar; free nights, which lead somewhere; the past.

    `text` stands on it, `said` is all of it in words. Without a `link` it leads nowhere.
    """

    stay: Stay
    kind: str  # bar, free or past
    look: str = ""
    link: str = ""
    text: str = ""
    said: str = ""


def rows(calendar: RoomCalendar, place: str) -> dict[uuid.UUID, list[Cell]]:
    """By room. `place` is where in the calendar this is, for the way back from a booking."""
    days = Stay(calendar.days[0].date, calendar.days[-1].date + A_DAY)
    return {room.id: list(_row(room, days, calendar.today, place)) for room in calendar.rooms}


def _row(room: CalendarRoom, days: Stay, today: dt.date, place: str) -> Iterator[Cell]:
    """What is free is cut at today: only what comes can be sold or blocked."""
    free_from = days.check_in
    for entry in room.entries:
        yield from _free(room, free_from, entry.stay.check_in, today)
        yield _bar(entry, place)
        free_from = entry.stay.check_out
    yield from _free(room, free_from, days.check_out, today)


def _free(room: CalendarRoom, first: dt.date, end: dt.date, today: dt.date) -> Iterator[Cell]:
    cut = min(max(first, today), end)
    if first < cut:
        yield Cell(Stay(first, cut), "past")
    if cut < end:
        link = url_for("admin.calendar.nights", room=encode("room", room.id), checkIn=cut, checkOut=cut + A_DAY)
        said = gettext("%(room)s: available %(dates)s", room=room.name, dates=date_format.stay(cut, end))
        yield Cell(Stay(cut, end), "free", link=link, said=said)


# --- who has the nights


def _bar(entry: CalendarEntry, place: str) -> Cell:
    """It begins in the middle of the first day, as stays do."""
    shape = (" began-before" if entry.began_before else "") + (" goes-on" if entry.goes_on else "")
    if entry.kind == "block":
        return _off_sale(entry, f"is-blocked{shape}")
    look = "is-held" if entry.state != "booked" else "is-due" if entry.due > 0 else "is-booked"
    if entry.id is None:
        said = gettext("Taken by a guest of another region, or just now")
        return Cell(entry.stay, "bar", look + shape, text=gettext("Taken"), said=said)
    guest, dates = entry.name or gettext("Contact erased"), _dates(entry)
    said = gettext("%(guest)s, %(dates)s, %(reference)s", guest=guest, dates=dates, reference=entry.reference)
    if state := _state(entry):
        said = f"{said}, {state}"
    link = url_for("admin.booking.show", booking_id=encode("booking", entry.id), calendar=place)
    return Cell(entry.stay, "bar", look + shape, link, guest, said)


def _off_sale(entry: CalendarEntry, look: str) -> Cell:
    dates, reason = _dates(entry), entry.name
    said = gettext("Off sale %(dates)s", dates=dates)
    if reason:
        said = gettext("Off sale %(dates)s: %(reason)s", dates=dates, reason=reason)
    link = url_for("admin.calendar.show_block", block_id=encode("block", entry.id)) if entry.id else ""
    return Cell(entry.stay, "bar", look, link, reason or gettext("Off sale"), said)


def _dates(entry: CalendarEntry) -> str:
    return date_format.stay(entry.whole.check_in, entry.whole.check_out)


def _state(entry: CalendarEntry) -> str:
    """What is still to come of it; empty where that is nothing."""
    if entry.state == "booked" and entry.due > 0:
        return gettext("to pay: %(amount)s", amount=formats.money(entry.due, entry.currency))
    if entry.kind == "change":
        return gettext("changes to this stay")
    return {"pinned": gettext("being paid"), "held": gettext("held")}.get(entry.state, "")
