"""What stands hundreds of times on the page of a busy day: guests, what they owe, buttons.

Written here and not as macros of a template, which take several times as long for each.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from booking.domain.reservations import Visit
from booking.http import number_format
from booking.http.language import gettext, ngettext
from booking.infra.ids import encode
from booking.pages import formats
from booking.pages.addresses import url_for


def press(
    action: str, text: str, fields: Iterable[tuple[str, object]] = (), kind: str = "second", label: str = ""
) -> Markup:
    """A form of one button. `fields`: pairs of names and values; `label`: what it is about, for who only hears it."""
    fields = [("csrf_token", generate_csrf()), *fields]
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields)
    heard = f' aria-label="{escape(text)}: {escape(label)}"' if label else ""
    button = f'<button class="button button-{kind} button-small"{heard}>{escape(text)}</button>'
    return _html(f'<form method="post" action="{escape(action)}">{hidden}{button}</form>')


def guest(one: Visit, *, with_house: bool, with_note: bool = False) -> Markup:
    """Three cells: who it is, the room, the stay. `with_note`: also what the guest and colleagues let the desk know."""
    booking = one.booking
    link = escape(url_for("admin.booking.show", booking_id=encode("booking", booking.id)))
    name, reference = escape(one.guest or gettext("Contact erased")), escape(booking.reference)
    phone = f" · {escape(one.phone)}" if one.phone else ""
    told = _note(one) + _notes(one, link) if with_note else ""
    house = f'<span class="quiet small">{escape(booking.property_name)}</span>' if with_house else ""
    dates, guests = (
        formats.stay_dates(booking.check_in, booking.check_out),
        escape(number_format.guests(booking.guests)),
    )
    return _html(
        f'<th scope="row"><a href="{link}">{name}</a><span class="quiet small">{reference}{phone}</span>{told}</th>'
        f"<td><strong>{escape(booking.room_name)}</strong>{house}</td>"
        f'<td>{dates}<span class="quiet small">{guests}</span></td>'
    )


def due(one: Visit) -> Markup:
    """A cell: what the order still owes."""
    label = escape(gettext("Due"))
    if not one.due:
        return _html(f'<td class="number is-nothing" data-label="{label}"><span class="quiet">–</span></td>')
    amount = escape(formats.money(one.due, one.booking.currency))
    return _html(f'<td class="number" data-label="{label}"><strong>{amount}</strong></td>')


def to_register(one: Visit) -> Markup:
    """What the country asks of guests and nobody has written down yet."""
    if not one.to_register:
        return _html("")
    link = escape(url_for("admin.register.show", booking_id=encode("booking", one.booking.id)))
    text = escape(gettext("%(number)s to register", number=one.to_register))
    return _html(f'<a class="day-register" href="{link}">{text}<span class="unseen">: {escape(one.guest)}</span></a>')


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
