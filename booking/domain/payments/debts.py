"""What is owed back. A debt is one refund, however many attempts it takes: one is under way or done at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from booking.domain.payments.models import CORRECTED, FAILED, LIVE, REFUND, Payment

_other, _correction = aliased(Payment), aliased(Payment)


def _debt(payment: Any) -> ColumnElement[Any]:
    """Attempts of an older version name none: theirs is their booking's."""
    return func.coalesce(payment.debt_id, payment.booking_id)


def _lives(payment: Any) -> ColumnElement[bool]:
    # Not by in_(): its values are known only when it is sent, and these statements are made once.
    return or_(*(payment.state == state for state in LIVE))


def _same_debt(one: Any, payment: Any) -> ColumnElement[bool]:
    # The booking is the same, too; by it the attempts are found.
    return and_(one.booking_id == payment.booking_id, one.kind == REFUND, _debt(one) == _debt(payment))


# A refund that was declined last, and no other attempt at it is under way or done: its guest still waits.
IS_OWED = and_(
    Payment.kind == REFUND,
    Payment.state == FAILED,
    Payment.failure.is_distinct_from(CORRECTED),
    ~exists().where(
        _same_debt(_other, Payment),
        or_(_lives(_other), and_(_other.state == FAILED, _other.id > Payment.id)),
    ),
)


def owed_among(attempts: Iterable[Payment]) -> list[Payment]:
    """IS_OWED of rows that are read already: all attempts of an order."""
    refunds = sorted((one for one in attempts if one.kind == REFUND), key=lambda one: one.id)
    last = {(one.booking_id, one.debt_id or one.booking_id): one for one in refunds if one.state in (FAILED, *LIVE)}
    settled = {(one.booking_id, one.debt_id or one.booking_id) for one in refunds if one.state in LIVE}
    return [one for debt, one in last.items() if debt not in settled and one.failure != CORRECTED]


# An entry made by hand that its opposite has taken back: together they moved nothing.
WAS_TAKEN_BACK = exists().where(_correction.corrects_id == Payment.id)


def others_of(refund: Payment) -> ColumnElement[bool]:
    """All other attempts at the same refund."""
    return and_(
        Payment.booking_id == refund.booking_id,
        Payment.kind == REFUND,
        _debt(Payment) == (refund.debt_id or refund.booking_id),
        Payment.id != refund.id,
    )


def declined_of(order_id: Any) -> ColumnElement[Any]:
    """What was declined on its way back to the guest of an order, and is still owed."""
    return _sum(Payment.order_id == order_id, IS_OWED)


def given_back_of(charge_id: Any) -> ColumnElement[Any]:
    """What of a charge went back, is on its way, or is owed."""
    counts = or_(_lives(Payment), IS_OWED)
    return _sum(Payment.charge_id == charge_id, Payment.kind == REFUND, counts, ~WAS_TAKEN_BACK)


def _sum(*which: ColumnElement[bool]) -> ColumnElement[Any]:
    return select(func.coalesce(func.sum(Payment.amount), 0)).where(*which).scalar_subquery()
