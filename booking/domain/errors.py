"""What can go wrong, as families. Each error has a code for machines and a sentence for people.

Which HTTP status a family gets is decided at the doors, once (booking/doors.py).
"""

from __future__ import annotations

from collections.abc import Mapping


class BookingError(Exception):
    """Any refusal of ours. `details` maps field names (as the caller wrote them) to what is wrong with them."""

    code = "INTERNAL_ERROR"
    message = "Something went wrong on our side."

    def __init__(self, message: str | None = None, *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message
        self.details = dict(details or {})


class Invalid(BookingError):
    code, message = "VALIDATION_ERROR", "Invalid input data"


class Unauthorized(BookingError):
    code, message = "UNAUTHORIZED", "Please sign in."


class InvalidCredentials(Unauthorized):
    code, message = "INVALID_CREDENTIALS", "Email or password is wrong."


class InvalidToken(Unauthorized):
    code, message = "INVALID_TOKEN", "This refresh token cannot be used. Please sign in again."


class SignInTooOld(Unauthorized):
    code, message = "RECENT_SIGN_IN_NEEDED", "Please confirm that it is you: your last sign-in was a while ago."


class PaymentFailed(BookingError):
    code, message = "PAYMENT_FAILED", "The payment was declined. Nothing was charged."


class Forbidden(BookingError):
    code, message = "FORBIDDEN", "You may not do this."


class NotFound(BookingError):
    code, message = "NOT_FOUND", "There is nothing here."


class RoomNotFound(NotFound):
    code, message = "ROOM_NOT_FOUND", "This room does not exist."


class BookingNotFound(NotFound):
    message = "This booking does not exist."


class SessionNotFound(NotFound):
    message = "This sign-in does not exist, or is over already."


class ResetLinkOver(NotFound):
    code, message = "RESET_LINK_OVER", "This link has been used, is too old, or a newer one was asked for."


class Conflict(BookingError):
    code, message = "CONFLICT", "This is not possible in the present state."


class EmailTaken(Conflict):
    code, message = "EMAIL_TAKEN", "An account with this email exists already."


class RoomNotAvailable(Conflict):
    code, message = "ROOM_NOT_AVAILABLE", "The selected room is no longer available for the requested dates."


class RoomLocked(Conflict):
    code, message = "ROOM_LOCKED", "Room is currently being booked"
    retry_after = 1


class HoldOver(RoomNotAvailable):
    message = "The time to pay for this booking is over."


class TooManyHolds(Conflict):
    code = "TOO_MANY_HOLDS"
    message = "You have as many unpaid holds as one guest may have. Pay for one or release it first."


class PaymentInProgress(Conflict):
    code, message = "PAYMENT_IN_PROGRESS", "A payment for this booking is under way."
    retry_after = 2


class PriceChanged(Conflict):
    code, message = "PRICE_CHANGED", "The price has changed. Nothing was charged."


class BookingNotCancellable(Conflict):
    code, message = "BOOKING_NOT_CANCELLABLE", "This booking cannot be cancelled any more."


class RefundChanged(Conflict):
    code, message = "REFUND_CHANGED", "The refund is another one by now. Nothing was cancelled."


class BookingModified(Conflict):
    code, message = "BOOKING_MODIFIED", "Booking was modified by another process"


class IdempotencyConflict(Conflict):
    code, message = "IDEMPOTENCY_CONFLICT", "A request with this Idempotency-Key is being worked on."
    retry_after = 2


class KeyReused(BookingError):
    code, message = "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key was used with another request."


class PaymentUnknown(BookingError):
    code = "PAYMENT_UNKNOWN"
    message = "The payment service did not answer in time. We will settle it; ask again with the same Idempotency-Key."
    retry_after = 5


class Unavailable(BookingError):
    code, message = "UNAVAILABLE", "The service cannot do this right now. Please try again in a moment."
    retry_after = 2
