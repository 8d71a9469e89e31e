"""Money that staff entered by mistake is taken back, and with it what a cancellation promised to give back of it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from booking.domain import payments
from booking.domain.actors import Actor
from booking.domain.errors import PaymentNotFound
from booking.domain.payments import Payment
from booking.domain.reservations import changes, repository
from booking.domain.reservations.models import Booking
from booking.infra.db import READ_COMMITTED, transaction


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


def _promise_less(actor: Actor, booking: Booking, promised: Decimal, amount: Decimal) -> None:
    booking.refund_amount = max(Decimal(0), promised - amount)
    repository.save(booking)
    before, after = {"refundAmount": str(promised)}, {"refundAmount": str(booking.refund_amount)}
    changes.audit(actor, "booking.refund_corrected", booking, before, after)
