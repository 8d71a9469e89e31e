"""Stays of which a deposit is paid at once, and the rest by a day before check-in. It is frozen with the policy."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.money import rounded
from booking.domain.payments import DEPOSIT, FOR_STAY, Due, Order, PaymentContext
from booking.domain.reservations import lines, repository
from booking.domain.reservations.models import CANCELLED, EXPIRED, Booking, Lines
from booking.infra import clock


def of_other_price(policy: dict[str, Any], was: Decimal, price: Decimal, currency: str) -> dict[str, Any]:
    """The policy of a hold that costs something else now: as large a part of it is paid at once, or all."""
    deposit = policy.get("deposit")
    if deposit is None or not was:
        return policy
    amount = rounded(Decimal(deposit["amount"]) * price / was, currency)
    if 0 < amount < price:
        return {**policy, "deposit": {**deposit, "amount": str(amount)}}
    return {name: value for name, value in policy.items() if name != "deposit"}


def plan(bookings: Lines) -> None:
    """Write the steps of their order, inside the transaction that makes both."""
    if days := _days(bookings):
        due = due_now(bookings)
        payments.plan_payments(due.order_id, due.amount, due.currency, days)


def plan_again(sold: Booking) -> None:
    """The same of an order of which this hold was sold anew, inside the transaction that does it."""
    beside = lines.pending(repository.of_order(sold.order_id))
    payments.forget_payment_plan(sold.order_id)
    plan(tuple(sold if one.id == sold.id else one for one in beside))


def _days(bookings: Lines) -> dict[dt.datetime, int | None]:
    """When rests are due, each with the days after which what is not paid then is cancelled: its rooms' fewest."""
    found: dict[dt.datetime, int | None] = {}
    for booking in bookings:
        if due_at := rest_due_at(booking):
            after = found.get(due_at), booking.policy["deposit"].get("cancelAfterDays")
            found[due_at] = min(filter(None, after), default=None)
    return found


def expect(held: Lines, due: Due) -> None:
    """The deposit of these holds is about to be paid, inside the transaction that begins that; the steps say so."""
    if any(rest_due_at(booking) for booking in held):
        payments.expect_deposit(due.order_id, due.amount)


def follow(booking: Booking, check_in: dt.date, policy: dict[str, Any], paid: Decimal) -> None:
    """Inside the transaction that changes a booking: what of it is due when afterwards, in `policy` and the steps.

    What was `paid` for the change is not part of the rest. A stay that begins earlier has its rest due as much earlier;
    one that begins later keeps the day.
    """
    deposit, due_at = policy.get("deposit"), rest_due_at(booking)
    if deposit is None or due_at is None:
        return
    sooner = due_at - max(booking.check_in - check_in, dt.timedelta(0))
    moved = {"amount": str(Decimal(deposit["amount"]) + paid), "balanceDueAt": sooner.isoformat()}
    policy["deposit"] = {**deposit, **moved}
    if sooner < due_at:
        order = payments.lock_order(booking.order_id)
        others = (one for one in repository.of_order(booking.order_id) if one.id != booking.id)
        alone = all(rest_due_at(one) != due_at for one in others)
        payments.advance_balance(order, due_at, sooner, alone=alone)


def due_now(held: Lines) -> Due:
    """What holds of one order are confirmed for: their deposits, or their prices."""
    first, amounts = lines.first(held), [_due_now(booking) for booking in held]
    purpose = DEPOSIT if any(rest_due_at(booking) for booking in held) else FOR_STAY
    return Due(first.order_id, first.id, sum(amounts, Decimal(0)), first.currency, purpose)


def _due_now(booking: Booking) -> Decimal:
    deposit = booking.policy.get("deposit")
    return Decimal(deposit["amount"]) if deposit else booking.total_price


def rest_due_at(booking: Booking) -> dt.datetime | None:
    """When what its deposit leaves is due; None where there was none."""
    deposit = booking.policy.get("deposit")
    return dt.datetime.fromisoformat(deposit["balanceDueAt"]) if deposit else None


def rest(booking: Booking) -> Decimal:
    """What its deposit leaves of its price, or once it is cancelled, of what the house keeps."""
    if booking.status == CANCELLED:
        return max(Decimal(0), (booking.kept or Decimal(0)) - _due_now(booking))
    return max(Decimal(0), booking.total_price - _due_now(booking)) if booking.status != EXPIRED else Decimal(0)


# --- what is due later


def charge_due(actor: Actor, context: PaymentContext, limit: int = 100) -> int:
    """Charge what is due by now of orders whose deposit was paid. Returns how many were looked at. Raises Forbidden."""
    return payments.charge_due(actor, context, due_later, limit)


def due_later(order_id: uuid.UUID) -> Decimal:
    """What of an order is due only after now, inside the caller's transaction."""
    return _due_after(repository.of_order(order_id), clock.now())


def _due_after(bookings: Lines, moment: dt.datetime) -> Decimal:
    later = (rest(booking) for booking in bookings if (due_at := rest_due_at(booking)) and due_at > moment)
    return sum(later, Decimal(0))


@dataclass(frozen=True, slots=True)
class LaterCharge:
    """What is charged to the card that pays, or has paid, the deposit; the instant in the property's zone.

    Where it cannot be, the stay is cancelled `cancel_after` days after its guest was told, or as the house decides.
    """

    at: dt.datetime
    amount: Decimal
    cancel_after: int | None = None


def ahead(bookings: Lines, order: Order) -> tuple[LaterCharge, ...]:
    """What charge_due() will charge for these bookings, all of their order, the earliest first."""
    now = clock.now()
    days = sorted({due_at for booking in bookings if (due_at := rest_due_at(booking)) and due_at > now})
    left = min(order.due, _due_after(bookings, now)) if not order.guarantee else Decimal(0)
    found = []
    for day in days:
        if (amount := left - _due_after(bookings, day)) > 0:
            left -= amount
            after = [one.policy["deposit"].get("cancelAfterDays") for one in bookings if rest_due_at(one) == day]
            local = day.astimezone(ZoneInfo(bookings[0].time_zone))
            found.append(LaterCharge(local, amount, min(filter(None, after), default=None)))
    return tuple(found)
