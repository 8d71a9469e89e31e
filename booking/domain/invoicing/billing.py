"""Whom the invoices of a booking's order are made out to: said by its guest or staff, before an invoice or after it.

An invoice never changes: one that was made out otherwise is credited, and issued anew.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import func, select

from booking.domain import payments, people
from booking.domain.actors import Actor, ActorKind
from booking.domain.errors import BookingNotFound
from booking.domain.inputs import Input, Name, plain, trimmed
from booking.domain.invoicing import cases, documents, issuing, writing
from booking.domain.invoicing.cases import InvoiceTerms
from booking.domain.invoicing.errors import CorrectedTooOften
from booking.domain.invoicing.models import Invoice, InvoiceBuyer
from booking.domain.payments import Billing, Order
from booking.domain.people import Action
from booking.domain.reservations import Booking, ContactErased
from booking.infra.db import READ_COMMITTED, db, reading, transaction
from booking.infra.ids import encode

MOST_CORRECTIONS = 5  # of one order, by its guest: each takes numbers of the books

_Short = Annotated[str, Field(max_length=64), AfterValidator(plain), AfterValidator(trimmed)]


class BillingDetails(Input):
    """Whole: what is left out is not on the invoice. Without a name it is the guest's."""

    billing_name: Name | None = None
    company: Name | None = None
    street: Name | None = None
    postal_code: Annotated[str, Field(max_length=32), AfterValidator(plain), AfterValidator(trimmed)] | None = None
    city: Name | None = None
    country: Annotated[str, Field(max_length=120), AfterValidator(plain), AfterValidator(trimmed)] | None = None
    vat_number: _Short | None = None

    @property
    def billing(self) -> Billing:
        address = self.street, self.postal_code, self.city, self.country
        return Billing(self.billing_name, self.company, *address, self.vat_number)


@reading
def of_booking(actor: Actor, booking_id: uuid.UUID) -> Billing:
    """As it is said now. Raises BookingNotFound."""
    booking = db.session.get(Booking, booking_id)
    if booking is None or not documents.may(actor, Action.CHANGE_BILLING, booking):
        raise BookingNotFound
    return payments.billing_of(booking.order_id)


def change(actor: Actor, booking_id: uuid.UUID, said: BillingDetails, terms: InvoiceTerms) -> list[Invoice]:
    """From now on invoices are made out so; those that were made out otherwise are credited and issued anew.

    Returns what was issued. Raises BookingNotFound, Forbidden, ContactErased, CorrectedTooOften.
    """
    order_id, seller = issuing.of_booking(booking_id)
    issuing.refuse_unless_may(actor, Action.CHANGE_BILLING, order_id)
    return _change(actor, issuing.Place(order_id, seller, terms), said.billing)


@transaction(isolation=READ_COMMITTED)
def _change(actor: Actor, place: issuing.Place, said: Billing) -> list[Invoice]:
    case = cases.of(actor, place.order_id, place.seller, place.terms)
    if case.order.contact_erased_at is not None:
        raise ContactErased
    if said == payments.billing_of(case.order.id):
        return []
    payments.write_billing(case.order.id, said)
    subject = encode("order", case.order.id)
    people.audit(actor, "billing.changed", subject)  # not what it says: that is somebody's
    other = _made_out_otherwise(case.order)
    wrong = {invoice_id: lines for invoice_id, lines in case.outstanding.items() if lines and invoice_id in other}
    if wrong:
        _refuse_too_many(actor, case.order.id)
    return issuing.issue_anew(case, wrong, None) if wrong else []


def _made_out_otherwise(order: Order) -> set[uuid.UUID]:
    """Invoices of the order that name another buyer than it says now."""
    now = writing.buyers_of([order])[order.id]
    kept = select(InvoiceBuyer).join(Invoice, Invoice.id == InvoiceBuyer.invoice_id)
    buyers = db.session.scalars(kept.where(Invoice.order_id == order.id))
    return {one.invoice_id for one in buyers if any(getattr(one, name) != now[name] for name in now)}


def _refuse_too_many(actor: Actor, order_id: uuid.UUID) -> None:
    if actor.kind is ActorKind.STAFF or actor.name.startswith("cli "):
        return
    done = select(func.count()).where(Invoice.order_id == order_id, Invoice.issued_by == str(actor))
    if (db.session.scalar(done.where(Invoice.credits_id.is_not(None))) or 0) >= MOST_CORRECTIONS:
        raise CorrectedTooOften(most=MOST_CORRECTIONS)
