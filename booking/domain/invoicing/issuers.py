"""Which legal entity sells: numbers are counted for each, whatever it calls itself in the course of a year."""

from __future__ import annotations

import unicodedata

from sqlalchemy import or_, select, text

from booking.domain.catalogue import Seller
from booking.domain.invoicing.models import InvoiceIssuer
from booking.infra.db import db

# Two first invoices of one entity at once: the second waits, and finds it.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7203119)")


def of(seller: Seller) -> int:
    """The entity's own number, inside the caller's READ COMMITTED transaction; a new one where it never sold here.

    The same by its tax number; by its legal name where one of the two has said no tax number.
    """
    found = _find(seller)
    if found is None:
        db.session.execute(_ONE_AT_A_TIME)
        found = _find(seller)
    if found is None:
        found = InvoiceIssuer(tax_key=tax_key(seller), name_key=name_key(seller))
        db.session.add(found)
        db.session.flush()
    return found.id


def _find(seller: Seller) -> InvoiceIssuer | None:
    tax, name = tax_key(seller), name_key(seller)
    by_name = InvoiceIssuer.name_key == name
    known = InvoiceIssuer.tax_key == tax
    wanted = or_(known, by_name & InvoiceIssuer.tax_key.is_(None)) if tax else by_name
    order = (known.desc().nulls_last(), InvoiceIssuer.id) if tax else (InvoiceIssuer.id,)
    found = db.session.scalars(select(InvoiceIssuer).where(wanted).order_by(*order).limit(1)).one_or_none()
    if found and tax and (found.tax_key, found.name_key) != (tax, name):
        found.tax_key, found.name_key = tax, name
        db.session.flush()
    return found


def tax_key(seller: Seller) -> str | None:
    """Letters and digits alone: BE 0123.456.789 is BE0123456789."""
    sign = unicodedata.normalize("NFKC", seller.tax_number or "").upper()
    return "".join(one for one in sign if one.isalnum()) or None


def name_key(seller: Seller) -> str:
    return " ".join(unicodedata.normalize("NFKC", seller.legal_name).casefold().split())[:255]
