"""Emails are kept as they were sent, in the statement that says that they were."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    column,
    delete,
    literal,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from booking.domain.messages.models import DONE, RUNNING, Delivery, Event
from booking.domain.messages.outbox import Task
from booking.domain.messages.sent_models import SentEmail
from booking.infra.clock import sql_now
from booking.infra.db import AUTOCOMMIT, db, execute, transaction
from booking.infra.prepared import often


@dataclass(frozen=True, slots=True)
class EmailText:
    """An email as it was composed, without links that open something. `to_key` is by what an address is somebody's."""

    kind: str
    booking_id: uuid.UUID | None
    to_address: str
    to_key: str
    subject: str
    text: str


@transaction(isolation=AUTOCOMMIT)
def finish_sent(task: Task, email: EmailText) -> None:
    """The mail server has taken it: the work is done, and the email is kept, unless its reader was erased meanwhile."""
    claim = {"consumer": task.consumer, "attempts": task.attempts}
    execute(_FINISH_SENT, _values(task, email) | claim)


@transaction(isolation=AUTOCOMMIT)
def keep(task: Task, email: EmailText) -> None:
    """It was composed, and has not been sent so far."""
    execute(_KEEP, _values(task, email))


def forget(booking_ids: Collection[uuid.UUID], to_keys: Collection[str] = ()) -> None:
    """Inside the caller's transaction: emails about these bookings and to these addresses, whose reader is erased."""
    gone = delete(SentEmail).where(or_(SentEmail.booking_id.in_(booking_ids), SentEmail.to_key.in_(to_keys)))
    db.session.execute(gone.execution_options(synchronize_session=False))


def _values(task: Task, email: EmailText) -> dict[str, Any]:
    return {
        "event": task.event_id,
        "kind": email.kind,
        "booking": email.booking_id,
        "to_address": email.to_address,
        "to_key": email.to_key,
        "subject": email.subject,
        "body": email.text,
    }


_SENT, _DELIVERIES, _EVENTS = (cast(Table, one.__table__) for one in (SentEmail, Delivery, Event))
# Whose email it is, by tables of subjects that stand above us.
_BOOKINGS = table("bookings", column("id"), column("property_id"), column("order_id"), column("user_id"))
_ORDERS = table("orders", column("id"), column("contact_erased_at"))
_USERS = table("users", column("id"), column("deleted_at"))
_COLUMNS = ("event_id", "kind", "booking_id", "property_id", "to_address", "to_key", "subject", "text", "sent_at")


def _told(event: FromClause, key: ColumnElement[Any], sent_at: Any) -> Select[Any]:
    """The row of the email; none where its reader was erased."""
    texts = {name: bindparam(name, type_=Text) for name in ("kind", "to_address", "to_key", "subject", "body")}
    about = event.outerjoin(_BOOKINGS, _BOOKINGS.c.id == bindparam("booking", type_=Uuid))
    about = about.outerjoin(_ORDERS, _ORDERS.c.id == _BOOKINGS.c.order_id)
    about = about.outerjoin(_USERS, _USERS.c.id == _BOOKINGS.c.user_id)
    return (
        select(
            key,
            texts["kind"],
            _BOOKINGS.c.id,
            _BOOKINGS.c.property_id,
            *(texts[name] for name in ("to_address", "to_key", "subject", "body")),
            sent_at,
        )
        .select_from(about)
        .where(_ORDERS.c.contact_erased_at.is_(None), _USERS.c.deleted_at.is_(None))
    )


def _kept(rows: Select[Any]) -> Any:
    """Composed anew, it takes the place of what was composed before."""
    new = insert(_SENT).from_select(list(_COLUMNS), rows, include_defaults=False)
    changed = {name: new.excluded[name] for name in ("to_address", "to_key", "subject", "text", "sent_at")}
    return new.on_conflict_do_update(index_elements=["event_id"], set_=changed)


# A claim that ran out may be somebody else's by now; the number of attempts tells them apart.
_DONE = (
    update(_DELIVERIES)
    .where(
        _DELIVERIES.c.event_id == bindparam("event"),
        _DELIVERIES.c.consumer == bindparam("consumer"),
        _DELIVERIES.c.attempts == bindparam("attempts"),
        _DELIVERIES.c.state == RUNNING,
    )
    .values(state=DONE, error=None)
    .returning(_DELIVERIES.c.event_id)
    .cte("done")
)
_FINISH_SENT = often(_kept(_told(_DONE, _DONE.c.event_id, sql_now())))
_KEEP = _kept(
    _told(_EVENTS, _EVENTS.c.id, literal(None, DateTime(timezone=True))).where(_EVENTS.c.id == bindparam("event"))
)
