"""The rows of the calendar: who has the nights as bars, what is free as links to what may be done with it.

Written here and not in the template: a house shows thousands of cells, and a template takes several times as long for
each. What cells have in common (texts, addresses, dates) is found once for all of them.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from functools import cache
from html import escape

from markupsafe import Markup

from booking.domain.reservations.front_desk import CalendarEntry, CalendarRoom, RoomCalendar
from booking.domain.stays import Stay
from booking.http import date_format
from booking.http.language import gettext
from booking.infra.ids import encode
from booking.pages import addresses, formats

A_DAY = dt.timedelta(days=1)
WIDE_DAYS = 14  # at most so many are wide enough for some letters of a name


def rows(calendar: RoomCalendar, place: str) -> Markup:
    """Table rows, one for each room. `place` is where in the calendar this is, for the way back from a booking."""
    writer = _Writer(calendar, place)
    # Put together below, where every value has been escaped.
    return Markup("\n".join(writer.row(room) for room in calendar.rooms))  # noqa: S704


class _Writer:
    """Writes rows; knows what they have in common. Each method answers with HTML, but for those that say otherwise."""

    def __init__(self, calendar: RoomCalendar, place: str) -> None:
        self.today = calendar.today
        self.days = Stay(calendar.days[0].date, calendar.days[-1].date + A_DAY)
        self.to_booking = addresses.alike("admin.booking.show", "booking_id", calendar=place)
        self.to_block = addresses.alike("admin.calendar.show_block", "block_id", calendar=place)
        self.to_nights = addresses.alike("admin.calendar.nights", "room", "checkIn", "checkOut", calendar=place)
        self.is_narrow = len(calendar.days) > WIDE_DAYS
        self.dates = cache(date_format.stay)
        self.money = cache(formats.money)
        self.not_listed = escape(gettext("Not listed"))
        self.available = gettext("%(room)s: available %(dates)s")
        self.guest = gettext("%(guest)s, %(dates)s, %(reference)s")
        self.erased = gettext("Contact erased")
        self.to_pay = gettext("to pay: %(amount)s")
        self.changes = gettext("changes to this stay")
        self.states = {"pinned": gettext("being paid"), "held": gettext("held")}

    def row(self, room: CalendarRoom) -> str:
        """What is free is cut at today: only what comes can be sold or blocked."""
        name = escape(room.name)
        note = "" if room.is_published else f'<span class="tape-note">{self.not_listed}</span>'
        head = f'<th scope="row" class="tape-room"><span class="tape-name">{name}</span>{note}</th>'
        return f"<tr>{head}{''.join(self._cells(room, name))}</tr>"

    def _cells(self, room: CalendarRoom, name: str) -> Iterator[str]:
        free_from = self.days.check_in
        for entry in room.entries:
            if free_from < entry.stay.check_in:
                yield self._free(room, free_from, entry.stay.check_in)
            yield self._taken(entry, name)
            free_from = entry.stay.check_out
        if free_from < self.days.check_out:
            yield self._free(room, free_from, self.days.check_out)

    def _free(self, room: CalendarRoom, first: dt.date, end: dt.date) -> str:
        cut = min(max(first, self.today), end)
        past = f'<td colspan="{(cut - first).days}" class="tape-past"></td>' if first < cut else ""
        if cut == end:
            return past
        nights, day = (end - cut).days, cut.isoformat()
        link = escape(self.to_nights(encode("room", room.id), day, (cut + A_DAY).isoformat()))
        said = escape(self.available % {"room": room.name, "dates": self.dates(cut, end)})
        return (
            f'{past}<td colspan="{nights}" class="tape-free">'
            f'<a href="{link}" data-first="{day}" data-nights="{nights}"><span class="unseen">{said}</span></a></td>'
        )

    # --- who has the nights

    def _taken(self, entry: CalendarEntry, room: str) -> str:
        """`room` is its name, escaped."""
        look, link, text, said = self._bar(entry)
        # Who leaves on the day after the last one shown has half of that day, which is not there.
        goes_on = entry.goes_on or entry.stay.check_out == self.days.check_out
        look += (" began-before" if entry.began_before else "") + (" goes-on" if goes_on else "")
        if self.is_narrow and entry.stay.nights == 1:
            text = _initials(entry.name or "")
        text, said = escape(text), escape(said)
        cell = f'<td colspan="{entry.stay.nights}" class="tape-taken">'
        shown = f'<span aria-hidden="true">{text}</span><span class="unseen">{room}. {said}</span>'
        if not link:
            return f'{cell}<span class="tape-bar {look}" title="{said}">{shown}</span></td>'
        return f'{cell}<a class="tape-bar {look}" href="{escape(link)}" title="{said}">{shown}</a></td>'

    def _bar(self, entry: CalendarEntry) -> tuple[str, str, str, str]:
        """Plain texts: its look, where it leads (empty: nowhere), what stands on it, and all of it in words."""
        if entry.kind == "block":
            return self._off_sale(entry)
        if entry.kind == "parts":
            return "is-blocked", "", gettext("Taken in part"), gettext("A room or bed in it is taken")
        look = "is-held" if entry.state != "booked" else "is-due" if entry.due > 0 else "is-booked"
        if entry.id is None:
            return look, "", gettext("Taken"), gettext("Taken by a guest of another region, or just now")
        guest, dates = entry.name or self.erased, self.dates(entry.whole.check_in, entry.whole.check_out)
        said = self.guest % {"guest": guest, "dates": dates, "reference": entry.reference}
        around = self._rooms_around(entry)
        shown = " · ".join((guest, *around)) if entry.stay.nights > 1 else guest
        said = ", ".join((said, *around, *filter(None, [self._state(entry)])))
        return look, self.to_booking(encode("booking", entry.id)), shown, said

    def _rooms_around(self, entry: CalendarEntry) -> list[str]:
        """Plain texts: which rooms the guest of a part of a stay had before, or has next."""
        before = [gettext("from %(room)s", room=entry.came_from)] if entry.came_from else []
        return [*before, gettext("then %(room)s", room=entry.moves_to)] if entry.moves_to else before

    def _off_sale(self, entry: CalendarEntry) -> tuple[str, str, str, str]:
        """As _bar()."""
        dates, reason = self.dates(entry.whole.check_in, entry.whole.check_out), entry.name
        said = gettext("Off sale %(dates)s", dates=dates)
        if reason:
            said = gettext("Off sale %(dates)s: %(reason)s", dates=dates, reason=reason)
        link = self.to_block(encode("block", entry.id)) if entry.id else ""
        return "is-blocked", link, reason or gettext("Off sale"), said

    def _state(self, entry: CalendarEntry) -> str:
        """Plain text: what is still to come of it; empty where that is nothing."""
        if entry.state == "booked" and entry.due > 0:
            return self.to_pay % {"amount": self.money(entry.due, entry.currency)}
        return self.changes if entry.kind == "change" else self.states.get(entry.state, "")


def _initials(name: str) -> str:
    """Of the first and the last word: what fits on a bar of one night."""
    words = unicodedata.normalize("NFC", name).split()
    return "".join(word[0] for word in (*words[:1], *words[1:][-1:])) or "–"
