"""Bookings that Stripe charges: the reference stands in the payment's row before anything can be charged for it."""

from __future__ import annotations

import dataclasses

import pytest

from booking.domain.errors import PaymentFailed, PaymentUnknown
from booking.domain.maintenance.verification import verify
from booking.domain.payments import ProviderReferences, ledger
from booking.domain.reservations import bookings, charging, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.ids import new_id
from booking.infra.provider import Noted, Result
from tests.cases import each
from tests.cast import AN_HOUR, SYSTEM, a_room, acting, nights_of, order, payments_of
from tests.stripe_stand_in import StandIn
from tests.stripe_stand_in.stand_in import AFTER, BEFORE, SILENT_AFTER, SILENT_BEFORE

pytest_plugins = ["tests.stripe_stand_in.fixtures"]

VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"


def test_a_booking_is_charged_once_confirmed_cancelled_and_refunded(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    [paid], [intent] = payments_of(booked), stand_in.account.intents.values()
    assert (paid.state, paid.provider, paid.provider_reference) == ("succeeded", "stripe", intent["id"])
    assert (intent["status"], intent["amount"]) == ("succeeded", 36000)
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    _, refund = payments_of(booked)
    [returned] = stand_in.account.refunds.values()
    assert (refund.state, refund.provider_reference) == ("succeeded", returned["id"])
    assert (returned["amount"], returned["metadata"]) == (36000, {"payment": str(refund.id)})
    assert verify().findings == []


def test_a_declined_card_keeps_the_hold_and_the_next_card_is_an_intent_of_its_own(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    held = holds.reserve(acting(alice), order(alice, room), stripe_desk)
    with pytest.raises(PaymentFailed):
        bookings.pay(acting(alice), held.id, DECLINED, held.total_price, stripe_desk)
    assert bookings.pay(acting(alice), held.id, VISA, held.total_price, stripe_desk).status == "CONFIRMED"
    failed, paid = payments_of(held)
    assert (failed.state, paid.state) == ("failed", "succeeded")
    assert failed.provider_reference != paid.provider_reference
    assert verify().findings == []


@pytest.mark.slow
@each("path", [".*/payment_intents", ".*/confirm"])
@each("what", [BEFORE, AFTER, SILENT_BEFORE, SILENT_AFTER, (500, "api_error")])
def test_whatever_is_lost_the_guest_has_the_room_and_paid_or_neither(
    alice: User, stripe_desk: BookingContext, stand_in: StandIn, path: str, what: str | tuple[int, str]
) -> None:
    room = a_room()
    stand_in.silence = 1.0
    stand_in.account.intents.clear()
    stand_in.order(what, path)
    booked = None
    try:
        booked = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    except PaymentUnknown:
        assert recovery.recover_payments(SYSTEM, stripe_desk, ahead=AN_HOUR) == 1
    paid = [one for one in stand_in.account.intents.values() if one["status"] == "succeeded"]
    assert (len(paid), set(nights_of(room).values())) in [(1, {"booked"}), (0, set())]
    assert booked is None or len(paid) == 1
    assert verify().findings == []


def test_a_refund_without_an_answer_is_sent_again_and_made_once(
    alice: User, room: Room, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    stand_in.order(AFTER, "/v1/refunds", times=9)
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    assert payments_of(booked)[1].state == "started"
    stand_in.calm()
    assert recovery.recover_payments(SYSTEM, stripe_desk, ahead=AN_HOUR) == 1
    assert (payments_of(booked)[1].state, len(stand_in.account.refunds)) == ("succeeded", 1)
    assert verify().findings == []


def test_what_stripe_charged_is_returned_by_it_also_when_another_takes_new_charges(
    alice: User, room: Room, desk: BookingContext, stripe_desk: BookingContext, stand_in: StandIn
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    bookings.cancel(acting(alice), booked.id, dataclasses.replace(stripe_desk, provider=desk.provider))
    assert [one.state for one in payments_of(booked)] == ["succeeded", "succeeded"]
    assert len(stand_in.account.refunds) == 1


def test_one_reference_is_noted_while_the_attempt_is_open_and_none_once_it_was_closed(
    alice: User, stripe_desk: BookingContext
) -> None:
    notes = ProviderReferences()
    attempts = []
    for _ in range(3):
        held = holds.reserve(acting(alice), order(alice, a_room()), stripe_desk)
        attempts.append(bookings._begin_payment(acting(alice), (held,), VISA, stripe_desk).payment.id)
    noted, closed, failed = attempts
    assert notes.find(noted) == Noted(None)
    assert [notes.note(noted, "pi_1"), notes.note(noted, "pi_2")] == [True, False]
    assert (notes.find(noted), notes.close(noted)) == (Noted("pi_1"), "pi_1")
    assert [notes.close(closed), notes.note(closed, "pi_3"), notes.close(closed)] == [None, False, None]
    assert notes.find(closed) == Noted(None)
    charging.give_up(SYSTEM, failed, ledger.ABANDONED, keep_hold=True)
    assert not notes.note(failed, "pi_4")
    stranger = new_id()
    assert (notes.find(stranger), notes.note(stranger, "pi_5"), notes.close(stranger)) == (None, False, None)


def test_of_a_refund_the_reference_of_its_charge_is_known(alice: User, room: Room, stripe_desk: BookingContext) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, stripe_desk)
    bookings.cancel(acting(alice), booked.id, stripe_desk)
    charge, refund = payments_of(booked)
    assert ProviderReferences().find(refund.id) == Noted(refund.provider_reference, charge.provider_reference)
    found = stripe_desk.provider.find(refund.id)
    assert (found.result, found.reference) == (Result.REFUNDED, refund.provider_reference)
