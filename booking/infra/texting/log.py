"""Text messages that only the log shows."""

from __future__ import annotations

import datetime as dt

from booking.infra import phone_numbers, telemetry
from booking.infra.ids import new_id


class LogTexter:
    """Sends nothing and costs nothing."""

    name, hears_replies = "log", True

    def send(self, to: str, text: str, status_url: str) -> str:  # noqa: ARG002 nobody tells anything
        """Write it to the log, without the number."""
        reference = f"log-{new_id().hex}"
        telemetry.log.info("text_not_sent", to=phone_numbers.masked(to), text=text, reference=reference)
        return reference

    def find(self, to: str, text: str, since: dt.datetime) -> str | None:  # noqa: ARG002 the port has them
        """Once more in the log does no harm."""
        return None
