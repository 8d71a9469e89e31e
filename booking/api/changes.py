"""Changing a booked stay: what it would cost, and the change itself."""

from __future__ import annotations

import uuid

from flask import Response

from booking.api import bookings, schemas
from booking.api.endpoint import endpoint, json_response, to_json
from booking.domain import reservations
from booking.domain.errors import (
    BookingModified,
    BookingNotChangeable,
    BookingNotFound,
    IdempotencyConflict,
    KeyReused,
    PaymentFailed,
    PaymentUnknown,
    PriceChanged,
    RoomLocked,
    RoomNotAvailable,
    RoomNotFound,
)
from booking.domain.people import CurrentUser
from booking.domain.reservations import AgreedChange, Answer, Booking, StayChange, StayChangeOrder, StayWish
from booking.http.services import current_services


@endpoint(
    "POST",
    "/bookings/<booking_id>/changes/quote",
    tag="Bookings",
    body=StayWish,
    schema=schemas.ChangeQuote,
    refusals=(BookingNotFound, RoomNotFound, RoomNotAvailable, BookingNotChangeable),
)
def quote_change(user: CurrentUser, booking_id: uuid.UUID, body: StayWish) -> schemas.ChangeQuote:
    """What another stay would cost: other dates, another room, more or fewer guests. Nothing is changed or held."""
    rules = current_services().booking_context.rules
    return schemas.change_quote(reservations.quote_change(user.actor, booking_id, _wanted(body), rules))


@endpoint(
    "POST",
    "/bookings/<booking_id>/changes",
    tag="Bookings",
    body=StayChangeOrder,
    schema=schemas.Booking,
    books=True,
    refusals=(
        PaymentFailed,
        BookingNotFound,
        RoomNotFound,
        RoomNotAvailable,
        RoomLocked,
        PriceChanged,
        BookingModified,
        BookingNotChangeable,
        IdempotencyConflict,
        KeyReused,
        PaymentUnknown,
    ),
    headers={
        "If-Match": "Change only if the booking still has this version (its ETag).",
        "Idempotency-Key": "The same key never changes it twice; up to 255 visible ASCII characters.",
    },
    answer_headers={
        "ETag": "The booking’s version, for If-Match.",
        "Idempotency-Replayed": "true where this is the first answer again.",
    },
)
def change_booking(user: CurrentUser, booking_id: uuid.UUID, body: StayChangeOrder) -> Response:
    """Change a booked stay: pay or get back the difference. Whatever is refused leaves it as it was."""
    key, seen = bookings.idempotency_key(), bookings.seen_version()
    agreed = AgreedChange(_wanted(body), body.shown_difference, seen, body.payment_method_id)
    wanted = user.actor, booking_id, agreed, current_services().booking_context
    if key is None:
        return _changed(reservations.change_booking(*wanted))
    asked = body.model_dump(mode="json") | {"booking": str(booking_id), "version": seen}
    fingerprint = reservations.request_fingerprint(asked)
    first = reservations.first_claim(user.actor, "POST /bookings/{id}/changes", key, fingerprint)
    changed = reservations.once_claimed(
        first,
        lambda claim: reservations.change_booking(*wanted, claim=claim, render=lambda lines: _answer(lines[0])),
        bookings.refused,
    )
    return _replayed(user, booking_id, changed) if isinstance(changed, Answer) else _changed(changed)


def _wanted(body: StayWish) -> StayChange:
    return StayChange(body.check_in, body.check_out, body.room, body.guests)


def _answer(booking: Booking) -> Answer:
    return Answer(200, to_json(schemas.booking(booking)).decode())


def _changed(booking: Booking) -> Response:
    return json_response(_answer(booking).body, 200, bookings.version_header(booking))


def _replayed(user: CurrentUser, booking_id: uuid.UUID, first: Answer) -> Response:
    """The first answer again; the version is that of the booking as it stands by now."""
    headers = {"Idempotency-Replayed": "true"}
    if first.status == 200:
        headers |= bookings.version_header(reservations.get_booking(user.actor, booking_id))
    return json_response(first.body, first.status, headers)
