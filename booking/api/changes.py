"""Changing a booked stay: what it would cost, and the change itself."""

from __future__ import annotations

import uuid

from flask import Response

from booking.api import bookings, schemas
from booking.api.endpoint import endpoint
from booking.api.keyed import Kept, Shown, answered
from booking.domain import reservations
from booking.domain.errors import (
    BookingModified,
    BookingNotChangeable,
    BookingNotFound,
    IdempotencyConflict,
    KeyReused,
    PaymentActionRequired,
    PaymentFailed,
    PaymentInProgress,
    PaymentPageUnavailable,
    PaymentUnknown,
    PriceChanged,
    RoomLocked,
    RoomNotAvailable,
    RoomNotFound,
)
from booking.domain.people import CurrentUser
from booking.domain.reservations import (
    AgreedChange,
    Booking,
    Claim,
    PaymentLinks,
    StayChange,
    StayChangeOrder,
    StayWish,
)
from booking.http.services import current_services
from booking.infra.ids import encode


@endpoint(
    "POST",
    "/bookings/<booking_id>/changes/quote",
    tag="Bookings",
    body=StayWish,
    schema=schemas.ChangeQuote,
    refusals=(BookingNotFound, RoomNotFound, RoomNotAvailable, BookingNotChangeable),
)
def quote_change(user: CurrentUser, booking_id: uuid.UUID, body: StayWish) -> schemas.ChangeQuote:
    """Quote a change of dates, room or guests. Nothing is changed or held."""
    context, wanted = current_services().booking_context, _wanted(body)
    with reservations.offering_other_changes(user.actor, booking_id, wanted, context):
        return schemas.change_quote(reservations.quote_change(user.actor, booking_id, wanted, context.rules))


@endpoint(
    "POST",
    "/bookings/<booking_id>/changes",
    tag="Bookings",
    body=StayChangeOrder,
    schema=schemas.Booking,
    books=True,
    refusals=(
        PaymentFailed,
        PaymentActionRequired,
        BookingNotFound,
        RoomNotFound,
        RoomNotAvailable,
        RoomLocked,
        PriceChanged,
        BookingModified,
        BookingNotChangeable,
        PaymentInProgress,
        IdempotencyConflict,
        KeyReused,
        PaymentUnknown,
        PaymentPageUnavailable,
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
    """Change a booked stay, and pay the difference or have it refunded. A refused request leaves the booking as it was.

    Where guests pay at the provider's page and no paymentMethodId is sent, 402 PAYMENT_ACTION_REQUIRED says in
    `details.url` where that is. The same request again leads to the same page, and is answered with the booking once it
    is paid. Until then the booking stays as it is; a page at which nobody pays in time is closed.
    """
    seen, context = bookings.seen_version(), current_services().booking_context
    links = _page_links(booking_id) if context.hosted and body.payment_method_id is None else None
    agreed = AgreedChange(_wanted(body), body.shown_difference, seen, body.payment_method_id, links)

    def work(claim: Claim | None, kept: Kept[Booking]) -> Booking:
        with reservations.offering_other_changes(user.actor, booking_id, agreed.wanted, context):
            return reservations.change_booking(
                user.actor, booking_id, agreed, context, claim=claim, render=lambda lines: kept(lines[0])
            )

    sent = body.model_dump(mode="json") | {"booking": str(booking_id), "version": seen}
    return answered(user, "POST /bookings/{id}/changes", sent, work, CHANGED, once=reservations.once_claimed)


def _page_links(booking_id: uuid.UUID) -> PaymentLinks:
    """To the guest's page of the booking."""
    here = f"{current_services().settings.site_url.rstrip('/')}/bookings/{encode('booking', booking_id)}"
    return PaymentLinks(paid=f"{here}/change/paid", back=here)


def _wanted(body: StayWish) -> StayChange:
    return StayChange(body.check_in, body.check_out, body.room, body.guests, body.children, body.chosen)


CHANGED = Shown(200, bookings.body_of, bookings.version_header, bookings.again)
