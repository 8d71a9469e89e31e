"""The place in the calendar from which somebody has come to a booking or to nights, and the way back to it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import has_request_context, request, url_for

from booking.domain.reservations.front_desk import CalendarWish
from booking.infra.ids import encode

NAME = "calendar"  # of the field, in addresses and forms
PARTS = ("start", "days", "kind", "state", "offset")
LONGEST = 200


def of(first: dt.date, wish: CalendarWish) -> str:
    """Of the calendar as it is shown, from its `first` day on."""
    asked = {"start": first.isoformat(), "days": wish.days, "kind": wish.kind, "state": wish.state}
    return urlencode({name: value for name, value in {**asked, "offset": wish.offset}.items() if value})


def carry(_endpoint: str, values: dict[str, Any]) -> None:
    """Into every address about a booking that a page opened from there names: so that what is done leads back, too."""
    if has_request_context() and "booking_id" in values and NAME not in values:
        values[NAME] = request.values.get(NAME, "")[:LONGEST] or None


def facts(property_id: uuid.UUID) -> dict[str, Any]:
    """For a page opened from there: `place` and the `calendar_url`, both empty where nobody came from the calendar."""
    text = request.values.get(NAME, "")[:LONGEST]
    parts: dict[str, Any] = {name: value for name, value in parse_qsl(text) if name in PARTS}
    back = url_for("admin.calendar.show", property=encode("property", property_id), **parts) if parts else ""
    return {"place": urlencode(parts), "calendar_url": back}
