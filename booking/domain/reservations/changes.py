"""A booking has changed: the event for whoever has to do with it, and the audit log unless a guest did it."""

from __future__ import annotations

from typing import Any

from booking.domain import messages, people
from booking.domain.actors import Actor
from booking.domain.reservations.event_payloads import booking_facts
from booking.domain.reservations.models import Booking
from booking.infra.ids import encode


def record(actor: Actor, kind: str, booking: Booking, *, before: str | None, **facts: Any) -> None:
    """Inside the transaction that changes it; `before` is the status that it had, `facts` what else the event says."""
    messages.record(actor, kind, {**booking_facts(booking), **facts})
    audit(actor, kind, booking, {"status": before} if before else {}, {"status": booking.status} | facts)


def tell(
    actor: Actor, kind: str, booking: Booking, before: dict[str, Any], after: dict[str, Any], **facts: Any
) -> None:
    """The same of something else than its status."""
    messages.record(actor, kind, {**booking_facts(booking), **facts})
    audit(actor, kind, booking, before, after | facts)


def audit(actor: Actor, action: str, booking: Booking, before: dict[str, Any], after: dict[str, Any]) -> None:
    """What is no event: nobody has to do anything about it."""
    people.audit(actor, action, encode("booking", booking.id), before=before, after=after)
