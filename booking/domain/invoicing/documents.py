"""Invoices and credit notes as they are shown: the document, its lines, whom it is for. What was issued stays so."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import BookingNotFound
from booking.domain.invoicing import line_taxes, sold
from booking.domain.invoicing.errors import InvoiceNotFound
from booking.domain.invoicing.line_taxes import LineTax
from booking.domain.invoicing.models import Invoice, InvoiceBuyer, InvoiceLine
from booking.domain.invoicing.sold import SoldLine
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.infra.db import db, reading

_CREDITED = aliased(Invoice)


@dataclass(frozen=True, slots=True)
class Alike:
    """Lines in a row that differ by their dates alone: so many nights at one price."""

    booking_id: uuid.UUID
    kind: str
    rule: str
    count: int
    each: Decimal
    included: bool

    @property
    def amount(self) -> Decimal:
        return self.count * self.each


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or credit note. `credits` is the number of the invoice that it takes back; no buyer: forgotten by now.

    `credited`: how much of it credit notes have taken back.
    """

    invoice: Invoice
    lines: tuple[SoldLine, ...]
    buyer: InvoiceBuyer | None
    credits: str | None
    credited: Decimal

    @property
    def alike(self) -> list[Alike]:
        groups = groupby(self.lines, lambda one: (one.booking_id, one.kind, one.rule, one.amount, one.included))
        return [
            Alike(booking_id, kind, rule, len(list(lines)), amount, included)
            for (booking_id, kind, rule, amount, included), lines in groups
        ]

    @property
    def line_taxes(self) -> list[tuple[LineTax, ...]]:
        """Of each of its lines the taxes in percent that it bears."""
        return line_taxes.of_lines(self.lines, self.invoice.currency)

    @property
    def taxes(self) -> list[SoldLine]:
        """Taxes that other lines hold already: they are stated, and add nothing."""
        return [line for line in self.lines if line.included]

    @property
    def is_credited(self) -> bool:
        """Whether nothing of an invoice is left."""
        return bool(self.credited) and self.credited >= self.invoice.total

    @property
    def already_paid(self) -> Decimal:
        """What was paid for it by the day of issue, or need not be paid."""
        return Decimal(0) if self.invoice.is_credit_note else self.invoice.total - self.invoice.due


@reading
def of_booking(actor: Actor, booking_id: uuid.UUID) -> list[Document]:
    """All of the booking's order that name it, the oldest first. Raises BookingNotFound."""
    booking = db.session.get(Booking, booking_id)
    if booking is None or not may(actor, Action.SEE_INVOICES, booking):
        raise BookingNotFound
    named = select(InvoiceLine.invoice_id).where(InvoiceLine.booking_id == booking_id)
    return read(wanted().where(Invoice.id.in_(named)))


@reading
def get(actor: Actor, invoice_id: uuid.UUID) -> Document:
    """Raises InvoiceNotFound, also for who may not see it."""
    found = read(wanted().where(Invoice.id == invoice_id))
    if not found or not may(actor, Action.SEE_INVOICES, db.session.get_one(Order, found[0].invoice.order_id)):
        raise InvoiceNotFound
    return found[0]


@reading
def find(actor: Actor, reference: str) -> Document:
    """By its number, however it is typed. Raises InvoiceNotFound."""
    found = read(wanted().where(Invoice.reference == reference.strip().upper()))
    if not found or not may(actor, Action.SEE_INVOICES, db.session.get_one(Order, found[0].invoice.order_id)):
        raise InvoiceNotFound
    return found[0]


def may_correct(actor: Actor, document: Document) -> bool:
    """Whether the actor could credit it now; for a page, which offers it then."""
    invoice = document.invoice
    left = not invoice.is_credit_note and not document.is_credited
    return left and people.may(actor, Action.CORRECT_INVOICES, at=invoice.property_id)


def may(actor: Actor, action: Action, thing: Booking | Order) -> bool:
    """Whether the actor may do this to the invoices of a booking or an order."""
    return people.may(actor, action, own=thing.user_id, at=thing.property_id)


def wanted() -> Select[Invoice, InvoiceBuyer, str]:
    """Documents with their buyers and the numbers that they credit, the oldest first: to be narrowed, and read."""
    whole = select(Invoice, InvoiceBuyer, _CREDITED.reference)
    buyers = whole.outerjoin(InvoiceBuyer, InvoiceBuyer.invoice_id == Invoice.id)
    return buyers.outerjoin(_CREDITED, _CREDITED.id == Invoice.credits_id).order_by(Invoice.id)


def read(asked: Select[Invoice, InvoiceBuyer, str]) -> list[Document]:
    """Inside the caller's transaction: the documents with their lines, in the order of the statement."""
    rows = db.session.execute(asked).all()
    ids = [invoice.id for invoice, _, _ in rows]
    lines = _lines(ids)
    credited = _credited(ids)
    return [
        Document(invoice, tuple(lines.get(invoice.id, ())), buyer, credits, credited.get(invoice.id, Decimal(0)))
        for invoice, buyer, credits in rows
    ]


def _lines(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[SoldLine]]:
    kept = select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
    found: dict[uuid.UUID, list[SoldLine]] = {}
    for line in db.session.scalars(kept.order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
        found.setdefault(line.invoice_id, []).append(sold.line_of(line.booking_id, line.line, line.currency))
    return found


def _credited(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    notes = select(Invoice.credits_id, Invoice.total).where(Invoice.credits_id.in_(ids))
    sums: dict[uuid.UUID, Decimal] = {}
    for credits_id, total in db.session.execute(notes):
        if credits_id:
            sums[credits_id] = sums.get(credits_id, Decimal(0)) + total
    return sums
