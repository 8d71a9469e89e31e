"""Invoices and credit notes are issued: what was sold and what the documents say are brought together.

settle() is what the worker does of every order that a trigger has marked: it locks the order, compares, issues what is
missing, and takes the mark away, all at once. What is sold no more is taken back by a credit note that names its
invoice; what is sold in its place is invoiced anew. So a document never changes, and the sum of all is what the order
owes. Numbers are given by the database, in the same transaction (migration 0065).

cases.py reads an order or several, writing.py writes their documents: as many statements for many as for one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from booking.domain import catalogue, payments
from booking.domain.actors import Actor
from booking.domain.catalogue import Seller
from booking.domain.errors import BookingNotFound, OrderNotFound
from booking.domain.invoicing import cases, sold, writing
from booking.domain.invoicing.cases import Case, InvoiceTerms
from booking.domain.invoicing.errors import CreditedAlready, InvoiceNotFound, NothingToInvoice
from booking.domain.invoicing.models import Invoice
from booking.domain.invoicing.sold import SoldLine
from booking.domain.invoicing.writing import Draft
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import Booking
from booking.infra.db import READ_COMMITTED, db, reading, transaction


@dataclass(frozen=True, slots=True)
class Place:
    """Which order, and who sells there."""

    order_id: uuid.UUID
    seller: Seller
    terms: InvoiceTerms


def settle(actor: Actor, booking_id: uuid.UUID, terms: InvoiceTerms) -> list[Invoice]:
    """Issue what is missing of the booking's order, by the house's own choice of when; mostly nothing.

    Documents that are there follow every change. Returns what was issued. Raises BookingNotFound.
    """
    order_id, seller = of_booking(booking_id)
    return settle_order(actor, order_id, seller, terms)


def settle_order(actor: Actor, order_id: uuid.UUID, seller: Seller, terms: InvoiceTerms) -> list[Invoice]:
    """The same of an order whose property's seller is known."""
    return _settle(actor, order_id, seller, terms, _is_due_of(seller))


@transaction(isolation=READ_COMMITTED)
def settle_free(actor: Actor, sellers: Mapping[uuid.UUID, Seller], terms: InvoiceTerms) -> set[uuid.UUID]:
    """The same of several marked orders at once, all of them or none; those that somebody holds now are left out.

    Returns those that were settled.
    """
    free = cases.free(actor, sellers, terms)
    writing.write([draft for case in free for draft in _missing(case, _is_due_of(case.seller))])
    return {case.order.id for case in free}


def _is_due_of(seller: Seller) -> Callable[[Order, Booking], bool]:
    """Whoever sold it elsewhere has invoiced it there."""
    return lambda order, booking: order.channel != payments.IMPORT and sold.is_due(booking, seller.invoice_at)


def issue(actor: Actor, booking_id: uuid.UUID, terms: InvoiceTerms) -> list[Invoice]:
    """Issue it now, because somebody asks: all that is sold of the booking's order.

    Raises BookingNotFound, Forbidden; NothingToInvoice where all of it is invoiced, or nothing is sold.
    """
    order_id, seller = of_booking(booking_id)
    refuse_unless_may(actor, Action.ISSUE_INVOICES, order_id)
    done = _settle(actor, order_id, seller, terms, lambda *_: True)
    if not done:
        raise NothingToInvoice
    return done


@transaction(isolation=READ_COMMITTED)
def refuse_unless_may(actor: Actor, action: Action, order_id: uuid.UUID) -> None:
    """Raise BookingNotFound or Forbidden."""
    try:
        payments.permitted_order(actor, action, order_id)
    except OrderNotFound:
        raise BookingNotFound from None


@transaction(isolation=READ_COMMITTED)
def _settle(
    actor: Actor, order_id: uuid.UUID, seller: Seller, terms: InvoiceTerms, wanted: Callable[[Order, Booking], bool]
) -> list[Invoice]:
    return writing.write(_missing(cases.of(actor, order_id, seller, terms, looked_at=True), wanted))


def correct(actor: Actor, invoice_id: uuid.UUID, reason: str, terms: InvoiceTerms) -> list[Invoice]:
    """Take back what stands of an invoice, and issue it anew: to whom, and by whom, as both say now.

    Returns the credit note, and the invoice where it is still sold. Raises InvoiceNotFound, Forbidden, CreditedAlready.
    """
    found = _find(invoice_id)
    if found is None:
        raise InvoiceNotFound
    seller = _seller(found.property_id)
    return _correct(actor, found, reason, seller, terms)


@transaction(isolation=READ_COMMITTED)
def _correct(actor: Actor, known: Invoice, reason: str, seller: Seller, terms: InvoiceTerms) -> list[Invoice]:
    payments.permitted_order(actor, Action.CORRECT_INVOICES, known.order_id)
    case = cases.of(actor, known.order_id, seller, terms)
    taken_back = case.outstanding.get(known.id)
    if not taken_back:
        raise CreditedAlready
    return issue_anew(case, {known.id: taken_back}, reason)


def issue_anew(case: Case, taken_back: dict[uuid.UUID, list[SoldLine]], reason: str | None) -> list[Invoice]:
    """Inside the caller's transaction: credit notes of these lines, and what is sold of them invoiced once more."""
    there = {line.booking_id for lines in case.outstanding.values() for line in lines}
    credits = [Draft(case, lines, credits=invoice_id, reason=reason) for invoice_id, lines in taken_back.items()]
    for invoice_id in taken_back:
        case.outstanding[invoice_id] = []
    return writing.write([*credits, *_missing(case, lambda _, booking: booking.id in there)])


# --- one order


def _missing(case: Case, wanted: Callable[[Order, Booking], bool]) -> list[Draft]:
    """What stands of a booking is followed; the first invoice of one is issued where it is `wanted`."""
    there = {line.booking_id for lines in case.outstanding.values() for line in lines}
    followed = [booking for booking in case.bookings if booking.id in there or wanted(case.order, booking)]
    lines = [line for one in followed for line in sold.lines(one)]
    found = sold.difference(lines, case.outstanding)
    drafts = _drafts(case, found.credited, found.added)
    if all(sold.total(draft.lines) > 0 for draft in drafts):
        return drafts
    # A discount by itself came or went: no document is for less than nothing, so all of it is said anew.
    return _drafts(case, case.outstanding, lines)


def _drafts(case: Case, credited: Mapping[uuid.UUID, list[SoldLine]], added: list[SoldLine]) -> list[Draft]:
    credits = [Draft(case, lines, credits=invoice_id) for invoice_id, lines in credited.items() if lines]
    return [*credits, Draft(case, added)] if added else credits


# --- finding


@reading
def _where(booking_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID] | None:
    found = db.session.execute(select(Booking.order_id, Booking.property_id).where(Booking.id == booking_id))
    row = found.one_or_none()
    return (row[0], row[1]) if row else None


def of_booking(booking_id: uuid.UUID) -> tuple[uuid.UUID, Seller]:
    """Its order, and who sells there. Raises BookingNotFound. Houses are global: read apart from what is regional."""
    found = _where(booking_id)
    if found is None:
        raise BookingNotFound
    order_id, property_id = found
    return order_id, _seller(property_id)


def _seller(property_id: uuid.UUID) -> Seller:
    seller = catalogue.find_seller(property_id)
    if seller is None:
        raise catalogue.PropertyNotFound
    return seller


@reading
def _find(invoice_id: uuid.UUID) -> Invoice | None:
    return db.session.get(Invoice, invoice_id)
