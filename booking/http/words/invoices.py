"""How something was paid, as invoices say it."""

from __future__ import annotations

from booking.http.words.templates import Templates, _

PAID_BY: Templates = {
    "card": _("card"),
    "desk": _("cash at the property"),
    "terminal": _("card at the property"),
    "transfer": _("bank transfer"),
    "elsewhere": _("another system or agency"),
}
