"""The worker follows what was sold: every order that is marked gets the documents that it lacks.

A trigger of the bookings marks it, in the transaction that sells, changes or cancels (migration 0065). What cannot be
done now is tried again, later each time, and keeps nobody else waiting.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Mapping

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, func, select, update

from booking.domain import catalogue, people
from booking.domain.actors import Actor
from booking.domain.catalogue import Seller
from booking.domain.errors import Forbidden
from booking.domain.invoicing import issuing
from booking.domain.invoicing.cases import InvoiceTerms
from booking.domain.invoicing.models import InvoiceBuyer, InvoicesDue
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.infra.clock import sql_now
from booking.infra.db import READ_COMMITTED, Unavailable, db, execute, fetch, transaction
from booking.infra.prepared import often
from booking.infra.redaction import masked
from booking.infra.telemetry import log

FIRST_PAUSE, LONGEST_PAUSE = dt.timedelta(seconds=5), dt.timedelta(minutes=15)


# The longest waiting first, with their properties; None where the order is gone.
_DUE = often(
    select(InvoicesDue.order_id, Order.property_id, InvoicesDue.attempts)
    .outerjoin(Order, Order.id == InvoicesDue.order_id)
    .where(InvoicesDue.next_at <= sql_now())
    .order_by(InvoicesDue.next_at)
    .limit(bindparam("limit"))
)
_FORGET = delete(InvoicesDue).where(InvoicesDue.order_id == any_(bindparam("orders", type_=ARRAY(Uuid))))


def catch_up(actor: Actor, terms: InvoiceTerms, limit: int, is_over: Callable[[], bool] = lambda: False) -> int:
    """Settle at most `limit` orders that are due, until `is_over`. Returns how many there were. Raises Forbidden.

    All at once, for they cost a tenth then of what they do one by one. By itself goes what somebody holds at that
    moment, what could not be settled before, and all of them where one of them cannot be.
    """
    people.require(actor, Action.ISSUE_INVOICES, otherwise=Forbidden)
    waiting = fetch(_DUE, limit=limit)
    stated = catalogue.find_sellers({row.property_id for row in waiting if row.property_id}) if waiting else {}
    sellers = {row.order_id: stated[row.property_id] for row in waiting if row.property_id in stated}
    _forget([row.order_id for row in waiting if row.order_id not in sellers])
    new = {row.order_id: sellers[row.order_id] for row in waiting if row.order_id in sellers and not row.attempts}
    settled = _settle_at_once(actor, new, terms)
    for order_id, seller in sellers.items():
        if is_over():
            break
        if order_id not in settled:
            _settle(actor, order_id, seller, terms)
    return len(waiting)


def _settle_at_once(actor: Actor, sellers: Mapping[uuid.UUID, Seller], terms: InvoiceTerms) -> Collection[uuid.UUID]:
    """Those that were settled: none where one of them cannot be."""
    if len(sellers) < 2:
        return ()
    try:
        return issuing.settle_free(actor, sellers, terms)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 which of them it was is told when each is settled by itself
        log.info("invoices_one_by_one", orders=len(sellers), error=type(error).__name__)
        return ()


def _settle(actor: Actor, order_id: uuid.UUID, seller: Seller, terms: InvoiceTerms) -> None:
    try:
        issuing.settle_order(actor, order_id, seller, terms)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001 whatever it is, this order waits and the next one goes on
        log.warning("invoices_failed", order_id=str(order_id), error=type(error).__name__, exc_info=True)
        _put_off(order_id, masked(f"{type(error).__name__}: {error}")[:1000])


def _forget(order_ids: Collection[uuid.UUID]) -> None:
    if order_ids:
        _forgotten(order_ids)


@transaction(isolation=READ_COMMITTED)
def _forgotten(order_ids: Collection[uuid.UUID]) -> None:
    execute(_FORGET, {"orders": list(order_ids)})


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
