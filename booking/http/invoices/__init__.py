"""How invoices are written: on pages, as PDF, as XML. What stands in them is decided in booking/domain/invoicing."""

from booking.http.invoices.sheet import Row, Sheet, sheet_of

__all__ = ["Row", "Sheet", "sheet_of"]
