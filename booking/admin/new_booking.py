"""Booking for a caller: dates, then the rooms that are free, who stays, and how it is to be paid."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, session, url_for
from flask_babel import gettext

from booking.admin import calendar_place
from booking.admin.booking import DONE
from booking.admin.entrance import desk
from booking.domain import reservations
from booking.domain.catalogue import House
from booking.domain.errors import Conflict, Invalid, NothingDue, RoomLocked
from booking.domain.reservations import ChosenStay, ResendRefused, front_desk
from booking.domain.reservations.front_desk import DeskBooking, RoomOffer
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import encode
from booking.pages import formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("new_booking", __name__, url_prefix="/bookings/new")

DATES = ("checkIn", "checkOut", "guests", "childrenAges", "extras")


@blueprint.get("")
def show() -> Response:
    """Dates and guests; with them, the rooms that are free and the rest of the form."""
    return _page(Form.asked())


@blueprint.post("")
def book() -> Response:
    """All rooms that were chosen, or none."""
    form, context = Form.posted(), current_services().booking_context
    try:
        given = form.accept(DeskBooking)
        made = front_desk.book(actor(), given.wanted, given.guarantee, given.note, context, shown=given.prices)
    except (Invalid, Conflict, RoomLocked) as refusal:
        return _page(form.refuse(refusal), status_of(refusal))
    first = made.bookings[0].id
    if given.texted_at and current_services().settings.sends_texts:
        front_desk.agree_to_texts(actor(), first, given.texted_at)
    session[DONE] = _with_link(first) if given.is_sent_link else "booked"
    place = calendar_place.facts(made.bookings[0].property_id)["place"]
    return go_to(url_for("admin.booking.show", booking_id=encode("booking", first), calendar=place or None))


def _with_link(booking_id: uuid.UUID) -> str:
    """What is told once the guest was sent a link to pay by; the booking stands also where that cannot be."""
    try:
        reservations.request_payment(actor(), booking_id)
    except NothingDue:
        return "booked"
    except ResendRefused:
        return "booked_unlinked"
    return "booked_link"


def _page(form: Form, status: int = 200) -> Response:
    house = desk().house_of(form.value("property"))
    offer = _offer(form, house) if any(form.value(name) for name in DATES[:2]) else None
    if offer:
        formats.alike(house.currency, [room.total for room in offer.rooms])
    facts: dict[str, Any] = {
        "house": house,
        "form": form,
        "offer": offer,
        **calendar_place.facts(house.id),
        "chosen": form.values("room"),
        "sends_texts": current_services().settings.sends_texts,
        "ways": [
            ("later", gettext("On arrival or later")),
            ("desk", gettext("At the desk")),
            ("transfer", gettext("By bank transfer")),
            ("link", gettext("By card, with a link that we email")),
        ],
    }
    return page(
        "admin/new_booking.html", block="main", status=status if not form.problems else max(status, 400), **facts
    )


def _offer(form: Form, house: House) -> RoomOffer | None:
    """What is free; None, with what is wrong said in the form, where the dates make no stay."""
    dates = Form.of({name: sent for name in DATES if (sent := [*filter(None, form.sent(name))])})
    try:
        asked = dates.accept(ChosenStay)
        rules, beside = current_services().booking_context.rules, (asked.children, asked.extras)
        party: dict[str, Any] = {"guests": asked.guests, "children": beside[0], "extras": beside[1]}
        return front_desk.free_rooms(actor(), house.id, asked.stay, rules=rules, **party)
    except Invalid as refusal:
        form.refuse(refusal)
        return None
