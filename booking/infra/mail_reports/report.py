"""What all mail providers tell, in one form."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass

from booking.infra import clock

BOUNCED, COMPLAINED, DELIVERED = "bounced", "complained", "delivered"
OLDEST = dt.timedelta(days=3)  # providers try for a day at most; what was told is remembered for longer than this
AHEAD = dt.timedelta(minutes=10)  # of our clock
OURS = re.compile(r"\b([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})\.mail@")


class NotSigned(Exception):
    """The provider has not signed this with the key that we know, or signed it too long ago."""


@dataclass(frozen=True, slots=True)
class MailReport:
    """`outcome` is one of the three; `at` when it came about there; `code` short, naming nobody, such as 5.1.1.

    `email_id` says which email it was, by its Message-ID; None where the provider has not kept that.
    """

    outcome: str
    address: str
    at: dt.datetime
    code: str
    email_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that was told, under the provider's own id for it: told again, it is the same."""

    id: str
    reports: tuple[MailReport, ...]


def email_of(message_id: str) -> uuid.UUID | None:
    """The email that has this Message-ID; None for one that is not ours."""
    found = OURS.search(message_id)
    return uuid.UUID(found[1]) if found else None


def refuse_unless_recent(signed_at: dt.datetime) -> None:
    """Raise NotSigned for what somebody may have kept, to tell it again."""
    age = clock.now() - signed_at
    if not -AHEAD <= age <= OLDEST:
        raise NotSigned


def instant(seconds: object) -> dt.datetime:
    """Of seconds since 1970. Raises NotSigned for what is no number of a time."""
    try:
        return dt.datetime.fromtimestamp(float(str(seconds)), dt.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotSigned from error
