"""A guest's own bookings: lists, one of them, its calendar entry, cancelling it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from booking.domain import catalogue, correspondence, reservations
from booking.domain.errors import (
    BookingModified,
    BookingNotCancellable,
    BookingNotFound,
    Invalid,
    RefundChanged,
)
from booking.domain.reservations import Booking, BookingDetails, CalendarPublisher, Cancellation
from booking.http import date_format, words
from booking.http.error_rendering import status_of
from booking.http.services import current_services
from booking.infra import clock
from booking.infra.ids import decode, encode
from booking.pages import bills, form_check, formats, options, security
from booking.pages.forms import Form
from booking.pages.rendering import go_to, page
from booking.pages.signed_in import actor, required, visitor
from booking.web import legal

blueprint = Blueprint("bookings", __name__)

TOLD_OF_CHANGE = "told_of_change"  # in the cookie, until this page has told it: what became of a step of a change
MESSAGE_SENT = "message_sent"  # the same: about which booking a message was sent
LOOK_AGAIN = 10  # seconds, while a payment is being checked
FRESH = dt.timedelta(minutes=30)  # so long a confirmed booking is greeted as new


@blueprint.get("/bookings")
@required
def index() -> Response:
    """Stays to come, past and cancelled ones."""
    group = request.args.get("show", reservations.UPCOMING)
    if group not in reservations.HISTORY_GROUPS:
        group = reservations.UPCOMING
    overview = reservations.overview(actor(), group, options.page(request.args.get("page", "")))
    for entry in overview.entries:
        sums = entry.booking.total_price, entry.booking.refund_amount, entry.to_pay, entry.went_back, entry.due
        formats.alike(entry.booking.currency, sums)
    pages = -(-overview.counts[group] // overview.page_size)
    soon = {entry.booking.id: _how_soon(entry.booking) for entry in overview.entries}
    return page("bookings/index.html", overview=overview, pages=pages, soon=soon)


@blueprint.get("/bookings/<booking_id>")
@required
def show(booking_id: str) -> Response:
    """One booking; one that is not paid yet is shown where it can be."""
    return shown(booking_id, None)


def shown(booking_id: str, form: Form | None, status: int = 200) -> Response:
    """The page of one of the visitor's own bookings, with the message as it was typed where it was not sent."""
    trip = own_trip(booking_id)
    if trip.stage not in (reservations.STAGE_BOOKED, reservations.STAGE_CANCELLED):
        return go_to(url_for("checkout.show", booking_id=booking_id))
    is_new = trip.confirmed_at is not None and clock.now() - trip.confirmed_at < FRESH
    told = {"form": form, "is_sent": session.pop(MESSAGE_SENT, "") == booking_id, "why": words.on_page}
    told |= {"is_new": is_new, "talk": correspondence.own_conversation(actor(), trip.id)}
    told["house"] = catalogue.house_facts(trip.notice.property_id) if trip.notice.property_id else None
    return page("bookings/show.html", status=status, **told, **_change_to_pay(trip, booking_id), **_facts(trip))


def press_again() -> str:
    """What a form from before the last sign-in is told."""
    return str(gettext("This page was out of date, so nothing was sent. Please press the button again."))


@blueprint.get("/bookings/<booking_id>/receipt")
@required
def receipt(booking_id: str) -> Response:
    """What was paid, by whom, to whom and for what, for printing."""
    trip = own_trip(booking_id)
    if trip.confirmed_at is None:
        raise BookingNotFound
    settings = current_services().settings
    return page("bookings/receipt.html", seller=settings, address=legal.address(settings), **_facts(trip))


@blueprint.get("/bookings/<booking_id>/cancel")
@required
def ask_to_cancel(booking_id: str) -> Response:
    """What a cancellation would bring, before it is one."""
    trip = own_trip(booking_id)
    if trip.refund_now is None:
        return go_to(url_for(".show", booking_id=booking_id))
    return page("bookings/cancel.html", told="", **_facts(trip))


def _once_more(booking_id: str) -> Response:
    """The same question with a new token, after somebody has signed in anew beside it."""
    return _as_it_is_now(booking_id, 400, "old form")


@blueprint.post("/bookings/<booking_id>/cancel")
@required
@form_check.asks_again(_once_more)
def cancel(booking_id: str) -> Response:
    """Cancel, if booking and refund are still as they were shown."""
    trip = own_trip(booking_id)
    try:
        seen = Form.posted().accept(Cancellation)
        reservations.cancel(
            actor(),
            trip.id,
            current_services().booking_context,
            seen_version=seen.version,
            seen_refund=seen.shown_refund,
        )
    except (Invalid, BookingModified, RefundChanged) as refusal:
        told = "refund" if isinstance(refusal, RefundChanged) else "booking"
        return _as_it_is_now(booking_id, status_of(refusal), told)
    except BookingNotCancellable:
        return go_to(url_for(".show", booking_id=booking_id))  # cancelled already, or begun: the page says which
    return go_to(url_for(".show", booking_id=booking_id))


@blueprint.get("/bookings/<booking_id>/calendar.ics")
@required
def calendar_entry(booking_id: str) -> Response:
    """The stay for the guest's calendar."""
    trip = own_trip(booking_id)
    if trip.stage != reservations.STAGE_BOOKED or trip.confirmed_at is None:
        raise BookingNotFound
    settings = current_services().settings
    publisher = CalendarPublisher(settings.site_name, settings.site_url, settings.mail_from)
    entry = Response(reservations.calendar_entry(trip.notice, publisher, trip.confirmed_at), mimetype="text/calendar")
    entry.headers["Content-Disposition"] = f'attachment; filename="stay-{trip.notice.reference}.ics"'
    return entry


def _change_to_pay(trip: BookingDetails, booking_id: str) -> dict[str, Any]:
    """What the page says of a change that is to be paid at the provider's page, to which its form leads."""
    hosted = current_services().booking_context.hosted
    if hosted and trip.change:
        security.allow(form_action=f"'self' {hosted.page_origin}")
    told = session.pop(TOLD_OF_CHANGE, {})
    return {"told": told.get("code", "") if told.get("booking") == booking_id else "", "look_again_seconds": LOOK_AGAIN}


def own_trip(booking_id: str) -> BookingDetails:
    """The visitor's own booking; anything else does not exist (BookingNotFound)."""
    known = decode("booking", booking_id)
    if known is None:
        raise BookingNotFound
    return reservations.get_details(actor(), known)


def _how_soon(booking: Booking) -> str:
    """In 3 days, tomorrow, today, now: by the calendar at the property."""
    today = clock.today(booking.time_zone)
    if booking.check_in < today:
        return str(gettext("Now"))
    return date_format.days_ahead((booking.check_in - today).days)


def _as_it_is_now(booking_id: str, status: int, told: str) -> Response:
    trip = own_trip(booking_id)
    if trip.refund_now is None:
        return go_to(url_for(".show", booking_id=booking_id))
    return page("bookings/cancel.html", status=status, told=told, **_facts(trip))


def _facts(trip: BookingDetails) -> dict[str, Any]:
    return {
        "trip": trip,
        "booking_id": encode("booking", trip.id),
        "room_id": encode("room", trip.room_id),
        "lines": bills.of_trip(trip),
        "guest": visitor().full_name,  # the notice, made for emails, has no name that nobody has confirmed
    }
