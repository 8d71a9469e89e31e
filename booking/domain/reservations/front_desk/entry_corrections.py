"""What staff entered by mistake is taken back: money, and with it what a cancellation promised to give back of it; and
what a guest was let off.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import PaymentNotFound
from booking.domain.money import as_text
from booking.domain.payments import Payment, Waiver
from booking.domain.reservations import changes, deposits, guarantees, repository
from booking.domain.reservations.models import CONFIRMED, Booking
from booking.infra.db import READ_COMMITTED, db, transaction


def correct(actor: Actor, payment_id: uuid.UUID, reason: str, patience: dt.timedelta) -> Payment:
    """The opposite of an entry that staff made by mistake: see payments.take_back_entry, which says what it raises.

    What still awaited staff to be given back of it is owed to nobody any more, and no cancellation promises it.
    """
    mistaken = payments.find_payment(payment_id)
    if mistaken is None:
        raise PaymentNotFound
    return _correct(actor, mistaken.order_id, payment_id, reason, patience)


@transaction(isolation=READ_COMMITTED)
def _correct(actor: Actor, order_id: uuid.UUID, payment_id: uuid.UUID, reason: str, patience: dt.timedelta) -> Payment:
    bookings = repository.of_order(order_id, lock=True)  # before their order, as whoever cancels one does
    opposite, ended = payments.take_back_entry(actor, payment_id, reason, patience)
    for booking in bookings:
        amount = sum((refund.amount for refund in ended if refund.booking_id == booking.id), Decimal(0))
        if amount and booking.refund_amount:
            _promise_less(actor, booking, booking.refund_amount, amount)
    return opposite


@transaction(isolation=READ_COMMITTED)
def correct_waiver(actor: Actor, waiver_id: uuid.UUID, reason: str) -> Waiver:
    """The guest owes it after all: see payments.take_back_waiver, which says what it raises.

    What makes a stay due that nobody vouches for and no card is charged for later, is to be paid at the desk.
    """
    known = db.session.get(Waiver, waiver_id)
    if known is None:
        raise PaymentNotFound
    bookings = repository.of_order(known.order_id, lock=True)  # before their order, as whoever cancels one does
    opposite = payments.take_back_waiver(actor, waiver_id, reason)
    is_in_steps = any(deposits.rest_due_at(one) for one in bookings)
    if not is_in_steps and any(one.status == CONFIRMED for one in bookings):
        guarantees.vouch_for_rest(actor, known.order_id)
    return opposite


def _promise_less(actor: Actor, booking: Booking, promised: Decimal, amount: Decimal) -> None:
    booking.refund_amount = max(Decimal(0), promised - amount)
    repository.save(booking)
    before, after = ({"refundAmount": as_text(one, booking.currency)} for one in (promised, booking.refund_amount))
    changes.audit(actor, "booking.refund_corrected", booking, before, after)
