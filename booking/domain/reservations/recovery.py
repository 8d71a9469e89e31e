"""Finishing what nobody has finished: charges and refunds whose outcome is not known, each row on its own.

A row is claimed by an UPDATE before its provider is asked, so any number of sweepers may run and none does another's
work. Each claim puts the row off, longer each time: what hangs, or breaks, or belongs to a provider that is not here,
holds up nobody else, and after a while it is an alarm.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid

from booking.domain import payments, people
from booking.domain.actors import Actor
from booking.domain.errors import Forbidden, PaymentFailed, PaymentUnknown, RoomNotAvailable
from booking.domain.payments import CHARGE, REFUND, SUCCEEDED, Payment
from booking.domain.people import Action
from booking.domain.reservations import cancellation, idempotency, lines, payment_outcomes, repository
from booking.domain.reservations.charging import Keep
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.event_payloads import named
from booking.domain.reservations.models import PENDING, Lines
from booking.infra import telemetry
from booking.infra.db import READ_COMMITTED, reading, transaction
from booking.infra.provider import NoAnswer, Result

SWEEP_SECONDS = 30.0  # then a sweep begins no further row; the next one does
NOW = dt.timedelta(0)


def recover_payments(
    actor: Actor,
    context: BookingContext,
    *,
    ahead: dt.timedelta = NOW,
    limit: int = 500,
    seconds: float = SWEEP_SECONDS,
) -> int:
    """Settle what is due: a charge is cancelled or confirmed, a refund sent again. Returns how many were tried.

    `ahead` takes what is due only then, too. Raises Forbidden.
    """
    people.require(actor, Action.SETTLE_PAYMENTS, otherwise=Forbidden)
    end, tried = time.monotonic() + seconds, 0
    for payment_id, attempts in payments.due_payments(context.patience, ahead, limit):
        if time.monotonic() >= end:
            break
        payment = payments.claim_payment(payment_id, attempts, context.patience)
        if payment:
            tried += 1
            _try(actor, payment, context)
    return tried


def _try(actor: Actor, payment: Payment, context: BookingContext) -> None:
    """Settle one; whatever goes wrong with it is said and noted, and the next one is looked at."""
    try:
        settled = settle(actor, payment, context)
    except Exception as error:  # noqa: BLE001 other payments must not wait for this one
        telemetry.log.error("recovery_broke", payment=str(payment.id), exc_info=True)
        payments.note_error(payment.id, payments.error_text(error))
        settled = False
    if not settled and payment.attempts >= payments.STUCK_AFTER:
        telemetry.count_payment(payment.kind, "stuck")
        telemetry.log.error("payment_stuck", payment=str(payment.id), kind=payment.kind, attempts=payment.attempts)


def settle(actor: Actor, payment: Payment, context: BookingContext) -> bool:
    """Ask the payment's own provider for the outcome and act on it. False where there is none yet."""
    if payment.kind == REFUND:
        return payments.send_refund(actor, payment, context)
    return _settle_charge(actor, payment, context)


def _settle_charge(actor: Actor, payment: Payment, context: BookingContext) -> bool:
    provider = context.find_provider(payment.provider)
    if provider is None:
        payments.note_unknown_provider(payment)
        return False
    try:
        outcome = provider.cancel(payment.id, payment.currency)
    except NoAnswer:
        telemetry.log.warning("recovery_unanswered", payment=str(payment.id))
        telemetry.count_payment(CHARGE, "unanswered")
        payments.note_error(payment.id, payments.NO_ANSWER)
        return False
    if payment.purpose == payments.BALANCE:
        payments.settle_balance(actor, payment.id, outcome, context)
    elif outcome.result is Result.CHARGED:
        try:
            payment_outcomes.charged(actor, payment, outcome, context)
        except RoomNotAvailable:
            telemetry.log.warning("recovered_charge_refunded", payment=str(payment.id))
    elif outcome.result is Result.REFUNDED:
        raise ValueError("the provider knows a refund under the key of a charge")
    else:
        failure = payments.DECLINED if outcome.result is Result.DECLINED else payments.ABANDONED
        payment_outcomes.not_charged(actor, payment, failure, keep_hold=_can_be_paid_again(payment))
    return True


def _can_be_paid_again(payment: Payment) -> bool:
    """Whether its guest has a hold to pay for, which then ends by time. book(), the one call of programs, makes none:
    whoever called it is told that nothing was booked. Where it died with the hold, a guest may have found the page.
    """
    return payment.method == payments.HOSTED or not payments.is_in_one_call(payment.order_id)


# --- for a request that comes again with its key


def begun_earlier(actor: Actor, claim: idempotency.Claim | None, context: BookingContext, keep: Keep | None) -> Lines:
    """What an earlier call with this key began: confirmed, or held and to be paid; nothing where nothing is left of it.

    Raises PaymentUnknown while the earlier call may still be charging, or the provider is silent; PaymentFailed.
    """
    if claim is None or claim.booking_id is None:
        return ()
    order_id = _begun(claim.booking_id).order_id
    charge = payments.latest_charge(order_id)
    if charge and payments.is_open(charge) and not payments.is_live_charge(charge):
        settle(actor, charge, context)
        charge = payments.latest_charge(order_id)
    if charge and payments.is_open(charge):
        raise PaymentUnknown
    bookings = _of_order(order_id)
    if charge and charge.failure == payments.DECLINED:
        raise PaymentFailed(named=named(*bookings))
    if (charge and charge.state == SUCCEEDED) or lines.confirmed(bookings):  # it may cost nothing
        return _keep_late(order_id, keep)
    return tuple(booking for booking in bookings if cancellation.shown_status(booking) == PENDING)


_begun = reading(repository.booking)
_of_order = reading(repository.of_order)


@transaction(isolation=READ_COMMITTED)
def _keep_late(order_id: uuid.UUID, keep: Keep | None) -> Lines:
    bookings = lines.confirmed(repository.of_order(order_id, lock=True))
    if not bookings:
        raise RoomNotAvailable
    if keep:
        keep(bookings)
    return bookings
