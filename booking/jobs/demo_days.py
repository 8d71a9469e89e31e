"""Where the demo is, its days go on while the worker runs: guests arrive and leave, rooms are cleaned, others book."""

from __future__ import annotations

from booking.demo import living
from booking.http.services import current_services
from booking.infra.telemetry import log


def play(*_: object) -> None:
    """Whatever has happened there since the last time."""
    if done := living.play(current_services().booking_context):
        log.info("demo_played", done=done)
