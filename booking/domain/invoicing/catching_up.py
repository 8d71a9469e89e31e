"""The worker follows what was sold: every order that is marked gets the documents that it lacks.

A trigger of the bookings marks it, in the transaction that sells, changes or cancels (migration 0065). What cannot be
done now is tried again, later each time, and keeps nobody else waiting.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select, update

from booking.domain import catalogue, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.invoicing import issuing
from booking.domain.invoicing.issuing import InvoiceTerms
from booking.domain.invoicing.models import InvoiceBuyer, InvoicesDue
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, Unavailable, db, reading, transaction
from booking.infra.redaction import masked
from booking.infra.telemetry import log

FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=5), dt.timedelta(minutes=15)


def catch_up(actor: Actor, terms: InvoiceTerms, limit: int, is_over: Callable[[], bool] = lambda: False) -> int:
    """Settle at most `limit` orders that are due, until `is_over`. Returns how many there were. Raises Forbidden."""
    people.require(actor, Action.ISSUE_INVOICES, otherwise=Forbidden)
    waiting = _due(limit)
    for order_id, property_id in waiting:
        if is_over():
            break
        _settle(actor, order_id, property_id, terms)
    return len(waiting)


def _settle(actor: Actor, order_id: uuid.UUID, property_id: uuid.UUID | None, terms: InvoiceTerms) -> None:
    try:
        seller = property_id and catalogue.find_seller(property_id)
        if seller:
            issuing.settle_order(actor, order_id, seller, terms)
        else:
            _forget(order_id)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 whatever it is, this order waits and the next one goes on
        log.warning("invoices_failed", order_id=str(order_id), error=type(error).__name__, exc_info=True)
        _put_off(order_id, masked(f"{type(error).__name__}: {error}")[:1000])


@reading
def _due(limit: int) -> Sequence[tuple[uuid.UUID, uuid.UUID | None]]:
    """The longest waiting first, with their properties; None where the order is gone."""
    known = select(InvoicesDue.order_id, Order.property_id).outerjoin(Order, Order.id == InvoicesDue.order_id)
    ready = known.where(InvoicesDue.next_at <= sql_now()).order_by(InvoicesDue.next_at).limit(limit)
    return [(row[0], row[1]) for row in db.session.execute(ready)]


@transaction(isolation=READ_COMMITTED)
def _forget(order_id: uuid.UUID) -> None:
    db.session.execute(delete(InvoicesDue).where(InvoicesDue.order_id == order_id))


@transaction(isolation=READ_COMMITTED)
def prune_buyers(limit: int) -> int:
    """Forget whom at most `limit` invoices are for that the books need not name any more. Returns how many."""
    past = select(InvoiceBuyer.invoice_id).where(InvoiceBuyer.kept_until < func.current_date()).limit(limit)
    gone = delete(InvoiceBuyer).where(InvoiceBuyer.invoice_id.in_(past.scalar_subquery()))
    return len(db.session.scalars(gone.returning(InvoiceBuyer.invoice_id)).all())


@transaction(isolation=READ_COMMITTED)
def _put_off(order_id: uuid.UUID, error: str) -> None:
    pause = func.least(LONGEST_PAUSE, FIRST_PAUSE * func.power(2, func.least(InvoicesDue.attempts, 10)))
    later = {"attempts": InvoicesDue.attempts + 1, "error": error, "next_at": sql_now() + pause}
    db.session.execute(update(InvoicesDue).where(InvoicesDue.order_id == order_id).values(**later))
