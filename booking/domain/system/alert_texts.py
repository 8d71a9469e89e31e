"""Alerts by text message: what somebody is told at once by email goes to their phone, too, where they want that."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence

from booking.domain import messages, texting
from booking.domain.actors import Actor
from booking.domain.people import AlertReader


def wanted_by(readers: Sequence[AlertReader]) -> Collection[uuid.UUID]:
    """Who of them wants text messages, inside the caller's transaction."""
    return texting.texted_readers([reader.user_id for reader in readers])


def record(actor: Actor, reader: AlertReader, phones: Collection[uuid.UUID], facts: Mapping[str, object]) -> None:
    """Have a reader texted what these facts tell, inside the caller's transaction, if they want it."""
    if reader.user_id in phones:
        messages.record(actor, texting.ALERT_TEXTED, dict(facts))
