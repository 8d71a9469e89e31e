"""A refund is done when the provider says so, and not before; what was declined stays owed until it has arrived."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain.errors import PaymentNotFound, RefundNotOwed, RoomNotAvailable
from booking.domain.maintenance import verification
from booking.domain.payments import ledger, refunds
from booking.domain.reservations import bookings, holds, recovery, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import clock
from booking.infra.db import db, reading, transaction
from booking.infra.ids import new_id
from booking.infra.provider import Charge, NoAnswer, Outcome, Result
from tests.cast import (
    AN_HOUR,
    REFUND_DECLINED,
    REFUND_SLOW,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    interrupted,
    order,
    payments_of,
)


class Refunding:
    """The simulated provider, but for its refunds."""

    def __init__(self, desk: BookingContext, refund: Callable[..., Outcome], name: str = "simulated") -> None:
        self.provider, self.answer, self.name = desk.provider, refund, name
        self.asked: list[tuple[Any, ...]] = []

    def refund(self, *call: Any) -> Outcome:
        self.asked.append(call)
        return self.answer(*call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


def declines(*_: object) -> Outcome:
    return Outcome(Result.DECLINED, "re_1", "the account is closed")


def says_nothing(*_: object) -> Outcome:
    raise NoAnswer


def breaks(*_: object) -> Outcome:
    raise RuntimeError("unexpected field in the answer")


def with_refunds(desk: BookingContext, refund: Callable[..., Outcome]) -> BookingContext:
    return replace(desk, provider=Refunding(desk, refund))


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def refund_of(booking: Booking) -> Payment:
    return payments_of(booking)[-1]


@reading
def returned() -> int:
    """What the provider gave back, all in all."""
    total = "SELECT coalesce(sum(amount), 0) FROM simulated_ledger WHERE kind = 'refund'"
    return int(db.session.scalar(text(total)) or 0)


def findings() -> dict[str, str]:
    return {found.rule: found.subject for found in verification.verify().findings}


# --- declined


def test_a_declined_refund_is_failed_with_its_reason_and_stays_owed(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    cancelled = bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    assert (cancelled.status, cancelled.refund_amount) == ("CANCELLED", Decimal(360))
    refund = refund_of(booked)
    assert (refund.state, refund.failure, refund.error) == ("failed", "declined", "the account is closed")
    [debt] = refund_debts.owed(SYSTEM)
    assert (debt.payment_id, debt.amount, debt.reference) == (refund.id, Decimal(360), booked.reference)
    assert refunds.states([booked.id]) == {booked.id: refunds.OWED}
    assert findings() == {"refund_owed": f"{booked.reference}: 360.00 EUR"}


def test_a_refund_that_the_simulated_bank_declines_is_owed(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), REFUND_DECLINED, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    assert (refund_of(booking).state, returned()) == ("failed", 0)
    assert set(findings()) == {"refund_owed"}


@pytest.mark.parametrize("result", [Result.CHARGED, Result.CANCELLED])
def test_no_other_outcome_counts_as_returned(
    alice: User, booked: Booking, desk: BookingContext, result: Result
) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, lambda *_: Outcome(result, "x")))
    refund = refund_of(booked)
    assert (refund.state, result.name.lower() in str(refund.error)) == ("failed", True)


def test_recovery_does_not_ask_again_for_what_was_declined(alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    assert recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR) == 0
    assert refund_of(booked).state == "failed"


def test_what_was_returned_cannot_become_failed_by_a_late_answer(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    bookings.cancel(acting(alice), booked.id, desk)
    refund = refund_of(booked)
    assert refunds.send(SYSTEM, refund, with_refunds(desk, declines))
    assert refund_of(booked).state == "succeeded"


# --- tried again


def test_an_operator_sends_it_again_under_a_new_key(alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    assert refunds.retry(SYSTEM, refund_of(booked).id, desk) == refunds.RETURNED
    assert [(one.kind, one.state) for one in payments_of(booked)] == [
        ("charge", "succeeded"),
        ("refund", "failed"),
        ("refund", "succeeded"),
    ]
    assert (returned(), refund_debts.owed(SYSTEM), findings()) == (360, [], {})


def test_declined_once_more_it_is_owed_once(alice: User, booked: Booking, desk: BookingContext) -> None:
    declining = with_refunds(desk, declines)
    bookings.cancel(acting(alice), booked.id, declining)
    assert refunds.retry(SYSTEM, refund_of(booked).id, declining) == refunds.OWED
    assert [debt.payment_id for debt in refund_debts.owed(SYSTEM)] == [refund_of(booked).id]
    assert len(verification.verify().findings) == 1


def test_without_an_answer_it_is_under_way_and_not_sent_twice(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    declined = refund_of(booked)
    assert refunds.retry(SYSTEM, declined.id, with_refunds(desk, says_nothing)) == refunds.UNDER_WAY
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, declined.id, desk)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (returned(), refunds.states([booked.id])) == (360, {booked.id: refunds.RETURNED})
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, declined.id, desk)


def test_what_the_provider_returned_after_all_is_not_returned_again(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    declined = refund_of(booked)
    desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    assert (len(payments_of(booked)), returned(), findings()) == (2, 360, {})


def test_what_was_returned_after_all_is_not_recorded_beside_another_attempt(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    """The provider has returned it twice; the books say so at the provider's, not as a second refund here."""
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    declined = refund_of(booked)
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, declined.id, desk)
    assert [one.state for one in payments_of(booked)] == ["succeeded", "failed", "succeeded"]


def test_another_bookings_refund_under_way_does_not_stand_in_the_way(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    other = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)
    bookings.cancel(acting(alice), other.id, with_refunds(desk, says_nothing))
    for known in (False, True):
        bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
        declined = refund_of(booked)
        if known:
            desk.provider.refund(declined.id, ledger.charge_behind(declined), declined.amount, declined.currency)
        assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
        booked = bookings.book(acting(alice), order(alice, a_room()), VISA, desk)


def test_a_new_attempt_says_from_when_on_recovery_may_ask(alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    refunds.retry(SYSTEM, refund_of(booked).id, with_refunds(desk, says_nothing))
    next_at = refund_of(booked).next_at
    assert next_at is not None
    assert next_at - clock.now() == pytest.approx(desk.patience, abs=dt.timedelta(seconds=2))


def test_operators_at_once_send_it_once(app: Flask, alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    declined = refund_of(booked)
    results = all_at_once(app, [lambda: refunds.retry(SYSTEM, declined.id, desk)] * 6)
    assert sorted(map(str, results)).count(refunds.RETURNED) >= 1
    assert {type(result) for result in results} <= {str, RefundNotOwed}
    assert (returned(), findings()) == (360, {})


def test_only_a_declined_refund_can_be_sent_again(alice: User, booked: Booking, desk: BookingContext) -> None:
    with pytest.raises(PaymentNotFound):
        refunds.retry(SYSTEM, new_id(), desk)
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, payments_of(booked)[0].id, desk)
    bookings.cancel(acting(alice), booked.id, desk)
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, refund_of(booked).id, desk)
    assert returned() == 360


# --- whose money it is


def test_a_refund_names_its_charge(alice: User, booked: Booking, desk: BookingContext) -> None:
    watching = with_refunds(desk, desk.provider.refund)
    bookings.cancel(acting(alice), booked.id, watching)
    charge, refund = payments_of(booked)
    named = Charge(charge.id, str(charge.provider_reference))
    assert watching.provider.asked == [(refund.id, named, Decimal(360), "EUR")]  # type: ignore[attr-defined]
    assert refund.charge_id == charge.id


def test_a_refund_goes_to_the_provider_that_charged(alice: User, booked: Booking, desk: BookingContext) -> None:
    """Other providers may be chosen since."""
    other = Refunding(desk, breaks, name="other")
    bookings.cancel(acting(alice), booked.id, replace(desk, provider=other, providers={"simulated": desk.provider}))
    assert (other.asked, refund_of(booked).provider, refund_of(booked).state) == ([], "simulated", "succeeded")
    assert (returned(), findings()) == (360, {})


def test_without_that_provider_it_waits_and_says_why(alice: User, booked: Booking, desk: BookingContext) -> None:
    elsewhere = replace(desk, provider=Refunding(desk, declines, name="other"), providers={})
    bookings.cancel(acting(alice), booked.id, elsewhere)
    assert recovery.recover_payments(SYSTEM, elsewhere, ahead=AN_HOUR) == 1
    waiting = refund_of(booked)
    assert (waiting.state, waiting.error) == ("started", "no_provider:simulated")
    assert refunds.send(SYSTEM, waiting, elsewhere) is False
    waiting.state = "awaiting_staff"  # a person gives it back
    assert refunds.send(SYSTEM, waiting, desk) is False
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (refund_of(booked).state, refund_of(booked).error, returned()) == ("succeeded", None, 360)


def test_the_simulated_provider_refunds_only_charges_that_it_made(desk: BookingContext, booked: Booking) -> None:
    charge = payments_of(booked)[0]
    for stranger in (Charge(new_id(), str(charge.provider_reference)), Charge(charge.id, "ch_of_somebody_else")):
        assert desk.provider.refund(new_id(), stranger, Decimal(1), "EUR").result is Result.DECLINED
    assert returned() == 0


def test_a_refund_that_does_not_say_when_it_is_due_is_sent(alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, says_nothing))

    @transaction
    def as_it_was_written_then() -> None:
        db.session.execute(text("UPDATE payments SET next_at = NULL WHERE kind = 'refund'"))

    as_it_was_written_then()
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (refund_of(booked).state, returned()) == ("succeeded", 360)


# --- no answer, or trouble


def test_a_refund_that_is_slow_arrives_once(alice: User, room: Room, desk: BookingContext) -> None:
    booking = bookings.book(acting(alice), order(alice, room), REFUND_SLOW, desk)
    bookings.cancel(acting(alice), booking.id, desk)
    assert refunds.states([booking.id]) == {booking.id: refunds.UNDER_WAY}
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (refund_of(booking).state, returned(), findings()) == ("succeeded", 360, {})


def test_a_provider_that_breaks_does_not_undo_the_cancellation(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    assert bookings.cancel(acting(alice), booked.id, with_refunds(desk, breaks)).status == "CANCELLED"
    refund = refund_of(booked)
    assert (refund.state, refund.error) == ("started", "RuntimeError: unexpected field in the answer")


def test_charged_too_late_and_the_refund_declined_is_owed(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)

    @transaction
    def somebody_else_has_the_nights(_: Outcome) -> None:
        db.session.execute(text("DELETE FROM availability"))

    late = interrupted(with_refunds(desk, declines), somebody_else_has_the_nights)
    with pytest.raises(RoomNotAvailable):
        bookings.pay(acting(alice), held.id, VISA, held.total_price, late)
    assert refunds.states([held.id]) == {held.id: refunds.OWED}
    assert set(findings()) == {"refund_owed"}


# --- dying in between


class Killed(BaseException):
    """The process ends here: no handler of ours runs."""


def test_died_between_the_refund_and_its_record(alice: User, booked: Booking, desk: BookingContext) -> None:
    def pays_and_dies(*call: Any) -> Outcome:
        desk.provider.refund(*call)
        raise Killed

    with pytest.raises(Killed):
        bookings.cancel(acting(alice), booked.id, with_refunds(desk, pays_and_dies))
    with pytest.raises(Killed):
        recovery.recover_payments(SYSTEM, with_refunds(desk, pays_and_dies), ahead=AN_HOUR)
    assert refund_of(booked).state == "started"
    assert recovery.recover_payments(SYSTEM, desk) == 0  # put off by the one that died
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (refund_of(booked).state, returned(), findings()) == ("succeeded", 360, {})


def test_died_between_a_new_attempt_and_its_record(alice: User, booked: Booking, desk: BookingContext) -> None:
    def pays_and_dies(*call: Any) -> Outcome:
        desk.provider.refund(*call)
        raise Killed

    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    declined = refund_of(booked)
    with pytest.raises(Killed):
        refunds.retry(SYSTEM, declined.id, with_refunds(desk, pays_and_dies))
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, declined.id, desk)
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (refund_of(booked).state, returned(), findings()) == ("succeeded", 360, {})


def test_recovery_leaves_a_refund_to_its_own_process_first(alice: User, booked: Booking, desk: BookingContext) -> None:
    seen: list[int] = []

    def recovery_comes_by(*call: Any) -> Outcome:
        seen.append(recovery.recover_payments(SYSTEM, desk))
        return desk.provider.refund(*call)

    bookings.cancel(acting(alice), booked.id, with_refunds(desk, recovery_comes_by))
    assert seen == [0]
    assert recovery.recover_payments(SYSTEM, desk, ahead=dt.timedelta(days=1)) == 0
