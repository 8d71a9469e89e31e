"""What a changed stay costs more, where staff makes the change and no card pays for it: it stays due and staff vouches
for it, or the house lets the guest off.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, Invalid
from booking.domain.notices import Notice
from booking.domain.payments import GUARANTEES
from booking.domain.people import Action
from booking.domain.reservations import guarantees
from booking.domain.reservations.models import Booking


@dataclass(frozen=True, slots=True)
class Settlement:
    """One of both: `how` it is to be paid, of GUARANTEES, or why the guest is `let_off`."""

    how: str | None = None
    let_off: str | None = None


def refuse_unless_possible(actor: Actor, booking: Booking, settlement: Settlement) -> None:
    """Raise Invalid, or Forbidden where the actor may not decide that."""
    is_waived = settlement.let_off is not None
    action = Action.WAIVE_DEBTS if is_waived else Action.GUARANTEE
    people.require(actor, action, at=booking.property_id, otherwise=Forbidden)
    if is_waived:
        payments.refuse_reason(booking.order_id, settlement.let_off or "")
    elif settlement.how not in GUARANTEES:
        wrong = Notice("not_one_of", choices=GUARANTEES) if settlement.how else Notice("missing")
        raise Invalid(details={"how": wrong})


def settle(actor: Actor, booking: Booking, difference: Decimal, settlement: Settlement) -> None:
    """Inside the transaction that has made the stay dearer. What is due already stays due as it is."""
    refuse_unless_possible(actor, booking, settlement)
    if settlement.let_off is not None:
        payments.let_off(actor, booking.order_id, difference, settlement.let_off)
    else:
        guarantees.vouch(actor, booking.order_id, settlement.how or "")
