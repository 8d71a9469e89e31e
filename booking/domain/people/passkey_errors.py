"""What can go wrong with passkeys; the families are those of booking/domain/errors.py."""

from __future__ import annotations

from booking.domain.errors import Conflict, InvalidCredentials, NotFound, Unauthorized


class WrongPasskey(InvalidCredentials):
    """Of nobody here, or it did not answer what was asked."""

    code = "WRONG_PASSKEY"


class ChallengeOver(Unauthorized):
    """A passkey was asked for too long ago, by nobody, or has answered this already."""

    code = "CHALLENGE_OVER"


class PasskeyNotFound(NotFound):
    reason = "PASSKEY_NOT_FOUND"


class LastFactor(Conflict):
    """Without it two-step sign-in would be off, and nobody has said that it shall be."""

    code = "LAST_FACTOR"


class PasskeyTaken(Conflict):
    """It belongs to an account already."""

    code = "PASSKEY_TAKEN"


class TooManyPasskeys(Conflict):
    code = "TOO_MANY_PASSKEYS"
