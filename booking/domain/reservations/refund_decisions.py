"""A cancellation that gives back more or less than the policy: by name, with a reason, and never more than was paid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from booking.domain import money, names, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, Invalid
from booking.domain.notices import Notice
from booking.domain.payments import Order
from booking.domain.people import Action
from booking.domain.reservations import changes
from booking.domain.reservations.cancellation import Terms
from booking.domain.reservations.decision_models import RefundDecision
from booking.domain.reservations.models import Booking
from booking.infra.db import db

LONGEST = 255  # characters of a reason, and of who decides


@dataclass(frozen=True, slots=True)
class Decided:
    """What comes back instead, in the booking's currency, and why."""

    refund: Decimal
    reason: str


def most(booking: Booking, order: Order) -> Decimal:
    """What was paid for this booking: the others of its order come first."""
    return min(booking.total_price, max(Decimal(0), order.net_paid - (order.owed - booking.total_price)))


def decide(actor: Actor, booking: Booking, order: Order, terms: Terms | None, decided: Decided) -> Terms | None:
    """The terms instead of the policy's, inside the transaction that cancels; None of a hold: nothing was paid for it.

    What was paid beyond the refund is kept, and nothing more is due for this booking. As much as by the policy is the
    policy's refund. Raises Invalid, Forbidden.
    """
    people.require(actor, Action.DECIDE_REFUNDS, at=booking.property_id, otherwise=Forbidden)
    paid, reason = checked(booking, order, terms, decided)
    refund = decided.refund
    if terms is None or refund == terms.refund:
        return terms
    new = RefundDecision(booking_id=booking.id, refund=refund, by_policy=terms.refund, currency=booking.currency)
    new.reason, new.decided_by = reason, str(actor)[:LONGEST]
    db.session.add(new)
    # Without the reason, which may speak of a person: it stands in the row alone.
    before, after = (
        {"refundAmount": money.as_text(one, booking.currency), "currency": booking.currency}
        for one in (terms.refund, refund)
    )
    changes.audit(actor, "refund.decided", booking, before, after)
    return Terms(paid - refund, refund)


def checked(booking: Booking, order: Order, terms: Terms | None, decided: Decided) -> tuple[Decimal, str]:
    """What was paid for it, and the reason without blanks around it. Raises Invalid."""
    paid = most(booking, order) if terms else Decimal(0)
    return paid, sensible(booking, paid, decided)


def sensible(booking: Booking, paid: Decimal, decided: Decided) -> str:
    """The reason without blanks around it. Raises Invalid, with every field that is wrong."""
    reason, problems = names.trimmed(decided.reason), {}
    if decided.refund > paid:
        problems["refund"] = Notice("too_large", most=money.as_text(paid, booking.currency))
    elif decided.refund < 0:
        problems["refund"] = Notice("too_small", least=0)
    elif decided.refund != money.rounded(decided.refund, booking.currency):
        problems["refund"] = Notice("too_many_decimals")
    if not names.is_visible(reason):
        problems["reason"] = Notice("missing")
    elif len(reason) > LONGEST:
        problems["reason"] = Notice("too_long", most=LONGEST)
    if problems:
        raise Invalid(details=problems)
    return reason
