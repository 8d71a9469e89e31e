"""What is refused of messages: codes, and the parameters that the words name."""

from __future__ import annotations

from booking.domain.errors import Conflict, NotFound


class WritingRefused(Conflict):
    """Nothing can be written about this booking."""

    code = "MESSAGE_REFUSED"


class MessageOfUnconfirmed(WritingRefused):
    """It was never confirmed."""

    reason = "MESSAGE_OF_UNCONFIRMED"


class GuestUnreachable(WritingRefused):
    """There is neither an account nor an email address, or not any more."""

    reason = "GUEST_UNREACHABLE"


class ConversationNotFound(NotFound):
    """By a link that we did not write, that is too old, or that went to another address than the guest's."""

    reason = "CONVERSATION_NOT_FOUND"


class SentEmailNotFound(NotFound):
    """None, another property's, or older than emails are kept."""

    reason = "EMAIL_NOT_FOUND"


class SentTextNotFound(NotFound):
    """None, another property's, or older than text messages are kept."""

    reason = "TEXT_NOT_FOUND"
