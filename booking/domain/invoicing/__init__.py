"""Invoices: what was sold, as documents with numbers that nobody can skip, use twice or change.

Decides when a stay is invoiced and to whom, what a credit note takes back, and who may see, issue and correct them.
Start with issuing.py.
"""

from booking.domain.invoicing.billing import BillingDetails
from booking.domain.invoicing.billing import change as change_billing
from booking.domain.invoicing.billing import of_booking as billing_of_booking
from booking.domain.invoicing.cases import InvoiceTerms
from booking.domain.invoicing.catching_up import catch_up as catch_up_with_invoices
from booking.domain.invoicing.catching_up import prune_buyers as prune_invoice_buyers
from booking.domain.invoicing.documents import Alike, Document, may_correct
from booking.domain.invoicing.documents import find as find_invoice
from booking.domain.invoicing.documents import get as get_invoice
from booking.domain.invoicing.documents import of_booking as invoices_of_booking
from booking.domain.invoicing.errors import (
    CorrectedTooOften,
    CreditedAlready,
    InvoiceNotFound,
    InvoicingRefused,
    NothingToInvoice,
)
from booking.domain.invoicing.invoice_links import BY_LINK as BY_INVOICE_LINK
from booking.domain.invoicing.invoice_links import booking_of as booking_of_invoice_link
from booking.domain.invoicing.invoice_links import written as written_invoice_link
from booking.domain.invoicing.issuing import correct as correct_invoice
from booking.domain.invoicing.issuing import issue as issue_invoices
from booking.domain.invoicing.issuing import settle as settle_invoices
from booking.domain.invoicing.line_taxes import LineTax
from booking.domain.invoicing.listing import InvoicePage, InvoiceSearch
from booking.domain.invoicing.listing import export as export_invoices
from booking.domain.invoicing.listing import find as find_invoices
from booking.domain.invoicing.models import CREDIT_NOTE, INVOICE, INVOICE_KINDS, Invoice, InvoiceBuyer
from booking.domain.invoicing.sold import KEPT as KEPT_ON_CANCELLATION
from booking.domain.invoicing.sold import SoldLine

__all__ = [
    "BY_INVOICE_LINK",
    "CREDIT_NOTE",
    "INVOICE",
    "INVOICE_KINDS",
    "KEPT_ON_CANCELLATION",
    "Alike",
    "BillingDetails",
    "CorrectedTooOften",
    "CreditedAlready",
    "Document",
    "Invoice",
    "InvoiceBuyer",
    "InvoiceNotFound",
    "InvoicePage",
    "InvoiceSearch",
    "InvoiceTerms",
    "InvoicingRefused",
    "LineTax",
    "NothingToInvoice",
    "SoldLine",
    "billing_of_booking",
    "booking_of_invoice_link",
    "catch_up_with_invoices",
    "change_billing",
    "correct_invoice",
    "export_invoices",
    "find_invoice",
    "find_invoices",
    "get_invoice",
    "invoices_of_booking",
    "issue_invoices",
    "may_correct",
    "prune_invoice_buyers",
    "settle_invoices",
    "written_invoice_link",
]
