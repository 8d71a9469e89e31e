"""Bookings at the desk: the list, searched and filtered by its address, as a page and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, request, session
from flask_babel import gettext

from booking.admin import entrance, states
from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import Invalid
from booking.domain.reservations import front_desk
from booking.domain.reservations.front_desk import BookingSearch, FoundBooking
from booking.http import money_format
from booking.http.error_rendering import status_of
from booking.http.services import running_app
from booking.infra.ids import encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import page
from booking.pages.signed_in import actor

blueprint = Blueprint("bookings", __name__)

REFUSED = "view_refused"  # in the cookie: why a view was not saved, told once
EVERYWHERE = "all"  # in the address: at all properties, whichever is chosen
AT_ONCE = 500  # rows of a file that are read together
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would calculate what begins so
HEADER = (
    "reference",
    "status",
    "guest",
    "email",
    "phone",
    "room",
    "property",
    "checkIn",
    "checkOut",
    "guests",
    "total",
    "due",
    "currency",
    "channel",
    "bookedAt",
)


@blueprint.get("/bookings")
def index() -> Response:
    """What was asked for, newest or first arrival first."""
    form = Form.asked()
    try:
        asked = _asked(form)
        found = front_desk.find_bookings(actor(), asked)
    except Invalid as refusal:
        return page("admin/bookings.html", block="main", status=status_of(refusal), **_facts(form), found=None)
    for entry in found.entries:
        formats.alike(entry.currency, [entry.total, entry.due])
    is_elsewhere = not found.entries and _is_elsewhere(form, asked)
    return page("admin/bookings.html", block="main", found=found, is_elsewhere=is_elsewhere, **_facts(form))


@blueprint.get("/bookings.csv")
def download() -> Response:
    """All of them, as a file; read and sent piece by piece."""
    asked = _asked(Form.asked())
    front_desk.find_bookings(actor(), asked, 1)  # what is refused is refused before the first row
    app = running_app()
    answer = Response(_rows(app, actor(), asked), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="bookings.csv"'
    return answer


def _is_elsewhere(form: Form, asked: BookingSearch) -> bool:
    """Whether what was searched for at the chosen property would be found at another of theirs."""
    if not asked.q or form.value("property") or entrance.desk().house is None:
        return False
    everywhere = asked.model_copy(update={"property": None, "after": None})
    return bool(front_desk.find_bookings(actor(), everywhere, 1).entries)


def _asked(form: Form) -> BookingSearch:
    """The address; where it names no property, the one that is chosen."""
    asked = form.accept(BookingSearch)
    house = entrance.desk().house
    if asked.property == EVERYWHERE:
        return asked.model_copy(update={"property": None})
    if asked.property is None and house is not None:
        return asked.model_copy(update={"property": encode("property", house.id)})
    return asked


def _rows(app: Flask, who: Actor, asked: BookingSearch) -> Iterator[str]:
    """Each portion with a context of its own: the request is over by then."""
    yield "\ufeff" + _line(HEADER)  # by its first sign a spreadsheet knows that it is UTF-8
    while True:
        with app.app_context():
            found = front_desk.find_bookings(who, asked, AT_ONCE)
        yield "".join(_line(_cells(entry)) for entry in found.entries)
        if found.after is None:
            return
        asked = asked.model_copy(update={"after": found.after})


def _cells(entry: FoundBooking) -> tuple[str, ...]:
    return (
        entry.reference,
        entry.status,
        entry.guest,
        entry.email,
        entry.phone or "",
        entry.room,
        entry.property,
        entry.check_in.isoformat(),
        entry.check_out.isoformat(),
        str(entry.guests),
        money_format.decimal(entry.total, entry.currency),
        money_format.decimal(entry.due, entry.currency),
        entry.currency,
        entry.channel,
        entry.created_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
    )


def _line(cells: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([safe(cell) for cell in cells])
    return written.getvalue()


def safe(cell: str) -> str:
    """As text for a spreadsheet, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _facts(form: Form) -> dict[str, Any]:
    return {
        "form": form,
        "shows_property": entrance.desk().house is None or form.value("property") == EVERYWHERE,
        "is_filtered": any(value for name, value in request.args.items() if name not in ("after", "sort")),
        "narrowed": any(request.args.get(name) for name in NARROWING),
        "states": [("", gettext("All but expired holds")), *states.filters()],
        "channels": [("", gettext("Any channel")), *((one, states.channel(one)) for one in payments.CHANNELS)],
        "sorts": [("newest", gettext("Newest first")), ("arrival", gettext("By arrival"))],
        "views": people.own_views(actor()),
        "asked": {name: form.value(name) for name in ASKED if form.value(name)},
        "view_refused": session.pop(REFUSED, None),
        "state_of": states.of_booking,
        "channel_of": states.channel,
    }


NARROWING = ("arrivingFrom", "arrivingTo", "leavingFrom", "leavingTo", "staying", "channel", "balance")
ASKED = ("q", "state", "sort", *NARROWING)  # what a saved view keeps of an address
