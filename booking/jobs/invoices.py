"""Invoices and credit notes follow what is sold, changed and cancelled, while the worker runs."""

from __future__ import annotations

from booking.domain import invoicing
from booking.domain.actors import Actor
from booking.http.services import current_services
from booking.jobs import deliver

WORKER = Actor.system("worker")
PORTION = 50


def catch_up() -> None:
    """Every order that is marked, until the process is to end."""
    terms, is_over = current_services().invoice_terms, deliver.stopping.is_set
    while not is_over() and invoicing.catch_up_with_invoices(WORKER, terms, PORTION, is_over) >= PORTION:
        pass
