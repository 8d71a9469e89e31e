"""Invoices for staff: found by number, name, booking, day and kind; page after page, or all of them for the books."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import ColumnElement, func, select, union

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import NotFound
from booking.domain.inputs import CalendarDate, Input, one_of, plain
from booking.domain.invoicing import documents
from booking.domain.invoicing.documents import Document
from booking.domain.invoicing.models import INVOICE_KINDS, Invoice, InvoiceBuyer, InvoiceLine
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.infra.db import reading
from booking.infra.ids import decode, encode

PAGE = 50


class InvoiceSearch(Input):
    """What the list is narrowed to. `q`: a number, a name, a company or a booking; `after`: the last one seen."""

    q: Annotated[str, Field(max_length=255), AfterValidator(plain)] = ""
    kind: Annotated[str, AfterValidator(one_of(INVOICE_KINDS))] | None = None
    property: Annotated[str, Field(max_length=64)] | None = None
    since: CalendarDate | None = None
    until: CalendarDate | None = None  # this day included
    after: Annotated[str, Field(max_length=64)] | None = None


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """The newest first; `after` leads to the next page, where there is one."""

    entries: tuple[Document, ...]
    after: str | None


@reading
def find(actor: Actor, wanted: InvoiceSearch, limit: int = PAGE) -> InvoicePage:
    """Raises NotFound for who sees no invoices of others, and for another property's."""
    conditions = list(_conditions(actor, wanted))
    if wanted.after and (last := decode("invoice", wanted.after)):
        conditions.append(Invoice.id < last)
    newest = documents.wanted().where(*conditions).order_by(None).order_by(Invoice.id.desc())
    found = documents.read(newest.limit(limit + 1))
    entries = tuple(found[:limit])
    return InvoicePage(entries, encode("invoice", entries[-1].invoice.id) if len(found) > limit else None)


def export(actor: Actor, wanted: InvoiceSearch) -> Iterator[Document]:
    """All that match, the newest first, some at a time. Raises NotFound."""
    page = find(actor, wanted, 500)
    yield from page.entries
    while page.after:
        page = find(actor, wanted.model_copy(update={"after": page.after}), 500)
        yield from page.entries


def _conditions(actor: Actor, wanted: InvoiceSearch) -> Iterator[ColumnElement[bool]]:
    reach = people.reach(actor, Action.SEE_INVOICES).properties
    house = wanted.property and decode("property", wanted.property)
    if wanted.property and (house is None or (reach is not None and house not in reach)):
        raise NotFound
    if reach is not None and not reach:
        raise NotFound
    if isinstance(house, uuid.UUID):
        yield Invoice.property_id == house
    elif reach is not None:
        yield Invoice.property_id.in_(reach)
    if wanted.kind:
        yield Invoice.kind == wanted.kind
    if wanted.since:
        yield Invoice.issued_on >= wanted.since
    if wanted.until:
        yield Invoice.issued_on <= wanted.until
    if said := wanted.q.strip():
        yield _is_meant(said)


def _is_meant(said: str) -> ColumnElement[bool]:
    """A number or a reference whole, however it is spaced; each word of a name or company."""
    spoken = said.upper().replace(" ", "")
    of_booking = select(InvoiceLine.invoice_id).join(Booking, Booking.id == InvoiceLine.booking_id)
    name = func.folded(InvoiceBuyer.name + " " + func.coalesce(InvoiceBuyer.company, ""))
    named = select(InvoiceBuyer.invoice_id).where(*(name.contains(func.folded(word)) for word in said.split()))
    # One set of ids: of conditions with OR between them, Postgres would ask each invoice of the house.
    numbered = select(Invoice.id).where(Invoice.reference == spoken)
    return Invoice.id.in_(union(numbered, of_booking.where(Booking.reference == spoken), named))
