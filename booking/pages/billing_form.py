"""The form of whom invoices are made out to, filled with what is said now."""

from __future__ import annotations

from booking.domain.payments import Billing
from booking.pages.forms import Form


def of(said: Billing) -> Form:
    """Texts by field, empty where nothing is said."""
    return Form(
        {
            "billingName": said.name or "",
            "company": said.company or "",
            "street": said.street or "",
            "postalCode": said.postal_code or "",
            "city": said.city or "",
            "country": said.country or "",
            "vatNumber": said.vat_number or "",
        }
    )
