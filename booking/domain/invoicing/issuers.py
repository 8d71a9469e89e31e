"""Which legal entity sells: numbers are counted for each, whatever it calls itself in the course of a year."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Mapping

from sqlalchemy import ARRAY, String, any_, bindparam, or_, select, text

from booking.domain.catalogue import Seller
from booking.domain.invoicing.models import InvoiceIssuer
from booking.infra.db import db, execute
from booking.infra.prepared import often

# Two first invoices of one entity at once: the second waits, and finds it.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7203119)")


_NAMED = often(
    select(InvoiceIssuer.id, InvoiceIssuer.tax_key, InvoiceIssuer.name_key)
    .where(InvoiceIssuer.name_key == any_(bindparam("names", type_=ARRAY(String))))
    .order_by(InvoiceIssuer.id)
)


def of(sellers: Mapping[uuid.UUID, Seller]) -> dict[uuid.UUID, int]:
    """By property, its entity's number, in the caller's READ COMMITTED transaction; a new one where it never sold here.

    The same by its tax number; by its legal name where one of the two has said no tax number.
    """
    if not sellers:
        return {}
    keys = {house: (tax_key(seller), name_key(seller)) for house, seller in sellers.items()}
    known: dict[tuple[str | None, str], int] = {}
    for row in execute(_NAMED, {"names": sorted({name for _, name in keys.values()})}).rows:
        for tax in (row.tax_key, None):  # who says none is the first of that name
            known.setdefault((tax, row.name_key), row.id)
    return {house: known.get(keys[house]) or _found_or_new(seller) for house, seller in sellers.items()}


def _found_or_new(seller: Seller) -> int:
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
