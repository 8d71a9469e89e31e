"""Why an invoice is not there, or cannot be issued or credited."""

from __future__ import annotations

from booking.domain.errors import Conflict, NotFound


class InvoiceNotFound(NotFound):
    reason = "INVOICE_NOT_FOUND"


class InvoicingRefused(Conflict):
    """One of its kinds says why."""

    code = "INVOICING_REFUSED"


class NothingToInvoice(InvoicingRefused):
    """Nothing is sold, or all of it is invoiced."""

    reason = "NOTHING_TO_INVOICE"


class CorrectedTooOften(InvoicingRefused):
    """By its guest, who may do it `most` times for one order: the house can do it."""

    reason = "INVOICE_CORRECTED_TOO_OFTEN"


class CreditedAlready(InvoicingRefused):
    """Nothing of it is left, or it is a credit note itself."""

    reason = "CREDITED_ALREADY"
