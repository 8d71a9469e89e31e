"""What can be asked next with an answer, as OpenAPI links: which of its values goes where."""

from __future__ import annotations

from typing import Any

THIS, FIRST = "$response.body#/id", "$response.body#/items/0/id"
DATES = {name: f"$request.query.{name}" for name in ("checkIn", "checkOut")}


def _link(operation: str, description: str, **goes: dict[str, str]) -> dict[str, Any]:
    """`goes`: `parameters` by name, `requestBody` by field."""
    return {"operationId": operation, "description": description, **goes}


_CREDENTIALS = {name: f"$request.body#/{name}" for name in ("email", "password")}
_CANCEL = _link("cancel_booking", "Cancel this booking.", parameters={"bookingId": THIS})

# By the operation that answers; each link belongs to its success.
LINKS: dict[str, dict[str, Any]] = {
    "register": {"signIn": _link("login", "Sign in with the new account.", requestBody=_CREDENTIALS)},
    "login": {
        "refresh": _link(
            "refresh", "New tokens for this session.", requestBody={"refreshToken": "$response.body#/refreshToken"}
        )
    },
    "search_rooms": {
        "show": _link("show_room", "The first of these rooms, with a quote.", parameters={"roomId": FIRST, **DATES}),
        "nights": _link("show_availability", "The nights of the first of these rooms.", parameters={"roomId": FIRST}),
        "book": _link("create_booking", "Book the first of these rooms.", requestBody={"roomId": FIRST, **DATES}),
    },
    "create_booking": {
        "show": _link("show_booking", "Look at this booking.", parameters={"bookingId": THIS}),
        "cancel": _CANCEL,
    },
    "hold_rooms": {
        "show": _link("show_order", "Look at this order.", parameters={"orderId": THIS}),
        "pay": _link(
            "pay_for_hold",
            "Pay for this order.",
            parameters={"orderId": THIS},
            requestBody={"shownTotal": "$response.body#/total"},
        ),
        "release": _link("release_hold", "Release everything this order holds.", parameters={"orderId": THIS}),
    },
    "create_order": {"show": _link("show_order", "Look at this order.", parameters={"orderId": THIS})},
    "list_orders": {"show": _link("show_order", "Look at the newest of these orders.", parameters={"orderId": FIRST})},
    "list_bookings": {
        "show": _link("show_booking", "Look at the newest of these bookings.", parameters={"bookingId": FIRST})
    },
    "show_booking": {
        "cancel": {**_CANCEL, "parameters": {"bookingId": THIS, "header.If-Match": "$response.header.ETag"}},
    },
}
