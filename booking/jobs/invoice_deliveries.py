"""Deliveries of invoices: after whatever changes what a booking is sold for, its documents are brought in line.

Twice is once, and a worker that is killed leaves either all of a document or nothing of it: the number goes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from booking.domain import invoicing, messages
from booking.domain.actors import Actor
from booking.domain.messages import Task
from booking.http.services import current_services
from booking.infra.ids import decode
from booking.jobs import deliver

INVOICES = "invoices"
EVENTS = frozenset(
    {
        "booking.confirmed",
        "booking.changed",
        "booking.cancelled",
        "booking.departed",
        "booking.missed",
        "booking.reverted",
    }
)
WORKER = Actor.system("worker")


def issue(event_ids: Sequence[UUID]) -> None:
    """Each is finished before the next is begun."""
    waiting = messages.claim_delivery(INVOICES, event_ids)
    while waiting and not deliver.stopping.is_set():
        _issued(waiting.pop(0))
    if waiting:
        messages.put_back_delivery(waiting)


def _issued(task: Task) -> None:
    with deliver.told(task):
        try:
            _settle(task)
        except Exception as error:  # noqa: BLE001 whatever it is, this delivery waits and the next one goes on
            deliver.failed(task, error)
        else:
            messages.finish_delivery([task])


def _settle(task: Task) -> None:
    booking_id = decode("booking", task.payload["bookingId"])
    if booking_id is None:
        raise ValueError("the event does not name a booking")
    if task.type == "booking.cancelled" and not task.payload.get("wasConfirmed"):
        return  # a hold that nobody paid for
    invoicing.settle_invoices(WORKER, booking_id, current_services().invoice_terms)
