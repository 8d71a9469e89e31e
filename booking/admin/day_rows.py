"""What stands hundreds of times on the page of a busy day: guests, what they owe, buttons.

Written here and not in the template, which takes several times as long for each. What rows have in common (texts,
addresses) is found once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from booking.domain.reservations import DEPARTED, IN_HOUSE, NO_SHOW
from booking.domain.reservations.front_desk import Visit
from booking.http import number_format
from booking.http.language import gettext, ngettext
from booking.infra.ids import encode
from booking.pages import addresses, formats

Fields = Iterable[tuple[str, object]]  # names and values


class Rows:
    """Rows of the lists of a day. `with_house`: of several properties; `is_today`: guests come and go now; `told_of`:
    the booking of which is told above what was done, with the way back; `back`: the page to come back to, where that
    is not the list.

    The methods that a template calls answer with Markup, the others with HTML as plain text.
    """

    def __init__(self, *, with_house: bool, is_today: bool, told_of: str = "", back: str = "") -> None:
        self._with_house, self._is_today, self._told_of = with_house, is_today, told_of
        self._token = f'<input type="hidden" name="csrf_token" value="{escape(generate_csrf())}">'
        self._booking = addresses.alike("admin.booking.show", "booking_id")
        self._register = addresses.alike("admin.register.show", "booking_id")
        self._step = {
            name: addresses.alike(f"admin.today.{name}", "booking_id", "step", back=back or None)
            for name in ("do", "ask", "undo")
        }
        self._due_label = escape(gettext("Due"))
        self._texts = {
            "check-in": gettext("Check in"),
            "check-out": gettext("Check out"),
            "no-show": gettext("No-show"),
        }
        self._undoing, self._early = gettext("Undo"), gettext("Check out early")
        self._money = cache(lambda amount, currency: escape(formats.money(amount, currency)))
        self._guests = cache(lambda count, ages: escape(number_format.guests(count, ages)))
        self._dates = cache(formats.stay_dates)

    # --- rows

    def arrival(self, one: Visit) -> Markup:
        """Who comes on this day, or should have come before."""
        undo = self._undo(one) if one.undo != "check-out" else ""
        return self._row(one, self._arrived(one), undo + self._coming(one), is_there=True, with_note=True)

    def departure(self, one: Visit) -> Markup:
        """Who goes on this day, should have gone before, or has gone today."""
        badge = self._late(one)
        if one.presence == DEPARTED:
            badge = self._badge(gettext("Checked out"), "good")
        buttons = self._undo(one) if one.undo == "check-out" or _came_late(one) else ""
        if one.presence == IN_HOUSE and self._is_today:
            buttons += self._press("do", one, "check-out", self._texts["check-out"], "first")
        return self._row(one, badge, buttons)

    def staying(self, one: Visit) -> Markup:
        """Who is there, and neither comes nor goes."""
        buttons = self._undo(one) if _came_late(one) else ""
        if self._is_today:
            buttons += self._asked(one, "check-out", self._early)
        return self._row(one, "", buttons, is_there=True)

    def steps(self, one: Visit) -> Markup:
        """By itself: whatever can be done with the stay today, and taken back."""
        buttons = self._undo(one) + self._coming(one)
        if one.presence == IN_HOUSE and one.booking.check_out <= one.today:
            buttons += self._press("do", one, "check-out", self._texts["check-out"], "first")
        elif one.presence == IN_HOUSE:
            buttons += self._asked(one, "check-out", self._early)
        return _html(buttons)

    def _row(self, one: Visit, state: str, buttons: str, **more: bool) -> Markup:
        act = f'<td class="day-act">{state}<div class="day-buttons no-print">{buttons}</div></td>'
        return _html(f"<tr>{self._guest(one, **more)}{self._due(one)}{act}</tr>")

    # --- cells

    def guest(self, one: Visit) -> Markup:
        """Three cells: who it is, the room, the stay."""
        return _html(self._guest(one))

    def due(self, one: Visit) -> Markup:
        """A cell: what the order still owes."""
        return _html(self._due(one))

    def _guest(self, one: Visit, *, is_there: bool = False, with_note: bool = False) -> str:
        """`is_there`, or will be: also who is to be registered; `with_note`: what the desk is to know."""
        booking = one.booking
        link = escape(self._booking(encode("booking", booking.id)))
        name = escape(one.guest or gettext("Contact erased"))
        phone = f', <span class="desk-phone">{escape(one.phone)}</span>' if one.phone else ""
        told = _note(one) + _notes(one, link) if with_note else ""
        house = f'<span class="quiet small">{escape(booking.property_name)}</span>' if self._with_house else ""
        dates = self._dates(booking.check_in, booking.check_out)
        party = self._guests(booking.guests, booking.children)
        to_register = self._to_register(one) if is_there else ""
        return (
            f'<th scope="row"><a href="{link}">{name}</a>'
            f'<span class="quiet small">{escape(booking.reference)}{phone}</span>{told}</th>'
            f"<td><strong>{escape(booking.room_name)}</strong>{house}</td>"
            f'<td>{dates}<span class="quiet small">{party}{to_register}</span></td>'
        )

    def _due(self, one: Visit) -> str:
        label = self._due_label
        if not one.due:
            return f'<td class="number is-nothing" data-label="{label}"><span class="quiet">–</span></td>'
        amount = self._money(one.due, one.booking.currency)
        return f'<td class="number" data-label="{label}"><strong>{amount}</strong></td>'

    def _to_register(self, one: Visit) -> str:
        """What the country asks of guests and nobody has written down yet."""
        if not one.to_register:
            return ""
        link = escape(self._register(encode("booking", one.booking.id)))
        text = escape(gettext("%(number)s to register", number=one.to_register))
        return f' · <a class="day-register" href="{link}">{text}<span class="unseen">: {escape(one.guest)}</span></a>'

    def _arrived(self, one: Visit) -> str:
        if one.presence == IN_HOUSE:
            return self._badge(gettext("Checked in"), "good")
        if one.presence == DEPARTED:
            return self._badge(gettext("Checked out"))
        return self._badge(gettext("No-show"), "warn") if one.presence == NO_SHOW else self._late(one)

    def _late(self, one: Visit) -> str:
        return self._badge(gettext("Late"), "warn") if one.is_late else ""

    def _badge(self, text: str, kind: str = "") -> str:
        return f'<span class="badge{f" badge-{kind}" if kind else ""}">{escape(text)}</span>'

    # --- what can be done

    def press(self, action: str, text: str, fields: Fields = (), kind: str = "second", label: str = "") -> Markup:
        """A form of one button. `label`: what it is about, for who only hears it."""
        return _html(self._form(action, text, fields, kind, label))

    def _form(self, action: str, text: str, fields: Fields, kind: str, label: str) -> str:
        hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(str(value))}">' for name, value in fields)
        shown = escape(text)
        heard = f' aria-label="{shown}: {escape(label)}"' if label else ""
        button = f'<button class="button button-{kind} button-small"{heard}>{shown}</button>'
        return f'<form method="post" action="{escape(action)}">{self._token}{hidden}{button}</form>'

    def _press(self, what: str, one: Visit, step: str, text: str, kind: str = "second") -> str:
        action = self._step[what](encode("booking", one.booking.id), step)
        return self._form(action, text, (("version", one.booking.version),), kind, one.guest)

    def _coming(self, one: Visit) -> str:
        """For who is expected, or has not come."""
        buttons = ""
        if one.may_arrive:
            buttons += self._press("do", one, "check-in", self._texts["check-in"], "first")
        if one.may_be_missed:
            buttons += self._press("do", one, "no-show", self._texts["no-show"])
        if one.has_nights_to_free:
            buttons += self._asked(one, "no-show", gettext("Put nights back on sale"))
        return buttons

    def _undo(self, one: Visit) -> str:
        """Once on a page: not where it stands above."""
        if not one.undo or encode("booking", one.booking.id) == self._told_of:
            return ""
        return self._press("undo", one, one.undo, self._undoing)

    def _asked(self, one: Visit, step: str, text: str) -> str:
        """A link to the page that says first what it means."""
        link = escape(self._step["ask"](encode("booking", one.booking.id), step))
        return f'<a href="{link}">{escape(text)}<span class="unseen">: {escape(one.guest)}</span></a>'


def _came_late(one: Visit) -> bool:
    """A check-in to be taken back of somebody who no longer stands among the arrivals."""
    return one.undo == "check-in" and one.booking.check_in < one.today


def _note(one: Visit) -> str:
    """When they will come, and what they ask for."""
    parts = []
    if one.arrival_time:
        hour = gettext("Expected at %(time)s", time=one.arrival_time.isoformat("minutes"))
        parts.append(f"<strong>{escape(hour)}</strong>")
    if one.requests:
        parts.append(escape(one.requests))
    return f'<span class="day-note small">{" · ".join(parts)}</span>' if parts else ""


def _notes(one: Visit, link: str) -> str:
    if not one.notes:
        return ""
    text = escape(ngettext("%(num)s note", "%(num)s notes", one.notes))
    return f'<span class="small"><a href="{link}#notes">{text}</a></span>'


def _html(text: str) -> Markup:
    """What is put together above, where every value has been escaped."""
    return Markup(text)  # noqa: S704 see there
