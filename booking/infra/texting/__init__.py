"""Text messages: a port with one verb to send and one to ask what was sent, and two adapters.

`log` writes them to the log, for trying things out; `twilio` has Twilio send them. Without a setting there is none.
"""

from __future__ import annotations

from booking.config import Settings
from booking.config_values import SMS_LOG, SMS_TWILIO
from booking.infra.texting.gsm7 import TextSize, measured, spelled_plainly
from booking.infra.texting.port import Texter, TextingAway, TextRefused

__all__ = ["TextRefused", "TextSize", "Texter", "TextingAway", "configured", "measured", "spelled_plainly"]


def configured(settings: Settings) -> Texter | None:
    """Who sends, by SMS; None where nobody does."""
    if settings.sms == SMS_LOG:
        from booking.infra.texting.log import LogTexter

        return LogTexter()
    if settings.sms == SMS_TWILIO:
        from booking.infra.texting.twilio import TwilioTexter

        return TwilioTexter(settings)
    return None
