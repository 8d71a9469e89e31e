"""Several rooms in one order: held and paid for in two steps or booked in one, and looked at as a whole."""

from __future__ import annotations

import uuid

from flask import Response, request

from booking.api import order_schemas
from booking.api.endpoint import IF_NONE_MATCH, Reply, endpoint, to_json
from booking.api.keyed import Kept, Shown, answered
from booking.domain import reservations
from booking.domain.errors import (
    BookingModified,
    BookingNotCancellable,
    HoldEnded,
    IdempotencyConflict,
    KeyReused,
    NothingOwed,
    OrderNotFound,
    PaymentActionRequired,
    PaymentFailed,
    PaymentInProgress,
    PaymentPageUnavailable,
    PaymentUnknown,
    PriceChanged,
    RoomLocked,
    RoomNotAvailable,
    RoomNotFound,
    TooManyHolds,
)
from booking.domain.people import CurrentUser
from booking.domain.reservations import (
    Claim,
    OrderDetails,
    OrderItem,
    OrderList,
    OrderPayment,
    OrderPurchase,
    OrderRequest,
    RoomsToHold,
)
from booking.http import limits
from booking.http.services import current_services
from booking.infra.ids import decode, encode

VERSION = {"ETag": "The order’s version, for If-None-Match."}
ANSWER_HEADERS = {
    "Location": "Where the order is.",
    **VERSION,
    "Idempotency-Replayed": "true where this is the first answer again.",
}
KEYED = {"Idempotency-Key": "The same key never books twice; up to 255 visible ASCII characters, kept 24 h or more."}
UNDER_KEY = (IdempotencyConflict, KeyReused)
OF_ROOMS = (RoomNotFound, RoomNotAvailable, RoomLocked)


@endpoint(
    "POST",
    "/holds",
    tag="Orders",
    body=RoomsToHold,
    schema=order_schemas.Order,
    status=201,
    books=True,
    refusals=(*OF_ROOMS, TooManyHolds, *UNDER_KEY),
    headers=KEYED,
    answer_headers=ANSWER_HEADERS,
)
def hold_rooms(user: CurrentUser, body: RoomsToHold) -> Response:
    """Hold up to nine rooms of one property in one order: all of them or none, until heldUntil."""
    wanted, context = _wanted(user, body), current_services().booking_context

    def work(claim: Claim | None, kept: Kept[OrderDetails]) -> OrderDetails:
        with reservations.offering_alternatives(wanted, context):
            return reservations.hold_order(user.actor, wanted, context, claim=claim, render=kept)

    return answered(user, "POST /holds", body.as_sent(), work, CREATED, once=reservations.once)


@endpoint(
    "POST",
    "/holds/<order_id>/pay",
    tag="Orders",
    body=OrderPayment,
    schema=order_schemas.Order,
    status=201,
    books=True,
    refusals=(
        OrderNotFound,
        PaymentFailed,
        PaymentActionRequired,
        HoldEnded,
        PriceChanged,
        NothingOwed,
        PaymentInProgress,
        RoomNotAvailable,
        PaymentUnknown,
        PaymentPageUnavailable,
        *UNDER_KEY,
    ),
    headers=KEYED,
    answer_headers=ANSWER_HEADERS,
)
def pay_for_hold(user: CurrentUser, order_id: uuid.UUID, body: OrderPayment) -> Response:
    """Pay for everything an order holds, and confirm it. If the card is declined, the hold stays: try another one.

    Where guests pay at the provider's page and no paymentMethodId is sent, 402 PAYMENT_ACTION_REQUIRED says in
    `details.url` where that is.
    """
    context, total = current_services().booking_context, body.shown_total

    def work(claim: Claim | None, kept: Kept[OrderDetails]) -> OrderDetails:
        if body.payment_method_id is None and context.hosted:
            _send_to_provider(user, order_id, body)
        with reservations.offering_alternatives_to_held(user.actor, order_id, context):
            return reservations.pay_order(
                user.actor, order_id, body.payment_method_id, total, context, claim=claim, render=kept
            )

    sent = body.model_dump(mode="json") | {"orderId": str(order_id)}
    return answered(user, "POST /holds/{orderId}/pay", sent, work, CREATED, once=reservations.once_claimed)


@endpoint(
    "DELETE",
    "/holds/<order_id>",
    tag="Orders",
    status=204,
    refusals=(OrderNotFound, BookingModified, BookingNotCancellable),
)
def release_hold(user: CurrentUser, order_id: uuid.UUID) -> None:
    """Release everything an unpaid order holds. Afterwards the hold no longer exists (404)."""
    reservations.release_order(user.actor, order_id, current_services().booking_context)


@endpoint(
    "POST",
    "/orders",
    tag="Orders",
    body=OrderPurchase,
    schema=order_schemas.Order,
    status=201,
    books=True,
    refusals=(*OF_ROOMS, PaymentFailed, PaymentUnknown, *UNDER_KEY),
    headers=KEYED,
    answer_headers=ANSWER_HEADERS,
)
def create_order(user: CurrentUser, body: OrderPurchase) -> Response:
    """Book up to nine rooms of one property in one order: hold the nights, charge once, confirm all or none."""
    wanted, context = _wanted(user, body), current_services().booking_context

    def work(claim: Claim | None, kept: Kept[OrderDetails]) -> OrderDetails:
        method = body.payment_method_id
        with reservations.offering_alternatives(wanted, context):
            return reservations.book_order(user.actor, wanted, method, context, claim=claim, render=kept)

    return answered(user, "POST /orders", body.as_sent(), work, CREATED, once=reservations.once)


@endpoint("GET", "/orders", tag="Orders", query=OrderList, schema=order_schemas.OrderPage)
def list_orders(user: CurrentUser, query: OrderList) -> order_schemas.OrderPage:
    """List my orders, newest first, with their bookings."""
    return order_schemas.order_page(reservations.own_orders(user.actor, page=query.page, page_size=query.page_size))


@endpoint(
    "GET",
    "/orders/<order_id>",
    tag="Orders",
    schema=order_schemas.Order,
    refusals=(OrderNotFound,),
    headers={IF_NONE_MATCH: "Send the order only if it no longer has this version (its ETag); else 304."},
    answer_headers=VERSION,
)
def show_order(user: CurrentUser, order_id: uuid.UUID) -> Reply | Response:
    """Get one of my orders, with its bookings and what is paid and due."""
    order = reservations.get_order(user.actor, order_id)
    if order.is_settled and request.if_none_match.contains_weak(order.version):
        return Response(status=304, headers={"Cache-Control": "no-store", **_version(order)})
    return Reply(order_schemas.order(order), _version(order))


def _wanted(user: CurrentUser, body: RoomsToHold) -> OrderRequest:
    items = tuple(
        OrderItem(item.room, item.stay, item.guests, item.plan, item.children, tuple(item.extras))
        for item in body.items
    )
    if body.code:
        limits.count_code()
    return OrderRequest(user.id, items, body.contact.known() if body.contact else None, code=body.code)


def _send_to_provider(user: CurrentUser, order_id: uuid.UUID, body: OrderPayment) -> None:
    """Raise PaymentActionRequired, unless there is nothing to pay any more."""
    services = current_services()
    order = reservations.get_order(user.actor, order_id)
    here = f"{services.settings.site_url.rstrip('/')}/checkout/{encode('booking', order.bookings[0].id)}"
    links = reservations.PaymentLinks(paid=f"{here}/paid", back=here)
    url = reservations.order_payment_page(user.actor, order_id, body.shown_total, services.booking_context, links)
    if url:
        raise PaymentActionRequired(named={"url": url})


def _where(order: OrderDetails) -> dict[str, str]:
    above = request.path.partition("/holds")[0].removesuffix("/orders")
    return {"Location": f"{above}/orders/{encode('order', order.order.id)}", **_version(order)}


def _version(order: OrderDetails) -> dict[str, str]:
    return {"ETag": f'"{order.version}"'}


def _body(order: OrderDetails) -> bytes:
    return to_json(order_schemas.order(order))


def _again(user: CurrentUser, shown_id: str) -> OrderDetails:
    order_id = decode("order", shown_id)
    if order_id is None:
        raise OrderNotFound
    return reservations.get_order(user.actor, order_id)


CREATED = Shown(201, _body, _where, _again)
