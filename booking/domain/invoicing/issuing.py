"""Invoices and credit notes are issued: what was sold and what the documents say are brought together.

settle() is what the worker does of every order that a trigger has marked: it locks the order, compares, issues what is
missing, and takes the mark away, all at once. What is sold no more is taken back by a credit note that names its
invoice; what is sold in its place is invoiced anew. So a document never changes, and the sum of all is what the order
owes. Numbers are given by the database, in the same transaction (migration 0065).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from booking.domain import catalogue, money, payments, people
from booking.domain.actors import Actor, ActorKind
from booking.domain.catalogue import Seller
from booking.domain.errors import BookingNotFound, OrderNotFound
from booking.domain.invoicing import issuers, sold
from booking.domain.invoicing.errors import CreditedAlready, InvoiceNotFound, NothingToInvoice
from booking.domain.invoicing.models import CREDIT_NOTE, INVOICE, Invoice, InvoiceBuyer, InvoiceLine, InvoicesDue
from booking.domain.invoicing.sold import SoldLine
from booking.domain.payments import Order, Payment
from booking.domain.people import Action, User
from booking.domain.reservations import Booking
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode, new_id

LONGEST_ACTOR = 255


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """Of this copy: its region, and for how many years after the one of an invoice its buyer's name is kept."""

    region: str
    years: int = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One order with everything that its documents are made of, locked."""

    actor: Actor
    order: Order
    bookings: Sequence[Booking]
    outstanding: dict[uuid.UUID, list[SoldLine]]
    seller: Seller
    terms: InvoiceTerms


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

    def is_due(order: Order, booking: Booking) -> bool:
        """Whoever sold it elsewhere has invoiced it there."""
        return order.channel != payments.IMPORT and sold.is_due(booking, seller.invoice_at)

    return _settle(actor, order_id, seller, terms, is_due)


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
    case = case_of(actor, order_id, seller, terms)
    # The order is locked: whoever marks it from now on tells of what comes after this.
    db.session.execute(delete(InvoicesDue).where(InvoicesDue.order_id == order_id))
    return _issue_missing(case, wanted)


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
    case = case_of(actor, known.order_id, seller, terms)
    taken_back = case.outstanding.get(known.id)
    if not taken_back:
        raise CreditedAlready
    return issue_anew(case, {known.id: taken_back}, reason)


def issue_anew(case: Case, taken_back: dict[uuid.UUID, list[SoldLine]], reason: str | None) -> list[Invoice]:
    """Inside the caller's transaction: credit notes of these lines, and what is sold of them invoiced once more."""
    there = {line.booking_id for lines in case.outstanding.values() for line in lines}
    credits = [_credit(case, invoice_id, lines, reason) for invoice_id, lines in taken_back.items()]
    for invoice_id in taken_back:
        case.outstanding[invoice_id] = []
    return credits + _issue_missing(case, lambda _, booking: booking.id in there)


# --- one order


def case_of(actor: Actor, order_id: uuid.UUID, seller: Seller, terms: InvoiceTerms) -> Case:
    """Inside the caller's transaction, which has asked whether the actor may.

    Whoever changes a booking of the order, or issues documents of it, waits, or is seen: its row is locked.
    """
    order = payments.lock_order(order_id)
    of_order = select(Booking).where(Booking.order_id == order_id).order_by(Booking.reference)
    bookings = db.session.scalars(of_order).all()
    return Case(actor, order, bookings, outstanding(order_id), seller, terms)


def outstanding(order_id: uuid.UUID) -> dict[uuid.UUID, list[SoldLine]]:
    """By invoice, the oldest first: its lines that no credit note has taken back. Inside the caller's transaction."""
    known = select(Invoice.id, Invoice.credits_id, InvoiceLine).join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    rows = db.session.execute(known.where(Invoice.order_id == order_id).order_by(Invoice.id, InvoiceLine.position))
    standing: dict[uuid.UUID, list[SoldLine]] = {}
    for invoice_id, credits_id, kept in rows:
        line = sold.line_of(kept.booking_id, kept.line, kept.currency)
        if credits_id:
            standing[credits_id].remove(line)
        else:
            standing.setdefault(invoice_id, []).append(line)
    return standing


def _issue_missing(case: Case, wanted: Callable[[Order, Booking], bool]) -> list[Invoice]:
    """What stands of a booking is followed; the first invoice of one is issued where it is `wanted`."""
    there = {line.booking_id for lines in case.outstanding.values() for line in lines}
    followed = [booking for booking in case.bookings if booking.id in there or wanted(case.order, booking)]
    found = sold.difference((line for one in followed for line in sold.lines(one)), case.outstanding)
    done = [_credit(case, invoice_id, lines, None) for invoice_id, lines in found.credited.items()]
    return [*done, _write(case, INVOICE, found.added)] if found.added else done


def _credit(case: Case, invoice_id: uuid.UUID, lines: Sequence[SoldLine], reason: str | None) -> Invoice:
    """To whom the invoice was, and by whom: it takes back what that said."""
    credited = db.session.get_one(Invoice, invoice_id)
    return _write(case, CREDIT_NOTE, lines, credits=credited, reason=reason)


def _write(
    case: Case, kind: str, lines: Sequence[SoldLine], *, credits: Invoice | None = None, reason: str | None = None
) -> Invoice:
    """The number is the last thing that is asked for: until the commit, whoever issues in the same series waits."""
    order, issuer_id = case.order, credits.issuer_id if credits else issuers.of(case.seller)
    total, buyer = sold.total(lines), _buyer(case, credits)
    today = clock.today(case.bookings[0].time_zone)
    new = Invoice(id=new_id(), issuer_id=issuer_id, region=case.terms.region, year=today.year, kind=kind)
    new.credits_id, new.order_id, new.property_id = credits.id if credits else None, order.id, order.property_id
    new.issued_on, new.currency, new.locale, new.total = today, order.currency, order.locale, total
    new.due = Decimal(0) if credits else max(Decimal(0), min(order.due, total))
    new.paid = order.net_paid
    new.seller = credits.seller if credits else case.seller.as_json()
    new.stays, new.payments = _stays(case.bookings, lines), _payments(order, case.bookings[0].time_zone)
    new.reason, new.issued_by = reason, str(case.actor)[:LONGEST_ACTOR]
    kept_until = dt.date(today.year + case.terms.years, 12, 31)
    db.session.add(new)
    db.session.flush()
    db.session.add_all([*_rows(new, lines), InvoiceBuyer(invoice_id=new.id, kept_until=kept_until, **buyer)])
    db.session.flush()
    _audit(case.actor, new)
    return new


def _rows(new: Invoice, lines: Sequence[SoldLine]) -> list[InvoiceLine]:
    return [
        InvoiceLine(
            invoice_id=new.id,
            position=position,
            booking_id=line.booking_id,
            kind=line.kind,
            date=line.date,
            amount=line.amount,
            currency=new.currency,
            included=line.included,
            line=line.line,
        )
        for position, line in enumerate(lines, 1)
    ]


def _audit(actor: Actor, new: Invoice) -> None:
    """What a person has done; what follows from a sale by itself, the document says."""
    if actor.kind in (ActorKind.STAFF, ActorKind.PROGRAM) or actor.name.startswith("cli "):
        facts = {"reference": new.reference, **money.as_facts(new.total, new.currency)}
        action = "invoice.credited" if new.is_credit_note else "invoice.issued"
        people.audit(actor, action, encode("order", new.order_id), after=facts)


# --- what a document says


def _buyer(case: Case, credits: Invoice | None) -> dict[str, Any]:
    """As the order says it now; of a credit note, as its invoice had it."""
    if credits and (kept := db.session.get(InvoiceBuyer, credits.id)):
        return {name: getattr(kept, name) for name in payments.BILLING_FIELDS}
    return buyer_of(case.order)


def buyer_of(order: Order) -> dict[str, Any]:
    """The columns of a buyer, inside the caller's transaction; an empty name where nobody is known any more."""
    said = payments.billing_of(order.id)
    return {**asdict(said), "name": said.name or _guest(order)}


def _guest(order: Order) -> str:
    if order.contact_name:
        return order.contact_name
    alive = select(User.full_name).where(User.id == order.user_id, User.deleted_at.is_(None))
    return db.session.scalar(alive) or ""


def _stays(bookings: Sequence[Booking], lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    """The bookings that the lines are of."""
    named = {line.booking_id for line in lines}
    return [
        {
            "bookingId": encode("booking", one.id),
            "reference": one.reference,
            "room": one.room_name,
            "property": one.property_name,
            "checkIn": one.check_in.isoformat(),
            "checkOut": one.check_out.isoformat(),
            "guests": one.guests,
        }
        for one in bookings
        if one.id in named
    ]


def _payments(order: Order, time_zone: str) -> list[dict[str, Any]]:
    """What has moved of the order by now, in the order of time."""
    moved = select(Payment).where(Payment.order_id == order.id, Payment.state == payments.SUCCEEDED)
    return [
        {
            "kind": one.kind,
            "by": one.provider if one.provider in payments.BY_HAND else "card",
            "amount": money.as_text(one.amount, one.currency),
            "on": (one.value_date or one.updated_at.astimezone(ZoneInfo(time_zone)).date()).isoformat(),
        }
        for one in db.session.scalars(moved.order_by(Payment.id))
    ]


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
