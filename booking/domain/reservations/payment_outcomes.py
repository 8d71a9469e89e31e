"""What the outcome of a charge does, by what it was for. For whoever finishes what others have begun."""

from __future__ import annotations

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.payments import Payment
from booking.domain.reservations import change_outcomes, charging
from booking.domain.reservations.context import BookingContext
from booking.infra.provider import Outcome


def charged(actor: Actor, charge: Payment, outcome: Outcome, context: BookingContext) -> None:
    """The money has moved: what it is for is confirmed, or it goes back (RoomNotAvailable)."""
    if charge.purpose == payments.BALANCE:
        payments.settle_balance(actor, charge.id, outcome, context)
    elif charge.purpose == payments.FOR_CHANGE:
        change_outcomes.confirmed(actor, charge.id, outcome, context)
    else:
        charging.confirmed(actor, charge.id, outcome, context)


def not_charged(actor: Actor, charge: Payment, failure: str, *, keep_hold: bool) -> None:
    """No money has moved, and none will. `keep_hold`: another card may be tried for a booking's nights."""
    if charge.purpose == payments.BALANCE:
        payments.balance_not_charged(actor, charge.id, failure)
    elif charge.purpose == payments.FOR_CHANGE:
        change_outcomes.give_up(actor, charge.id, failure)
    else:
        charging.give_up(actor, charge.id, failure, keep_hold=keep_hold)
