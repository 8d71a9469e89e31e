"""What the desk is refused: codes, and the parameters that the words name."""

from __future__ import annotations

from booking.domain.errors import BookingNotChangeable, Conflict, NotFound


class CheckInRefused(Conflict):
    code = "CHECK_IN_REFUSED"


class CheckInOfUnconfirmed(CheckInRefused):
    reason = "CHECK_IN_OF_UNCONFIRMED"


class CheckInTooEarly(CheckInRefused):
    """Before the day of arrival, `day` at the property: for the night before, the stay is changed first."""

    reason = "CHECK_IN_TOO_EARLY"


class CheckInAfterStay(CheckInRefused):
    reason = "CHECK_IN_AFTER_STAY"


class CheckedOutAlready(CheckInRefused):
    reason = "CHECKED_OUT_ALREADY"


class RoomOccupied(CheckInRefused):
    """By the guest of the booking `reference`, who has not been checked out."""

    reason = "ROOM_OCCUPIED"


class MoveToOccupied(BookingNotChangeable):
    """Of a guest who is in the house, to the room of the guest of the booking `reference`."""

    reason = "ROOM_OCCUPIED"


class CheckOutRefused(Conflict):
    """Nobody has been checked in."""

    code = "CHECK_OUT_REFUSED"


class NoShowRefused(Conflict):
    code = "NO_SHOW_REFUSED"


class NoShowTooEarly(NoShowRefused):
    """Before the evening of the day of arrival: `hour` on `day` at the property."""

    reason = "NO_SHOW_TOO_EARLY"


class NoShowOfArrived(NoShowRefused):
    reason = "NO_SHOW_OF_ARRIVED"


class NoShowOfUnconfirmed(NoShowRefused):
    reason = "NO_SHOW_OF_UNCONFIRMED"


class RegisterRefused(Conflict):
    code = "REGISTER_REFUSED"


class RegisterNotAsked(RegisterRefused):
    """The country in which the property stands asks for none: then nothing is kept."""

    reason = "REGISTER_NOT_ASKED"


class RegisterOfUnconfirmed(RegisterRefused):
    reason = "REGISTER_OF_UNCONFIRMED"


class NoteNotFound(NotFound):
    """None of this booking, or somebody else's to change."""

    reason = "NOTE_NOT_FOUND"


class NoteModified(Conflict):
    """From another page of its author's."""

    reason = "NOTE_MODIFIED"


class EmailNotFound(NotFound):
    """None about this booking's order, or too old to be known."""

    reason = "EMAIL_NOT_FOUND"


class ResendRefused(Conflict):
    """An email cannot be sent again: it no longer says what is so."""

    code = "RESEND_REFUSED"


class NoEmailAddress(ResendRefused):
    """Nobody has left one, or it was erased."""

    reason = "NO_EMAIL_ADDRESS"


class AddressTakesNoMail(ResendRefused):
    """Every email comes back from `email`."""

    reason = "ADDRESS_TAKES_NO_MAIL"


class StayChangedSince(ResendRefused):
    """The email about the change says what is so now."""

    reason = "STAY_CHANGED_SINCE"


class CancelledSince(ResendRefused):
    reason = "CANCELLED_SINCE"


class SettledSince(ResendRefused):
    """What the email says of money is no longer so."""

    reason = "SETTLED_SINCE"


class ResentTooOften(ResendRefused):
    """`most` emails in a day, again or with a link to pay by."""

    reason = "RESENT_TOO_OFTEN"


class ErasureRefused(Conflict):
    code = "ERASURE_REFUSED"


class GuestHasAccount(ErasureRefused):
    """They delete it themselves, and what is kept about them goes with it."""

    reason = "GUEST_HAS_ACCOUNT"


class GuestExpected(ErasureRefused):
    """A stay or a hold that is not over."""

    reason = "GUEST_EXPECTED"


class MoneyNotSettled(ErasureRefused):
    """Something is due, or on its way."""

    reason = "MONEY_NOT_SETTLED"


class ContactErased(Conflict):
    """Who stays is not known any more: their account was deleted, or they were erased."""

    code = "CONTACT_ERASED"


class ContactModified(Conflict):
    """The order has changed since it was looked at."""

    code = "CONTACT_MODIFIED"


class UndoRefused(Conflict):
    code = "UNDO_REFUSED"


class NothingToUndo(UndoRefused):
    reason = "NOTHING_TO_UNDO"


class UndoOver(UndoRefused):
    """More than a minute ago."""

    reason = "UNDO_OVER"


class NightsSoldMeanwhile(UndoRefused):
    """The nights that were freed are somebody else's by now, or off sale: what was done stays done."""

    reason = "NIGHTS_SOLD_MEANWHILE"
