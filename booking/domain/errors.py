"""What can go wrong, as families. Each error has a code for machines and a sentence for people.

Which HTTP status a family gets is decided at the doors, once (booking/http/error_rendering.py).
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
    code, message = "FORBIDDEN", "You don’t have permission to do this."


class AccountDisabled(Forbidden):
    code, message = "ACCOUNT_DISABLED", "This account is disabled. Contact us to use it again."


class NotFound(BookingError):
    code, message = "NOT_FOUND", "Not found."


class RoomNotFound(NotFound):
    code, message = "ROOM_NOT_FOUND", "This room does not exist."


class BookingNotFound(NotFound):
    message = "This booking does not exist."


class PaymentNotFound(NotFound):
    message = "This payment does not exist."


class SessionNotFound(NotFound):
    message = "This session does not exist or has already ended."


class AccountNotFound(NotFound):
    message = "This account does not exist."


class LinkOver(NotFound):
    code, message = "LINK_OVER", "This link has been used or has expired."


class ResetLinkOver(LinkOver):
    code = "RESET_LINK_OVER"


class VerificationLinkOver(LinkOver):
    """Of an address that nobody has confirmed yet."""


class ChangeLinkOver(LinkOver):
    """Of a change of address, at either end."""


class Conflict(BookingError):
    code, message = "CONFLICT", "This is not possible in the current state."


class AccountInUse(Conflict):
    code = "ACCOUNT_IN_USE"
    message = "This account has upcoming stays, unpaid holds or payments in progress. Nothing was deleted."


class LastOwner(Conflict):
    code, message = "LAST_OWNER", "This is the only owner. Make somebody else an owner first."


class EmailTaken(Conflict):
    code, message = "EMAIL_TAKEN", "An account with this email already exists."


class RoomNotAvailable(Conflict):
    code, message = "ROOM_NOT_AVAILABLE", "The selected room is no longer available for the requested dates."


class RoomLocked(Conflict):
    code, message = "ROOM_LOCKED", "Room is currently being booked"
    retry_after = 1


class HoldOver(RoomNotAvailable):
    message = "The time to pay for this booking has run out."


class TooManyHolds(Conflict):
    code = "TOO_MANY_HOLDS"
    message = "You have as many unpaid holds as one guest may have. Pay for one or release it first."


class PaymentInProgress(Conflict):
    code, message = "PAYMENT_IN_PROGRESS", "A payment for this booking is already in progress."
    retry_after = 2


class PriceChanged(Conflict):
    code, message = "PRICE_CHANGED", "The price has changed. You haven’t been charged."


class BookingNotCancellable(Conflict):
    code, message = "BOOKING_NOT_CANCELLABLE", "This booking can no longer be cancelled."


class IllegalMove(Conflict):
    code, message = "ILLEGAL_MOVE", "This booking cannot do that any more."


class RefundChanged(Conflict):
    code, message = "REFUND_CHANGED", "The refund has changed. Nothing was cancelled."


class RefundNotOwed(Conflict):
    code, message = "REFUND_NOT_OWED", "This refund was not declined, or it has been sent again since."


class BookingModified(Conflict):
    code, message = "BOOKING_MODIFIED", "Booking was modified by another process"


class IdempotencyConflict(Conflict):
    code, message = "IDEMPOTENCY_CONFLICT", "A request with this Idempotency-Key is still in progress."
    retry_after = 2


class KeyReused(BookingError):
    code, message = "IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key has already been used with a different request."


class PaymentUnknown(BookingError):
    code = "PAYMENT_UNKNOWN"
    message = "The payment provider did not answer in time. We are settling it; retry with the same Idempotency-Key."
    retry_after = 5


class Unavailable(BookingError):
    code, message = "UNAVAILABLE", "The service is temporarily unavailable. Please try again in a moment."
    retry_after = 2


class TooBusy(Unavailable):
    message = "Too many people are signing in right now. Please try again in a moment."
    retry_after = 1


class TooManyAttempts(BookingError):
    """Tried too often; `retry_after` seconds from now it may be tried again."""

    code, message = "RATE_LIMIT_EXCEEDED", "Too many attempts. Try again later."

    def __init__(self, retry_after: int) -> None:
        unit = "second" if retry_after == 1 else "seconds"
        super().__init__(f"Too many attempts. Try again in {retry_after} {unit}.")
        self.retry_after = retry_after
