"""Booking rooms, and looking after bookings."""

from __future__ import annotations

import uuid

from flask import Response, request

from booking.api import schemas
from booking.api.endpoint import IF_NONE_MATCH, Reply, endpoint, to_json
from booking.api.keyed import Kept, Shown, answered
from booking.domain import reservations
from booking.domain.errors import (
    BookingModified,
    BookingNotCancellable,
    BookingNotFound,
    IdempotencyConflict,
    KeyReused,
    PaymentFailed,
    PaymentUnknown,
    RoomLocked,
    RoomNotAvailable,
    RoomNotFound,
)
from booking.domain.people import CurrentUser
from booking.domain.reservations import Booking, BookingList, Claim, RoomOrder
from booking.http import limits
from booking.http.services import current_services
from booking.infra.ids import decode, encode


@endpoint(
    "POST",
    "/bookings",
    tag="Bookings",
    body=RoomOrder,
    schema=schemas.Booking,
    status=201,
    books=True,
    refusals=(
        PaymentFailed,
        RoomNotFound,
        RoomNotAvailable,
        RoomLocked,
        IdempotencyConflict,
        KeyReused,
        PaymentUnknown,
    ),
    headers={
        "Idempotency-Key": "The same key never books twice; up to 255 visible ASCII characters, kept 24 h or more."
    },
    answer_headers={
        "Location": "Where the booking is.",
        "ETag": "The booking’s version, for If-Match.",
        "Idempotency-Replayed": "true where this is the first answer again.",
    },
)
def create_booking(user: CurrentUser, body: RoomOrder) -> Response:
    """Book a room: hold the nights, charge, confirm."""
    wanted = reservations.BookingRequest(
        user.id,
        body.room,
        body.stay,
        body.guests,
        plan=body.plan,
        children=body.children,
        extras=tuple(body.extras),
        code=body.code,
    )
    context = current_services().booking_context
    if body.code:
        limits.count_code()

    def work(claim: Claim | None, kept: Kept[Booking]) -> Booking:
        with reservations.offering_alternatives(wanted, context):
            return reservations.book(user.actor, wanted, body.payment_method_id, context, claim=claim, render=kept)

    return answered(user, "POST /bookings", body.as_sent(), work, CREATED, once=reservations.once)


@endpoint("GET", "/bookings", tag="Bookings", query=BookingList, schema=schemas.BookingPage)
def list_bookings(user: CurrentUser, query: BookingList) -> schemas.BookingPage:
    """List my bookings, newest first. Attempts whose payment was declined are not listed; the 402 names them."""
    found = reservations.own_bookings(user.actor, status=query.status, page=query.page, page_size=query.page_size)
    return schemas.booking_page(found)


@endpoint(
    "GET",
    "/bookings/<booking_id>",
    tag="Bookings",
    schema=schemas.Booking,
    refusals=(BookingNotFound,),
    headers={IF_NONE_MATCH: "Send the booking only if it no longer has this version (its ETag); else 304."},
    answer_headers={"ETag": "The booking’s version, for If-Match and If-None-Match."},
)
def show_booking(user: CurrentUser, booking_id: uuid.UUID) -> Reply | Response:
    """Get one of my bookings."""
    booking = reservations.get_booking(user.actor, booking_id)
    refund = reservations.refund_state(booking)
    return _not_modified(booking) if _is_known(booking, refund) else _versioned(booking, refund)


@endpoint(
    "POST",
    "/bookings/<booking_id>/cancel",
    tag="Bookings",
    schema=schemas.Booking,
    refusals=(BookingNotFound, BookingNotCancellable, BookingModified),
    headers={"If-Match": "Cancel only if the booking still has this version (its ETag)."},
    answer_headers={"ETag": "The booking’s version."},
)
def cancel_booking(user: CurrentUser, booking_id: uuid.UUID) -> Reply:
    """Cancel a booking. Its nights are put back on sale, and refundAmount is the refund due."""
    booking = reservations.cancel(
        user.actor, booking_id, current_services().booking_context, seen_version=seen_version()
    )
    return _versioned(booking, reservations.refund_state(booking))


def _where(booking: Booking) -> dict[str, str]:
    here = request.path.removesuffix("/bookings")
    return {"Location": f"{here}/bookings/{encode('booking', booking.id)}", **version_header(booking)}


def _versioned(booking: Booking, refund: str | None) -> Reply:
    return Reply(schemas.booking(booking, refund), version_header(booking))


def version_header(booking: Booking) -> dict[str, str]:
    """The ETag of the booking as it stands."""
    return {"ETag": f'"{booking.version}"'}


def _is_known(booking: Booking, refund: str | None) -> bool:
    """Whether the program has this version already. A hold runs out without a new one, and a refund goes its way: those
    are always sent.
    """
    return booking.status != "PENDING" and refund is None and request.if_none_match.contains_weak(str(booking.version))


def _not_modified(booking: Booking) -> Response:
    return Response(status=304, headers={"Cache-Control": "no-store", **version_header(booking)})


def body_of(booking: Booking) -> bytes:
    return to_json(schemas.booking(booking))


def again(user: CurrentUser, shown_id: str) -> Booking:
    """The booking of a first answer, as it stands by now."""
    booking_id = decode("booking", shown_id)
    if booking_id is None:
        raise BookingNotFound
    return reservations.get_booking(user.actor, booking_id)


def seen_version() -> int | None:
    """The version that If-Match names, None without one; raises BookingModified for what is none of ours."""
    given = request.headers.get("If-Match", "").strip()
    if given in {"", "*"}:
        return None
    version = given.strip('"')  # a weak tag is none to act upon (RFC 9110 §13.1.1)
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise BookingModified  # no version of ours: it cannot be the present one
    return int(version)


CREATED = Shown(201, body_of, _where, again)
