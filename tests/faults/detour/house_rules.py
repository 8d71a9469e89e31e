"""What the house of a storm sells otherwise: some days take a deposit, and one kind of card is declined now and then.

No door sells a deposit yet, so a copy of the product imports this first (see tests/faults/storm.py).
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from booking.domain.pricing import DepositPlan
from booking.domain.reservations import BookingRequest, OrderRequest
from booking.infra import provider

PERCENT = 30
PLAN = DepositPlan(balance_days=50, percent=Decimal(PERCENT))
FICKLE = "pm_card_fickle"  # by the payment: every other one is declined


def takes_deposit(check_in: dt.date) -> bool:
    """Whoever comes on every third day, in whichever room that turns out to be."""
    return check_in.toordinal() % 3 == 0


def _plan(wanted: BookingRequest) -> DepositPlan | None:
    return PLAN if takes_deposit(wanted.stay.check_in) else None


def _plan_of_several(wanted: OrderRequest) -> DepositPlan | None:
    return PLAN if len(wanted.items) > 1 and takes_deposit(wanted.items[0].stay.check_in) else None


def _ignored(wanted: object, given: object) -> None:
    """What the doors say is no plan."""


_charge = provider.SimulatedProvider.charge


def _charged_or_not(
    self: provider.SimulatedProvider, key: uuid.UUID, amount: Decimal, currency: str, method: str, keep: bool = False
) -> provider.Outcome:
    declined = method == FICKLE and key.int % 2
    return _charge(self, key, amount, currency, "pm_card_declined" if declined else method, keep)


def enforce() -> None:
    """From now on, in this process."""
    # With a setter, which `__init__` calls.
    BookingRequest.deposit = property(_plan, _ignored)  # type: ignore[misc,assignment]
    OrderRequest.deposit = property(_plan_of_several, _ignored)  # type: ignore[misc,assignment]
    provider.SimulatedProvider.charge = _charged_or_not  # type: ignore[method-assign]
