"""The way out for text messages; asked where some are sent."""

from __future__ import annotations

from collections.abc import Iterator

from booking.config import Settings
from booking.config_values import SMS_TWILIO
from booking.infra.doctor.report import Diagnosis, ok, problem
from booking.infra.texting import TextingAway, TextRefused
from booking.infra.texting.twilio import TwilioTexter


def office(settings: Settings) -> Iterator[Diagnosis]:
    """Whether Twilio lets us in; nothing is sent."""
    if settings.sms != SMS_TWILIO:
        yield ok("text messages go to the log, to nobody's phone")
        return
    try:
        status = TwilioTexter(settings).account_status()
    except (TextRefused, TextingAway) as error:
        yield problem(
            f"Twilio takes no text messages: {error}",
            "correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN; what waits is sent as soon as it answers",
        )
        return
    if status == "active":
        yield ok("Twilio lets us in")
    else:
        yield problem(f"the account at Twilio is {status}", "look at it there; what waits is sent afterwards")
