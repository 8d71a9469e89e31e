"""Stays of which a deposit is paid at once, and the rest by a day before check-in. It is frozen with the policy."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from booking.domain import payments, pricing
from booking.domain.payments import DEPOSIT, FOR_STAY, DepositPlan, Due
from booking.domain.pricing import Quote
from booking.domain.reservations import lines
from booking.domain.reservations.models import Booking, Lines
from booking.domain.stays import Stay
from booking.infra import clock


def frozen(
    policy: dict[str, Any], plan: DepositPlan | None, stay: Stay, price: Quote, now: dt.datetime
) -> dict[str, Any]:
    """The policy with the deposit; as it is where all is paid at once, or the rest would be due by now."""
    if plan is None:
        return policy
    due_at = pricing.check_in_instant(policy, stay.check_in - dt.timedelta(days=plan.balance_days))
    amount = plan.deposit_of(price.total, price.currency)
    if due_at <= now or not 0 < amount < price.total:
        return policy
    return {**policy, "deposit": {"amount": str(amount), "balanceDueAt": due_at.isoformat()}}


def plan(bookings: Lines) -> None:
    """Write the steps of their order, inside the transaction that makes both."""
    if deposit := lines.first(bookings).policy.get("deposit"):
        due, due_at = due_now(bookings), dt.datetime.fromisoformat(deposit["balanceDueAt"])
        payments.plan_payments(due.order_id, due.amount, due.currency, due_at)


def follow(booking: Booking, check_in: dt.date, policy: dict[str, Any]) -> None:
    """A stay that begins earlier has its rest due as much earlier, in the `policy` and in the plan of its order.

    Inside the transaction that changes the booking; one that begins later keeps the day.
    """
    deposit = policy.get("deposit")
    if deposit is None or check_in >= booking.check_in:
        return
    due_at = dt.datetime.fromisoformat(deposit["balanceDueAt"]) - (booking.check_in - check_in)
    policy["deposit"] = {**deposit, "balanceDueAt": due_at.isoformat()}
    payments.advance_balance(booking.order_id, due_at)


def due_now(held: Lines) -> Due:
    """What holds of one order are confirmed for: their deposits, or their prices."""
    first, amounts = lines.first(held), [_due_now(booking) for booking in held]
    purpose = DEPOSIT if "deposit" in first.policy else FOR_STAY
    return Due(first.order_id, first.id, sum(amounts, Decimal(0)), first.currency, purpose)


def _due_now(booking: Booking) -> Decimal:
    deposit = booking.policy.get("deposit")
    return Decimal(deposit["amount"]) if deposit else booking.total_price


def charged_at(booking: Booking) -> dt.datetime | None:
    """When the rest is charged, in the property's zone; None where that is over, or there was no deposit."""
    deposit = booking.policy.get("deposit")
    due_at = (
        dt.datetime.fromisoformat(deposit["balanceDueAt"]).astimezone(ZoneInfo(booking.time_zone)) if deposit else None
    )
    return due_at if due_at and due_at > clock.now() else None
