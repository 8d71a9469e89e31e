"""Errors as Stripe writes them: docs.stripe.com/api/errors."""

from __future__ import annotations

from typing import Any

USED_BEFORE = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a"
    " connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use"
    " a PaymentMethod multiple times, you must attach it to a Customer first."
)


class Refusal(Exception):
    """`executed`: whether the endpoint had begun, so that the answer is kept under the idempotency key."""

    def __init__(self, status: int, kind: str, message: str, *, executed: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.status, self.executed = status, executed
        self.body = {"error": {"type": kind, "message": message, **more}}


def invalid(message: str, *, executed: bool = False, **more: Any) -> Refusal:
    return Refusal(400, "invalid_request_error", message, executed=executed, **more)


def missing(kind: str, name: str, *, status: int = 404, param: str = "id") -> Refusal:
    said = f"No such {kind}: '{name}'"
    return Refusal(status, "invalid_request_error", said, executed=False, code="resource_missing", param=param)


def unexpected(intent: dict[str, Any], verb: str, allowed: tuple[str, ...]) -> Refusal:
    said = (
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent with"
        f" one of the following statuses may be {verb}ed: {', '.join(allowed)}."
    )
    return invalid(said, executed=True, code="payment_intent_unexpected_state", payment_intent=dict(intent))


def card(code: str, intent: dict[str, Any], decline_code: str | None = None) -> Refusal:
    more: dict[str, Any] = {"decline_code": decline_code} if decline_code else {}
    return Refusal(402, "card_error", "Your card was declined.", code=code, payment_intent=intent, **more)
