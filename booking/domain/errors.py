"""What can go wrong, as families: codes and parameters, no sentences.

Which HTTP status a family gets is decided at the doors, once (booking/http/error_rendering.py), and so is what people
read (booking/http/words).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from booking.domain.notices import Notice


class BookingError(Exception):
    """Any refusal of ours.

    `code` is what programs decide by; `reason` says more exactly what it is about, and with `params` is what doors
    have words for. `details` maps field names (as the caller wrote them) to what is wrong with them, `named` what the
    refusal is about to its id.
    """

    code = "INTERNAL_ERROR"
    reason = "INTERNAL_ERROR"

    def __init_subclass__(cls) -> None:
        if "code" in vars(cls) and "reason" not in vars(cls):
            cls.reason = cls.code

    def __init__(
        self, *, details: Mapping[str, Notice] | None = None, named: Mapping[str, str] | None = None, **params: Any
    ) -> None:
        self.details, self.named, self.params = dict(details or {}), dict(named or {}), params
        super().__init__(self.reason, *([params] if params else []), *([self.details] if details else []))


class Invalid(BookingError):
    code = "VALIDATION_ERROR"


class Unauthorized(BookingError):
    code = "UNAUTHORIZED"


class SessionOver(Unauthorized):
    reason = "SESSION_OVER"


class InvalidCredentials(Unauthorized):
    code = "INVALID_CREDENTIALS"


class InvalidToken(Unauthorized):
    code = "INVALID_TOKEN"


class SignInTooOld(Unauthorized):
    code = "RECENT_SIGN_IN_NEEDED"


class SecondFactorNeeded(Unauthorized):
    """The password was right, and is not enough; `proved` says so to whoever brings the code in a second step."""

    code = "SECOND_FACTOR_NEEDED"

    def __init__(self, proved: object = None) -> None:
        super().__init__()
        self.proved = proved


class WrongCode(Unauthorized):
    """None of the app's codes of this minute, one that was used before, or no recovery code."""

    code = "WRONG_CODE"


class PaymentFailed(BookingError):
    code = "PAYMENT_FAILED"


class Forbidden(BookingError):
    code = "FORBIDDEN"


class AccountDisabled(Forbidden):
    code = "ACCOUNT_DISABLED"


class NotFound(BookingError):
    code = "NOT_FOUND"


class RoomNotFound(NotFound):
    code = "ROOM_NOT_FOUND"


class BookingNotFound(NotFound):
    reason = "BOOKING_NOT_FOUND"


class UnknownBooking(BookingNotFound):
    """Of this `reference`; `hint` names those it looks like."""

    reason = "UNKNOWN_BOOKING"


class PaymentNotFound(NotFound):
    reason = "PAYMENT_NOT_FOUND"


class OrderNotFound(NotFound):
    reason = "ORDER_NOT_FOUND"


class SessionNotFound(NotFound):
    reason = "SESSION_NOT_FOUND"


class AccountNotFound(NotFound):
    reason = "ACCOUNT_NOT_FOUND"


class LinkOver(NotFound):
    code = "LINK_OVER"


class ResetLinkOver(LinkOver):
    code = "RESET_LINK_OVER"


class VerificationLinkOver(LinkOver):
    """Of an address that nobody has confirmed yet."""


class InvitationOver(LinkOver):
    """To work at a house: accepted, withdrawn, too old, or of somebody who may not invite any more."""

    reason = "INVITATION_OVER"


class ChangeLinkOver(LinkOver):
    """Of a change of address, at either end."""


class Conflict(BookingError):
    code = "CONFLICT"


class AccountInUse(Conflict):
    code = "ACCOUNT_IN_USE"


class InvitedAnother(Conflict):
    """The invitation is for the account with the address `email`, and another one is signed in."""

    reason = "INVITED_ANOTHER"


class LastOwner(Conflict):
    code = "LAST_OWNER"


class EmailTaken(Conflict):
    code = "EMAIL_TAKEN"


class RoomNotAvailable(Conflict):
    """`alternatives` are what could be had instead (search.Alternative), where somebody has looked for that."""

    code = "ROOM_NOT_AVAILABLE"
    alternatives: Sequence[Any] = ()


class RoomLocked(Conflict):
    code = "ROOM_LOCKED"
    retry_after = 1


class RoomLockedByKey(RoomLocked):
    """The same where another call with the same Idempotency-Key has the room."""


class HoldOver(RoomNotAvailable):
    reason = "HOLD_OVER"


class HoldEnded(HoldOver):
    """The same where it was a hold that somebody wanted to pay for, by a code of its own."""

    code = "HOLD_OVER"


class TooManyHolds(Conflict):
    code = "TOO_MANY_HOLDS"


class PaymentInProgress(Conflict):
    code = "PAYMENT_IN_PROGRESS"
    retry_after = 2


class PaymentModified(Conflict):
    code = "PAYMENT_MODIFIED"


class NothingOwed(Conflict):
    code = "NOTHING_OWED"


class NothingDue(NothingOwed):
    """Of money that staff enters: the order is paid, or over."""

    reason = "NOTHING_DUE"


class MoreThanDue(NothingOwed):
    """Only `due` of that is."""

    reason = "MORE_THAN_DUE"


class NotVouchedFor(NothingOwed):
    """An order that nobody guarantees, and of which nothing was paid: its nights may be lost at any moment."""

    reason = "NOT_VOUCHED_FOR"


class EntryDiffers(Conflict):
    """Another amount, or taken in another way, stands under the same reference of the order."""

    code = "ENTRY_DIFFERS"


class EntryNotCorrectable(Conflict):
    """It was not made by hand, corrects another one, or part of its money has gone back already."""

    code = "ENTRY_NOT_CORRECTABLE"


class PriceChanged(Conflict):
    code = "PRICE_CHANGED"


class BookingNotCancellable(Conflict):
    code = "BOOKING_NOT_CANCELLABLE"


class AlreadyCancelled(BookingNotCancellable):
    reason = "ALREADY_CANCELLED"


class HoldRanOut(BookingNotCancellable):
    reason = "HOLD_RAN_OUT"


class StayHasBegun(BookingNotCancellable):
    reason = "STAY_HAS_BEGUN"


class StayIsOver(BookingNotCancellable):
    reason = "STAY_IS_OVER"


class CancelledDuringPayment(BookingNotCancellable):
    reason = "CANCELLED_DURING_PAYMENT"


class CancelledDuringChange(BookingNotCancellable):
    reason = "CANCELLED_DURING_CHANGE"


class BookingNotChangeable(Conflict):
    code = "BOOKING_NOT_CHANGEABLE"


class ChangeOfUnconfirmed(BookingNotChangeable):
    reason = "CHANGE_OF_UNCONFIRMED"


class ChangeAfterStay(BookingNotChangeable):
    reason = "CHANGE_AFTER_STAY"


class ChangeUnderWay(BookingNotChangeable):
    """Another change of the booking is being paid for."""

    reason = "CHANGE_UNDER_WAY"
    retry_after = 2


class IllegalMove(Conflict):
    """Of a booking with the status `status`, which cannot become `move`."""

    code = "ILLEGAL_MOVE"


class GuaranteeOfPaid(IllegalMove):
    reason = "GUARANTEE_OF_PAID"


class GuaranteeOfCancelled(IllegalMove):
    reason = "GUARANTEE_OF_CANCELLED"


class RefundChanged(Conflict):
    code = "REFUND_CHANGED"


class RefundNotOwed(Conflict):
    code = "REFUND_NOT_OWED"


class RefundAwaitsStaff(RefundNotOwed):
    """No provider can be asked: staff gives it back, and enters that."""

    reason = "REFUND_AWAITS_STAFF"


class NotARefund(RefundNotOwed):
    reason = "NOT_A_REFUND"


class RefundReturned(RefundNotOwed):
    reason = "REFUND_RETURNED"


class RefundCorrected(RefundNotOwed):
    """What it was to give back had never come."""

    reason = "REFUND_CORRECTED"


class RefundByProvider(RefundNotOwed):
    """Whoever took the money gives it back."""

    reason = "REFUND_BY_PROVIDER"


class SecondFactorIsOn(Conflict):
    code = "SECOND_FACTOR_IS_ON"


class SecondFactorIsOff(Conflict):
    code = "SECOND_FACTOR_IS_OFF"


class BookingModified(Conflict):
    code = "BOOKING_MODIFIED"


class IdempotencyConflict(Conflict):
    code = "IDEMPOTENCY_CONFLICT"
    retry_after = 2


class KeyReused(BookingError):
    code = "IDEMPOTENCY_KEY_REUSED"


class PaymentActionRequired(BookingError):
    """The guest has to pay at the provider's page, `url` in `named`; the rooms are held until then."""

    code = "PAYMENT_ACTION_REQUIRED"


class ChangeActionRequired(PaymentActionRequired):
    """The same of what a change of a stay adds; the booking stays as it is until then."""

    reason = "CHANGE_ACTION_REQUIRED"


class PaymentUnknown(BookingError):
    code = "PAYMENT_UNKNOWN"
    retry_after = 5


class Unavailable(BookingError):
    code = "UNAVAILABLE"
    retry_after = 2


class PaymentPageUnavailable(Unavailable):
    """The provider does not show its page now; nothing was charged, and the hold runs on."""

    reason = "PAYMENT_PAGE_UNAVAILABLE"


class TooBusy(Unavailable):
    reason = "TOO_BUSY"
    retry_after = 1


class TooManyAttempts(BookingError):
    """Tried too often; `retry_after` seconds from now it may be tried again."""

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(seconds=retry_after)
        self.retry_after = retry_after
