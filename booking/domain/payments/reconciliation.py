"""What a provider's report says beside our ledger: each difference by its name, and the sums. Nothing is written."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select

from booking.domain import people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden
from booking.domain.payments import provider_reports as reports
from booking.domain.payments.models import CHARGE, DISPUTE_WON, REFUND, SUCCEEDED, Dispute, Order, Payment
from booking.domain.payments.provider_reports import ReportRow
from booking.domain.people import Action
from booking.infra.db import db, reading

PROVIDER = "stripe"
AT_ONCE = 1_000  # references that one statement asks for
NO_PAYMENT, NO_REFUND, NO_DISPUTE = "no_payment", "no_refund", "no_dispute"  # there, and not here
NOT_REPORTED = "not_reported"  # here, and not there
OTHER_AMOUNT, OTHER_STATE, TWICE, OTHER_NET = "other_amount", "other_state", "twice", "other_net"
DIFFERENCES = (NO_PAYMENT, NO_REFUND, NO_DISPUTE, NOT_REPORTED, OTHER_AMOUNT, OTHER_STATE, TWICE, OTHER_NET)


@dataclass(frozen=True, slots=True)
class Difference:
    """`reference` is the provider's; amounts are what is `here` and `there`, None where it is not; `line` of the file.

    `state` is ours, where that is what differs.
    """

    kind: str
    reference: str
    at: dt.datetime
    here: Decimal | None
    there: Decimal | None
    currency: str
    line: int | None = None
    payment_id: uuid.UUID | None = None
    booking_id: uuid.UUID | None = None
    order: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ReportSum:
    """Of one category of rows, in the currency that is settled in."""

    category: str
    currency: str
    rows: int
    gross: Decimal
    fee: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class PayoutSum:
    """What the rows of one payout come to; `paid` is the payout itself, where it stands in the file."""

    reference: str
    currency: str
    rows: int
    net: Decimal
    paid: Decimal | None

    @property
    def agrees(self) -> bool:
        return self.paid is None or self.paid == self.net


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Of a report between these instants: so many of its rows have their like here."""

    first: dt.datetime
    last: dt.datetime
    rows: int
    matched: int
    sums: tuple[ReportSum, ...]
    payouts: tuple[PayoutSum, ...]
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        return not self.differences and all(one.agrees for one in self.payouts)


@dataclass(frozen=True, slots=True)
class _Kept:
    payment: Payment
    order: str


def reconcile(actor: Actor, text: str) -> Reconciliation:
    """A report, held against what we have. Raises Forbidden, NoPayoutReport."""
    require(actor)
    return _reconciled(reports.read(text))


def require(actor: Actor) -> None:
    """An account is of all properties: so is whoever compares it. Raises Forbidden."""
    people.require(actor, Action.SEE_PAYMENTS, otherwise=Forbidden)


@reading
def _reconciled(rows: Sequence[ReportRow]) -> Reconciliation:
    known, disputes = _payments(rows), _disputes(rows)
    found: list[Difference] = []
    matched = 0
    seen: Counter[uuid.UUID] = Counter()
    for row in rows:
        differences = list(_of_row(row, known, disputes, seen))
        matched += row.category in _WAYS and not differences
        found += differences
    found += _not_reported(rows, set(seen))
    times = [row.at for row in rows]
    order = sorted(found, key=lambda one: (DIFFERENCES.index(one.kind), one.at, one.reference))
    return Reconciliation(min(times), max(times), len(rows), matched, _sums(rows), _payouts(rows), tuple(order))


# --- row by row


def _of_row(
    row: ReportRow, known: dict[str, _Kept], disputes: dict[str, Dispute], seen: Counter[uuid.UUID]
) -> Iterator[Difference]:
    if row.gross - row.fee != row.net:
        yield _difference(OTHER_NET, row, here=row.gross - row.fee, there=row.net, currency=row.settled_in)
    if row.category in (reports.DISPUTE, reports.DISPUTE_WON):
        yield from _of_dispute(row, disputes.get(row.source))
    elif way := _WAYS.get(row.category):
        yield from way(row, known, seen)


def _of_charge(row: ReportRow, known: dict[str, _Kept], seen: Counter[uuid.UUID]) -> Iterator[Difference]:
    kept = _charge_of(row, known)
    if kept is None:
        yield _difference(NO_PAYMENT, row)
        return
    seen[kept.payment.id] += 1
    if seen[kept.payment.id] > 1:
        yield _difference(TWICE, row, kept)
    yield from _compared(row, kept)


def _of_failed_charge(row: ReportRow, known: dict[str, _Kept], _: Counter[uuid.UUID]) -> Iterator[Difference]:
    """It was taken back at the provider: here it should not count as paid."""
    kept = _charge_of(row, known)
    if kept is None or kept.payment.state == SUCCEEDED:
        yield _difference(OTHER_STATE if kept else NO_PAYMENT, row, kept)


def _of_refund(row: ReportRow, known: dict[str, _Kept], _: Counter[uuid.UUID]) -> Iterator[Difference]:
    kept = known.get(row.source.lower())
    if kept is None or kept.payment.kind != REFUND:
        yield _difference(NO_REFUND, row)
        return
    yield from _compared(row, kept)


def _of_failed_refund(row: ReportRow, known: dict[str, _Kept], _: Counter[uuid.UUID]) -> Iterator[Difference]:
    kept = known.get(row.source.lower())
    if kept and kept.payment.state == SUCCEEDED:
        yield _difference(OTHER_STATE, row, kept)


def _of_dispute(row: ReportRow, kept: Dispute | None) -> Iterator[Difference]:
    if kept is None:
        yield _difference(NO_DISPUTE, row)
        return
    about: dict[str, Any] = {"payment_id": kept.payment_id, "state": kept.state}
    if (kept.amount, kept.currency) != (row.amount, row.currency):
        yield _difference(OTHER_AMOUNT, row, here=kept.amount, **about)
    elif row.category == reports.DISPUTE_WON and kept.state != DISPUTE_WON:
        yield _difference(OTHER_STATE, row, here=kept.amount, **about)


def _compared(row: ReportRow, kept: _Kept) -> Iterator[Difference]:
    if (kept.payment.amount, kept.payment.currency) != (row.amount, row.currency):
        yield _difference(OTHER_AMOUNT, row, kept)
    elif kept.payment.state != SUCCEEDED:
        yield _difference(OTHER_STATE, row, kept)


_Way = Callable[[ReportRow, dict[str, _Kept], Counter[uuid.UUID]], Iterator[Difference]]
_WAYS: dict[str, _Way] = {
    reports.CHARGE: _of_charge,
    reports.CHARGE_FAILED: _of_failed_charge,
    reports.REFUND: _of_refund,
    reports.REFUND_FAILED: _of_failed_refund,
}


def _charge_of(row: ReportRow, known: dict[str, _Kept]) -> _Kept | None:
    kept = known.get(str(row.payment)) or known.get(row.intent.lower())
    return kept if kept and kept.payment.kind == CHARGE else None


def _difference(
    kind: str,
    row: ReportRow,
    kept: _Kept | None = None,
    *,
    here: Decimal | None = None,
    there: Decimal | None = None,
    currency: str = "",
    payment_id: uuid.UUID | None = None,
    state: str = "",
) -> Difference:
    mine = kept.payment if kept else None
    return Difference(
        kind,
        row.source or row.intent or row.id,
        row.at,
        mine.amount if mine else here,
        row.amount if there is None else there,
        currency or row.currency,
        row.line,
        mine.id if mine else payment_id,
        mine.booking_id if mine else None,
        kept.order if kept else "",
        mine.state if mine else state,
    )


# --- what we have


def _payments(rows: Sequence[ReportRow]) -> dict[str, _Kept]:
    """By their references at the provider in small letters, and by their ids."""
    references = {text.lower() for row in rows for text in (row.source, row.intent) if text}
    ids = {row.payment for row in rows if row.payment}
    found: dict[str, _Kept] = {}
    for some in _portions(references):
        found |= _kept(func.lower(Payment.provider_reference).in_(some))
    for some_ids in _portions(ids):
        found |= _kept(Payment.id.in_(some_ids))
    return found


def _kept(which: ColumnElement[bool]) -> dict[str, _Kept]:
    own = select(Payment, Order.reference).join(Order, Order.id == Payment.order_id)
    rows = db.session.execute(own.where(Payment.provider == PROVIDER, which)).all()
    found: dict[str, _Kept] = {}
    for payment, order in rows:
        kept = found[str(payment.id)] = _Kept(payment, order)
        if payment.provider_reference:
            found[payment.provider_reference.lower()] = kept
    return found


def _disputes(rows: Sequence[ReportRow]) -> dict[str, Dispute]:
    references = {row.source for row in rows if row.category in (reports.DISPUTE, reports.DISPUTE_WON)}
    found: dict[str, Dispute] = {}
    for some in _portions(references):
        kept = db.session.scalars(select(Dispute).where(Dispute.reference.in_(some)))
        found |= {one.reference: one for one in kept}
    return found


def _not_reported(rows: Sequence[ReportRow], seen: set[uuid.UUID]) -> Iterator[Difference]:
    """Charges of the time between the first and the last one that the report has, and that it does not have."""
    times = [row.at for row in rows if row.category == reports.CHARGE]
    if not times:
        return
    own = select(Payment, Order.reference).join(Order, Order.id == Payment.order_id)
    charged = Payment.provider == PROVIDER, Payment.kind == CHARGE, Payment.state == SUCCEEDED
    within = Payment.created_at.between(min(times), max(times))
    for payment, order in db.session.execute(own.where(*charged, within)).all():
        if payment.id not in seen:
            about = payment.provider_reference or "", payment.created_at, payment.amount, None, payment.currency
            ours: dict[str, Any] = {"payment_id": payment.id, "booking_id": payment.booking_id, "order": order}
            yield Difference(NOT_REPORTED, *about, **ours, state=payment.state)


Known = TypeVar("Known")


def _portions(values: set[Known]) -> Iterator[list[Known]]:
    left = list(values)
    for first in range(0, len(left), AT_ONCE):
        yield left[first : first + AT_ONCE]


# --- sums


def _sums(rows: Iterable[ReportRow]) -> tuple[ReportSum, ...]:
    groups: dict[tuple[str, str], list[ReportRow]] = defaultdict(list)
    for row in rows:
        groups[row.settled_in, row.category].append(row)
    return tuple(
        ReportSum(category, currency, len(some), *(_total(some, name) for name in ("gross", "fee", "net")))
        for (currency, category), some in sorted(groups.items())
    )


def _payouts(rows: Iterable[ReportRow]) -> tuple[PayoutSum, ...]:
    groups: dict[tuple[str, str], list[ReportRow]] = defaultdict(list)
    paid: dict[str, Decimal] = {}
    for row in rows:
        if row.category == reports.PAYOUT:
            paid[row.source] = -row.net
        elif row.payout:
            groups[row.payout, row.settled_in].append(row)
    return tuple(
        PayoutSum(reference, currency, len(some), _total(some, "net"), paid.get(reference))
        for (reference, currency), some in sorted(groups.items())
    )


def _total(rows: Iterable[ReportRow], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), Decimal(0))
