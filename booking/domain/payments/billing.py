"""Whom the invoices of an order are made out to: a company and its address, where the guest's name is not enough."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from booking.domain.payments.billing_models import OrderBilling
from booking.infra.clock import sql_now
from booking.infra.db import ask, db
from booking.infra.prepared import often


@dataclass(frozen=True, slots=True)
class Billing:
    """Each is None where nothing was said."""

    name: str | None = None
    company: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    vat_number: str | None = None


FIELDS = tuple(Billing.__dataclass_fields__)


_SAID = often(
    select(OrderBilling.order_id, *(getattr(OrderBilling, name) for name in FIELDS)).where(
        OrderBilling.order_id == any_(bindparam("orders", type_=ARRAY(Uuid)))
    )
)


def of(order_id: uuid.UUID) -> Billing:
    """What the order says; nothing where nobody has said anything."""
    return of_many([order_id]).get(order_id, Billing())


def of_many(order_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Billing]:
    """What each of them says, without those that say nothing."""
    return {row[0]: Billing(*row[1:]) for row in ask(_SAID, orders=list(order_ids))}


def write(order_id: uuid.UUID, said: Billing) -> None:
    """In place of what it said, inside the caller's transaction, which has locked the order."""
    if said == Billing():
        forget([order_id])
        return
    new = asdict(said) | {"updated_at": sql_now()}
    put = insert(OrderBilling).values(order_id=order_id, **new)
    db.session.execute(put.on_conflict_do_update(index_elements=["order_id"], set_=new))


def forget(order_ids: Collection[uuid.UUID]) -> None:
    """Of these orders, inside the caller's transaction; invoices keep what was said when they were issued."""
    db.session.execute(delete(OrderBilling).where(OrderBilling.order_id.in_(order_ids)))
