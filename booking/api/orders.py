"""Several rooms in one order: held and paid for in two steps or booked in one, and looked at as a whole."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

from flask import Response, request

from booking.api import order_schemas
from booking.api.bookings import idempotency_key, refused
from booking.api.endpoint import IF_NONE_MATCH, Reply, endpoint, json_response, to_json
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
    Answer,
    Claim,
    OrderDetails,
    OrderItem,
    OrderList,
    OrderPayment,
    OrderPurchase,
    OrderRequest,
    RoomsToHold,
)
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

    def work(claim: Claim | None, kept: _Kept) -> OrderDetails:
        return reservations.hold_order(user.actor, wanted, context, claim=claim, render=kept)

    return _answered(user, "POST /holds", body.model_dump(mode="json"), work, reservations.once)


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
    """Pay for everything that an order holds, and confirm it. A declined card keeps the hold for another one.

    Where guests pay at the provider's page and no paymentMethodId is sent, 402 PAYMENT_ACTION_REQUIRED says in
    `details.url` where that is.
    """
    context, total = current_services().booking_context, body.shown_total

    def work(claim: Claim | None, kept: _Kept) -> OrderDetails:
        if body.payment_method_id is None and context.hosted:
            _send_to_provider(user, order_id, body)
        return reservations.pay_order(
            user.actor, order_id, body.payment_method_id, total, context, claim=claim, render=kept
        )

    sent = body.model_dump(mode="json") | {"orderId": str(order_id)}
    return _answered(user, "POST /holds/{orderId}/pay", sent, work, reservations.once_claimed)


@endpoint(
    "DELETE",
    "/holds/<order_id>",
    tag="Orders",
    status=204,
    refusals=(OrderNotFound, BookingModified, BookingNotCancellable),
)
def release_hold(user: CurrentUser, order_id: uuid.UUID) -> None:
    """Give back everything that an order holds and nobody has paid for. Afterwards, there is no such hold (404)."""
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

    def work(claim: Claim | None, kept: _Kept) -> OrderDetails:
        method = body.payment_method_id
        return reservations.book_order(user.actor, wanted, method, context, claim=claim, render=kept)

    return _answered(user, "POST /orders", body.model_dump(mode="json"), work, reservations.once)


@endpoint("GET", "/orders", tag="Orders", query=OrderList, schema=order_schemas.OrderPage)
def list_orders(user: CurrentUser, query: OrderList) -> order_schemas.OrderPage:
    """My orders, newest first, with their bookings."""
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
    """One of my orders, with its bookings and what is paid and due."""
    order = reservations.get_order(user.actor, order_id)
    if order.is_settled and request.if_none_match.contains_weak(order.version):
        return Response(status=304, headers={"Cache-Control": "no-store", **_version(order)})
    return Reply(order_schemas.order(order), _version(order))


class _Kept:
    """Renders an order, where it is kept in the transaction that makes it so, and has the answer still afterwards."""

    answer: Answer | None = None

    def __call__(self, order: OrderDetails) -> Answer:
        self.answer = _answer(order)
        return self.answer


Work = Callable[[Claim | None, _Kept], OrderDetails]
Once = Callable[..., OrderDetails | Answer]


def _answered(user: CurrentUser, name: str, sent: dict[str, object], work: Work, once: Once) -> Response:
    """Do the work, under the request's key where it has one."""
    kept, key = _Kept(), idempotency_key()
    if key is None:
        return _created(work(None, kept), kept)
    first = reservations.first_claim(user.actor, name, key, reservations.request_fingerprint(sent))
    done = once(first, lambda claim: work(claim, kept), refused)
    return _replayed(user, done) if isinstance(done, Answer) else _created(done, kept)


def _answer(order: OrderDetails) -> Answer:
    return Answer(201, to_json(order_schemas.order(order)).decode())


def _created(order: OrderDetails, kept: _Kept) -> Response:
    answer = kept.answer or _answer(order)
    return json_response(answer.body, 201, _where(order))


def _replayed(user: CurrentUser, first: Answer) -> Response:
    """The first answer again. Only the headers of an order say how it stands by now."""
    headers = {"Idempotency-Replayed": "true"}
    if first.status == 201:
        order_id = decode("order", json.loads(first.body)["id"])
        headers |= _where(reservations.get_order(user.actor, order_id)) if order_id else {}
    return json_response(first.body, first.status, headers)


def _wanted(user: CurrentUser, body: RoomsToHold) -> OrderRequest:
    return OrderRequest(user.id, tuple(OrderItem(item.room, item.stay, item.guests) for item in body.items))


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
