"""Invoices of the tests."""

from __future__ import annotations

import uuid

from booking.domain import invoicing
from booking.domain.tables import Booking
from tests.cast import SYSTEM


def an_invoice(booking: Booking) -> uuid.UUID:
    """The latest of the booking, of which something is left to credit."""
    invoicing.settle_invoices(SYSTEM, booking.id, invoicing.InvoiceTerms("eu"))
    return invoicing.invoices_of_booking(SYSTEM, booking.id)[-1].invoice.id
