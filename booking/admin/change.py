"""Another stay in the place of the one that is booked: dates, room and guests, with its price before it is made.

From the page of a booking, and from the calendar, to which it leads back.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from flask import Blueprint, Response, request, session
from flask_babel import gettext

from booking.admin import calendar_place, states
from booking.admin.booking import back, done, id_of, known
from booking.admin.calendar import TOLD
from booking.domain import inventory, people, pricing, reservations
from booking.domain.errors import (
    BookingError,
    BookingModified,
    BookingNotFound,
    Invalid,
    PriceChanged,
    RefundChanged,
    RoomNotAvailable,
    RoomNotFound,
    SignInTooOld,
    Unavailable,
)
from booking.domain.reservations import Booking, StayChange, StayWish, front_desk
from booking.domain.reservations.front_desk import ChangePreview, DeskChange, RoomOffer, StaffBooking
from booking.domain.stays import Stay
from booking.http import date_format
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra.ids import decode, encode
from booking.pages import bills, formats
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor

blueprint = Blueprint("change", __name__, url_prefix="/bookings/<booking_id>/change")

STAY = ("checkIn", "checkOut", "roomId", "guests", "childrenAges", "extras")


Wish = TypeVar("Wish", bound=StayWish)


@dataclass(frozen=True, slots=True)
class Answer:
    """What becomes of what was asked for: the `preview` where it can be had, and the rooms that are free."""

    preview: ChangePreview | None = None
    offer: RoomOffer | None = None
    status: int = 200

    @property
    def is_so_already(self) -> bool:
        return self.preview is not None and self.preview.quote.is_nothing


@blueprint.get("")
def show(booking_id: str) -> Response:
    """What the stay could be instead; with dates, a room or guests in the address, what that would cost."""
    seen = known(booking_id)
    return _page(seen, Form.asked()) if seen.can.change else back(booking_id)


@blueprint.post("")
def change(booking_id: str) -> Response:
    """Change it on the terms that were shown; on others, show those."""
    form = Form.posted()
    try:
        given = _with_party(form, form.accept(DeskChange))
        if given.moves_money:
            people.require_recent_sign_in(actor())
        context = current_services().booking_context
        reservations.change_booking(actor(), id_of(booking_id), given.agreed, context)
    except (BookingNotFound, SignInTooOld, Unavailable):
        raise
    except BookingError as refusal:
        seen = known(booking_id)
        return _page(seen, form, refusal) if seen.can.change else done(booking_id, "unchanged")
    return _done(booking_id)


# --- around them


def _done(booking_id: str) -> Response:
    """To the booking, or to the place in the calendar from which it was opened."""
    now = known(booking_id).booking
    calendar = calendar_place.facts(now.property_id)["calendar_url"]
    if not calendar:
        return done(booking_id, "changed")
    told = {"done": "moved", "booking": booking_id, "reference": now.reference, "room": now.room_name}
    session[TOLD] = told | {"stay": [now.check_in.isoformat(), now.check_out.isoformat()]}
    return go_to(calendar)


def _page(seen: StaffBooking, form: Form, refusal: BookingError | None = None) -> Response:
    answer = _answer(seen, form)
    if isinstance(refusal, BookingModified) and answer.is_so_already:
        return _done(encode("booking", seen.booking.id))  # by an earlier press of the same button
    if refusal:
        answer = replace(answer, status=status_of(refusal))
        _tell(form, refusal)
    booking = seen.booking
    formats.alike(booking.currency, _sums(seen, answer))
    facts: dict[str, Any] = {
        "seen": seen,
        "booking_id": encode("booking", booking.id),
        "states": states,
        "form": form,
        "gives_part": bool(request.values.get("part")),
        "moves_on": _moves_on(seen),
        "preview": answer.preview,
        "bill": bills.of_lines(answer.preview.lines, booking.currency) if answer.preview else [],
        "offer": answer.offer,
        "kept_extras": _kept_extras(booking),
        "rooms": _rooms(seen, form, answer.offer),
        "day_names": _days(seen),
        "ways": _ways(seen),
        "room_id": form.value("roomId") or encode("room", booking.room_id),
        **calendar_place.facts(booking.property_id),
    }
    return page("admin/change.html", block="main", status=answer.status, **facts)


def _answer(seen: StaffBooking, form: Form) -> Answer:
    """Of what stands in the form; what is wrong with it is said there."""
    wish = StayWish()
    if not any(form.value(name) for name in STAY):
        return Answer(offer=_free(seen, wish))
    stay = Form.of({name: sent for name in STAY if (sent := [*filter(None, form.sent(name))])})
    try:
        wish = _with_party(form, stay.accept(StayWish))
        wanted = StayChange(wish.check_in, wish.check_out, wish.room, wish.guests, wish.children, wish.chosen)
        rules = current_services().booking_context.rules
        return Answer(front_desk.preview_change(actor(), seen.booking.id, wanted, rules), _free(seen, wish))
    except BookingNotFound:
        raise
    except BookingError as refusal:
        _tell(form, refusal)
        return Answer(offer=_free(seen, wish), status=status_of(refusal))


def _kept_extras(booking: Booking) -> list[tuple[str, str]]:
    """The rule of each that it was sold with, and what it was called."""
    lines = pricing.kept_lines(booking.price_lines)
    return list({line.rule: line.label for line in lines if line.rule in booking.extras}.items())


def _with_party(form: Form, wish: Wish) -> Wish:
    """Children and extras as the form has them: none where their field is empty, as they are where it is not there."""
    fields = {"children_ages": "childrenAges", "extras": "extras"}
    return wish.model_copy(update={name: [] for name, field in fields.items() if form.is_none(field)})


def _tell(form: Form, refusal: BookingError) -> None:
    """In words for the desk."""
    said = {
        BookingModified: gettext("The booking has changed. Nothing was done: this is what it means now."),
        PriceChanged: gettext("The price has changed. Nothing was done: this is the new one."),
        RefundChanged: gettext("The refund has changed. Nothing was done: this is the new one."),
        RoomNotAvailable: gettext("The room is taken on some of these nights. Choose another room or other dates."),
        RoomNotFound: gettext("There is no such room at this property."),
    }.get(type(refusal))
    if said:
        form.blame(said)
    else:
        form.refuse(refusal)


def _free(seen: StaffBooking, wish: StayWish) -> RoomOffer | None:
    """Rooms that could be had instead on the nights that are asked for; of a stay that has begun, on those left."""
    booking = seen.booking
    if request.values.get("part"):
        return None
    with suppress(Invalid):
        moves_on = _moves_on(seen)
        stay = Stay(moves_on or wish.check_in or booking.check_in, wish.check_out or booking.check_out)
        rules, guests = current_services().booking_context.rules, wish.guests or booking.guests
        children = booking.children if wish.children is None else wish.children
        party: dict[str, Any] = {"guests": guests, "children": children, "extras": booking.extras}
        goes_on = moves_on is not None
        return front_desk.free_rooms(actor(), booking.property_id, stay, rules=rules, goes_on=goes_on, **party)
    return None


def _moves_on(seen: StaffBooking) -> dt.date | None:
    """The first night for which another room can be had, where others are over; None: all can be had there."""
    first = reservations.first_night_to_move(seen.booking, current_services().booking_context.rules)
    return first if first > seen.booking.check_in else None


def _rooms(seen: StaffBooking, form: Form, offer: RoomOffer | None) -> list[tuple[str, str]]:
    """To choose from: the booked one, those that are free, and whatever was asked for."""
    booking, currency = seen.booking, seen.booking.currency
    found = {encode("room", booking.room_id): gettext("As booked: %(room)s", room=booking.room_name)}
    for room in offer.rooms if offer else ():
        total = formats.money(room.total, currency)
        # The price first: on a phone the end of a long line is cut off.
        found.setdefault(encode("room", room.id), gettext("%(total)s: %(room)s", total=total, room=room.name))
    wanted = decode("room", form.value("roomId"))
    if wanted and encode("room", wanted) not in found:
        with suppress(RoomNotFound):
            found[encode("room", wanted)] = inventory.get_blockable_room(actor(), wanted).name
    return list(found.items())


def _days(seen: StaffBooking) -> list[tuple[str, str]]:
    """To choose from: all days of the stay, the last one included."""
    stay = Stay(seen.booking.check_in, seen.booking.check_out)
    return [(day.isoformat(), date_format.day(day)) for day in (*stay.dates(), stay.check_out)]


def _ways(seen: StaffBooking) -> list[tuple[str, str]]:
    """What can become of a difference."""
    ways = [
        ("desk", gettext("At the desk")),
        ("transfer", gettext("By bank transfer")),
        ("later", gettext("Later")),
    ]
    return [*ways, ("waived", gettext("Not at all: it is waived"))] if seen.can.waive_changes else ways


def _sums(seen: StaffBooking, answer: Answer) -> list[Decimal]:
    """All amounts of the page."""
    sums = [seen.booking.total_price, seen.order.due]
    if answer.preview:
        price = answer.preview.quote.price
        sums += [price.total, price.difference, price.kept, answer.preview.refund, answer.preview.due]
        sums += [answer.preview.waived_more, answer.preview.most]
        sums += [line.each for line in answer.preview.lines]
    return [*sums, *(room.total for room in answer.offer.rooms)] if answer.offer else sums
