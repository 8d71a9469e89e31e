"""The calendar of rates: what rooms cost and ask for, day by day, a month at a time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, request

from booking.admin import rate_cells, rate_check
from booking.admin.entrance import desk
from booking.domain import pricing
from booking.domain.pricing import HouseRates, RatesPage
from booking.http import date_format
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages import options
from booking.pages.forms import Form
from booking.pages.rendering import more_of, page, wants_part
from booking.pages.signed_in import actor

blueprint = Blueprint("rates", __name__, url_prefix="/rates")

PAGE = "admin/rates.html"
MOST_GUESTS = 12
BY_ROOM = "rooms"


@blueprint.get("")
def show() -> Response:
    """The rooms of one property, those that are alike together; to htmx, the next ones."""
    house = desk().house_of(request.args.get("property", ""))
    found = pricing.rates_by_day(actor(), house.id, _asked, current_services().booking_context.rules)
    key = encode("property", house.id)
    facts: dict[str, Any] = {"house": house, "rates": found, "rows": rate_cells.rows(found, key), **_around(found)}
    if int(_offset()) and wants_part():
        return more_of(PAGE, "rows", **facts)
    form = Form.asked()
    facts |= {"form": form, "guest_names": options.room_guests(MOST_GUESTS)}
    facts |= {"told": rate_check.taken(), "guests": str(_guests()), "by_room": _by_room(), "offset": _offset()}
    return page(PAGE, block="main", **facts)


def _asked(today: dt.date) -> RatesPage:
    """What the address asks for; where that is nonsense, the usual."""
    return RatesPage(_month(request.args.get("month", ""), today), _guests(), _by_room(), _offset())


def _guests() -> int:
    return min(MOST_GUESTS, options.count(request.args.get("guests", "2")) or 2)


def _by_room() -> bool:
    return request.args.get("by") == BY_ROOM


def _offset() -> int:
    said = request.args.get("offset", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else 0


def _month(said: str, today: dt.date) -> dt.date:
    try:
        found = dt.date.fromisoformat(f"{said}-01")
    except ValueError:
        return today.replace(day=1)
    return found if 2000 <= found.year <= 2100 else today.replace(day=1)


def _around(found: HouseRates) -> dict[str, Any]:
    first = found.days[0]
    return {
        "first": first,
        "month_name": date_format.month(first),
        "earlier": _written(first - dt.timedelta(days=1)),
        "later": _written(found.days[-1] + dt.timedelta(days=1)),
        "this": _written(first),
    }


def _written(day: dt.date) -> str:
    return f"{day.year:04}-{day.month:02}"
