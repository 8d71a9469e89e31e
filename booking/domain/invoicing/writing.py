"""Documents are written: several at once take as many statements as one. Their numbers are the database's."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Table, TextClause, Uuid, any_, bindparam, make_url, select, text

from booking.domain import money, payments, people
from booking.domain.actors import Actor, ActorKind
from booking.domain.invoicing import issuers, sold
from booking.domain.invoicing.cases import Case
from booking.domain.invoicing.models import CREDIT_NOTE, INVOICE, Invoice, InvoiceBuyer, InvoiceLine
from booking.domain.invoicing.sold import SoldLine
from booking.domain.payments import Order, Payment
from booking.domain.people import User
from booking.domain.reservations import Booking
from booking.domain.saved_rows import SavedRows
from booking.infra import clock
from booking.infra.db import db, defer, execute
from booking.infra.ids import encode, new_id
from booking.infra.prepared import often

LONGEST_ACTOR = 255


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document is to say; `credits` is the invoice whose lines it takes back, `reason` why."""

    case: Case
    lines: Sequence[SoldLine]
    credits: uuid.UUID | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the documents say beside their cases. By order, by invoice, and by property."""

    buyers: dict[uuid.UUID, dict[str, Any]]
    moved: dict[uuid.UUID, list[Any]]
    credited: dict[uuid.UUID, tuple[Invoice, InvoiceBuyer | None]]
    issuers: dict[uuid.UUID, int]


def write(drafts: Sequence[Draft]) -> list[Invoice]:
    """Inside the caller's transaction, which has locked the orders: the documents, in the order of their drafts.

    The numbers are the last thing that is asked for: until the commit, whoever issues in the same series waits.
    """
    if not drafts:
        return []
    facts = _facts(drafts)
    made = [(_document(draft, facts), draft) for draft in drafts]
    _number([new for new, _ in made])
    lines = [row for new, draft in made for row in _rows(new, draft.lines)]
    buyers = [
        {"invoice_id": new.id, "kept_until": dt.date(new.year + draft.case.terms.years, 12, 31), **_buyer(draft, facts)}
        for new, draft in made
    ]
    defer(_ADD_LINES, _columns(InvoiceLine, lines))
    defer(_ADD_BUYERS, _columns(InvoiceBuyer, buyers))
    for new, draft in made:
        _audit(draft.case.actor, new)
    return [new for new, _ in made]


def _facts(drafts: Sequence[Draft]) -> _Facts:
    orders = {draft.case.order.id: draft.case.order for draft in drafts}
    return _Facts(
        buyers=buyers_of(orders.values()),
        moved=_moved(orders),
        credited=_credited([draft.credits for draft in drafts if draft.credits]),
        issuers=issuers.of({draft.case.seller.property_id: draft.case.seller for draft in drafts if not draft.credits}),
    )


def _document(draft: Draft, facts: _Facts) -> Invoice:
    """A credit note is by whom its invoice was."""
    case, order = draft.case, draft.case.order
    credited = facts.credited[draft.credits][0] if draft.credits else None
    zone = case.bookings[0].time_zone
    today, total = clock.today(zone), sold.total(draft.lines)
    return _INVOICES.new(
        id=new_id(),
        issuer_id=credited.issuer_id if credited else facts.issuers[case.seller.property_id],
        region=case.terms.region,
        year=today.year,
        kind=CREDIT_NOTE if credited else INVOICE,
        credits_id=draft.credits,
        order_id=order.id,
        property_id=order.property_id,
        issued_on=today,
        currency=order.currency,
        total=total,
        paid=order.net_paid,
        due=Decimal(0) if credited else max(Decimal(0), min(order.due, total)),
        seller=credited.seller if credited else case.seller.as_json(),
        stays=_stays(case.bookings, draft.lines),
        payments=[_payment(row, zone) for row in facts.moved.get(order.id, ())],
        locale=order.locale,
        reason=draft.reason,
        issued_by=str(case.actor)[:LONGEST_ACTOR],
    )


def _number(made: Sequence[Invoice]) -> None:
    """They are added one series after the other, so that two who add to several wait for each other in one order."""
    in_order = sorted(made, key=lambda new: new.issuer_id)
    rows = execute(_ADD, _columns(Invoice, [new.__dict__ for new in in_order])).rows
    numbers = {row.id: row for row in rows}
    for new in made:
        new.number, new.reference = numbers[new.id].number, numbers[new.id].reference


def _rows(new: Invoice, lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    return [
        {
            "invoice_id": new.id,
            "position": position,
            "booking_id": line.booking_id,
            "kind": line.kind,
            "date": line.date,
            "amount": line.amount,
            "currency": new.currency,
            "included": line.included,
            "line": line.line,
        }
        for position, line in enumerate(lines, 1)
    ]


def _audit(actor: Actor, new: Invoice) -> None:
    """What a person has done; what follows from a sale by itself, the document says."""
    if actor.kind in (ActorKind.STAFF, ActorKind.PROGRAM) or actor.name.startswith("cli "):
        facts = {"reference": new.reference, **money.as_facts(new.total, new.currency)}
        action = "invoice.credited" if new.is_credit_note else "invoice.issued"
        people.audit(actor, action, encode("order", new.order_id), after=facts)


# --- what a document says


def _buyer(draft: Draft, facts: _Facts) -> dict[str, Any]:
    """As the order says it now; of a credit note, as its invoice had it."""
    kept = facts.credited[draft.credits][1] if draft.credits else None
    if kept:
        return {name: getattr(kept, name) for name in payments.BILLING_FIELDS}
    return facts.buyers[draft.case.order.id]


def buyers_of(orders: Collection[Order]) -> dict[uuid.UUID, dict[str, Any]]:
    """By order, the columns of its buyer; an empty name where nobody is known any more. In the caller's transaction."""
    said = payments.billing_of_orders([order.id for order in orders])
    names = _names({order.user_id for order in orders if order.user_id and not order.contact_name})
    buyers = {}
    for order in orders:
        billing = said.get(order.id, payments.Billing())
        guest = order.contact_name or (names.get(order.user_id, "") if order.user_id else "")
        buyers[order.id] = {**asdict(billing), "name": billing.name or guest}
    return buyers


def _names(user_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    if not user_ids:
        return {}
    return {row.id: row.full_name for row in execute(_ALIVE, {"users": list(user_ids)}).rows}


def _stays(bookings: Sequence[Booking], lines: Sequence[SoldLine]) -> list[dict[str, Any]]:
    """The bookings that the lines are of."""
    named = {line.booking_id for line in lines}
    return [
        {
            "bookingId": encode("booking", one.id),
            "reference": one.reference,
            "room": one.sold_name,
            "property": one.property_name,
            "checkIn": one.check_in.isoformat(),
            "checkOut": one.check_out.isoformat(),
            "guests": one.guests,
        }
        for one in bookings
        if one.id in named
    ]


def _moved(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Any]]:
    """By order, its payments that have moved by now, in the order of time."""
    found: dict[uuid.UUID, list[Any]] = {}
    for row in execute(_MOVED, {"orders": list(order_ids)}).rows:
        found.setdefault(row.order_id, []).append(row)
    return found


def _payment(row: Any, time_zone: str) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "by": row.provider if row.provider in payments.BY_HAND else "card",
        "amount": money.as_text(row.amount, row.currency),
        "on": (row.value_date or row.updated_at.astimezone(ZoneInfo(time_zone)).date()).isoformat(),
    }


def _credited(invoice_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Invoice, InvoiceBuyer | None]]:
    """With their buyers; None where whom it was for is forgotten."""
    if not invoice_ids:
        return {}
    known = select(Invoice, InvoiceBuyer).outerjoin(InvoiceBuyer, InvoiceBuyer.invoice_id == Invoice.id)
    return {row[0].id: (row[0], row[1]) for row in db.session.execute(known.where(Invoice.id.in_(invoice_ids)))}


# --- the statements, built once


_POSTGRES = make_url("postgresql+psycopg2://").get_dialect()()


def _added(table: Table, without: Collection[str] = (), returning: str = "") -> TextClause:
    """Rows of the table, in the order in which they are given: of each column a list."""
    columns = [column for column in table.c if column.name not in without]
    names = ", ".join(column.name for column in columns)
    kinds = {column.name: column.type.compile(_POSTGRES).split("(")[0] for column in columns}
    lists = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in kinds.items())
    written = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({lists}){returning}"  # noqa: S608 names of ours
    return often(text(written).bindparams(*(bindparam(one.name, type_=ARRAY(one.type)) for one in columns)))


_INVOICES = SavedRows(Invoice)
_BY_DATABASE = ("number", "reference", "created_at")
_ADD = _added(_INVOICES.table, without=_BY_DATABASE, returning=" RETURNING id, number, reference")
_ADD_LINES = _added(cast(Table, InvoiceLine.__table__))
_ADD_BUYERS = _added(cast(Table, InvoiceBuyer.__table__))
_ALIVE = often(
    select(User.id, User.full_name).where(
        User.id == any_(bindparam("users", type_=ARRAY(Uuid))), User.deleted_at.is_(None)
    )
)
_MOVED = often(
    select(
        Payment.order_id,
        Payment.kind,
        Payment.provider,
        Payment.amount,
        Payment.currency,
        Payment.value_date,
        Payment.updated_at,
    )
    .where(
        Payment.order_id == any_(bindparam("orders", type_=ARRAY(Uuid))),
        Payment.state == payments.SUCCEEDED,
    )
    .order_by(Payment.id)
)


def _columns(model: type[Invoice | InvoiceLine | InvoiceBuyer], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The lists of a statement of _added(); JSON goes in as text."""
    return {name: [_sent(row.get(name)) for row in rows] for name in model.__table__.c.keys()}  # noqa: SIM118 no mapping


def _sent(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value
