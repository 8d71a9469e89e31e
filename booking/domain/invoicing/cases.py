"""Orders with everything that their documents are made of, locked: what is sold of each, and what was said of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, select

from booking.domain import payments, reservations
from booking.domain.actors import Actor
from booking.domain.catalogue import Seller
from booking.domain.invoicing import sold
from booking.domain.invoicing.models import Invoice, InvoiceLine, InvoicesDue
from booking.domain.invoicing.sold import SoldLine
from booking.domain.payments import ORDER_ROWS, Order
from booking.domain.reservations import Booking
from booking.infra.db import defer, execute
from booking.infra.prepared import often


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """Of this copy: its region, and for how many years after the one of an invoice its buyer's name is kept."""

    region: str
    years: int = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One order, locked. `outstanding`: by invoice, the oldest first, its lines that no credit note has taken back."""

    actor: Actor
    order: Order
    bookings: Sequence[Booking]
    outstanding: dict[uuid.UUID, list[SoldLine]]
    seller: Seller
    terms: InvoiceTerms


_ORDERS = bindparam("orders", type_=ARRAY(Uuid))
_FREE = often(
    select(ORDER_ROWS.table)
    .join(InvoicesDue, InvoicesDue.order_id == ORDER_ROWS.table.c.id)
    .where(ORDER_ROWS.table.c.id == any_(_ORDERS))
    .order_by(ORDER_ROWS.table.c.id)
    .with_for_update(skip_locked=True)
)
_LOOKED_AT = often(delete(InvoicesDue).where(InvoicesDue.order_id == any_(_ORDERS)))
_SAID = often(
    select(
        Invoice.order_id,
        Invoice.id,
        Invoice.credits_id,
        InvoiceLine.booking_id,
        InvoiceLine.line,
        InvoiceLine.currency,
    )
    .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
    .where(Invoice.order_id == any_(_ORDERS))
    .order_by(Invoice.id, InvoiceLine.position)
)


def of(actor: Actor, order_id: uuid.UUID, seller: Seller, terms: InvoiceTerms, *, looked_at: bool = False) -> Case:
    """Inside the caller's transaction, which has asked whether the actor may. `looked_at`: its mark is taken away.

    Whoever changes a booking of the order, or issues documents of it, waits, or is seen: its row is locked.
    """
    [case] = _cases(actor, [payments.lock_order(order_id)], {order_id: seller}, terms, looked_at=looked_at)
    return case


def free(actor: Actor, sellers: Mapping[uuid.UUID, Seller], terms: InvoiceTerms) -> list[Case]:
    """Those of these marked orders that nobody else holds now, their marks taken away. Waits for nobody.

    So an order that somebody changes neither keeps the others waiting, nor do several wait for each other.
    """
    rows = execute(_FREE, {"orders": list(sellers)}).rows
    return _cases(actor, [ORDER_ROWS.read(row) for row in rows], sellers, terms, looked_at=True) if rows else []


def _cases(
    actor: Actor, orders: Sequence[Order], sellers: Mapping[uuid.UUID, Seller], terms: InvoiceTerms, *, looked_at: bool
) -> list[Case]:
    ids = [order.id for order in orders]
    if looked_at:
        # Before the bookings are read: whoever marks them from now on tells of what comes after this.
        defer(_LOOKED_AT, {"orders": ids})
    bookings, said = reservations.bookings_of_orders(ids), _outstanding(ids)
    return [Case(actor, one, bookings.get(one.id, []), said[one.id], sellers[one.id], terms) for one in orders]


def _outstanding(order_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[uuid.UUID, list[SoldLine]]]:
    standing: dict[uuid.UUID, dict[uuid.UUID, list[SoldLine]]] = {order_id: {} for order_id in order_ids}
    for row in execute(_SAID, {"orders": order_ids}).rows:
        line, invoices = sold.line_of(row.booking_id, row.line, row.currency), standing[row.order_id]
        if row.credits_id:
            invoices[row.credits_id].remove(line)
        else:
            invoices.setdefault(row.id, []).append(line)
    return standing
