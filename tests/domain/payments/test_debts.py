"""An order of several charges: what goes back is split over them, and each refund is a debt, tried by itself."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import text

from booking.domain import payments
from booking.domain.errors import NothingOwed, RefundNotOwed
from booking.domain.maintenance import verification
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, recovery, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.provider import Outcome
from tests.cases import each
from tests.cast import AN_HOUR, SYSTEM, VISA, acting, all_at_once, order, order_of, payments_of
from tests.domain.payments.test_refunds import declines, with_refunds


@transaction(isolation=READ_COMMITTED)
def say(statement: str, **values: object) -> None:
    db.session.execute(text(statement), values)


@transaction
def _charge(booking: Booking, amount: int, context: BookingContext, beyond: int) -> Payment:
    due = payments.Due(
        booking.order_id, booking.id, Decimal(amount), booking.currency, "balance", beyond=Decimal(beyond)
    )
    return payments.start_charge(due, method=VISA, context=context)


_COSTS = """UPDATE bookings SET total_price = total_price + :more, price_lines = price_lines || jsonb_build_object(
    'kind', 'fee', 'date', null, 'amount', cast(:more AS text), 'rule', 'x', 'version', 1) WHERE id = :id"""


def costs_more(booking: Booking, amount: Decimal) -> None:
    db.session.execute(text(_COSTS), {"more": amount, "id": booking.id})


@transaction(isolation=READ_COMMITTED)
def _paid(booking: Booking, charge: Payment, outcome: Outcome) -> None:
    payments.record_success(payments.payment_as_seen(charge), outcome.reference)
    costs_more(booking, charge.amount)


def charged_more(booking: Booking, amount: int, context: BookingContext) -> Payment:
    """Another charge of the same order, for a stay that costs so much more."""
    charge = _charge(booking, amount, context, beyond=amount)
    _paid(booking, charge, context.provider.charge(charge.id, charge.amount, charge.currency, VISA))
    return charge


@transaction(isolation=READ_COMMITTED)
def _back(booking: Booking, amount: str, context: BookingContext) -> list[Payment]:
    """As by a stay that costs so much less."""
    started = payments.start_refunds(
        payments.lock_order(booking.order_id), booking.id, Decimal(amount), context.patience
    )
    costs_more(booking, -Decimal(amount))
    return started


def given_back(booking: Booking, amount: str, context: BookingContext) -> list[Payment]:
    started = _back(booking, amount, context)
    payments.send_refunds(SYSTEM, started, context)
    return started


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, paid."""
    return bookings.book(acting(alice), order(alice, room), VISA, desk)


def split(started: list[Payment]) -> list[tuple[object, int]]:
    return [(one.charge_id, int(one.amount)) for one in started]


def test_what_goes_back_is_taken_from_the_latest_charge_first(booked: Booking, desk: BookingContext) -> None:
    [first], second = payments_of(booked), charged_more(booked, 40, desk)
    assert split(given_back(booked, "30", desk)) == [(second.id, 30)]
    assert split(given_back(booked, "25", desk)) == [(second.id, 10), (first.id, 15)]
    with pytest.raises(RefundNotOwed):
        given_back(booked, "345.01", desk)
    assert split(given_back(booked, "345", desk)) == [(first.id, 345)]
    bought = order_of(booked)
    assert [int(sum_) for sum_ in (bought.owed, bought.paid, bought.refunded, bought.refunding)] == [0, 400, 400, 0]
    assert refunds.states([booked.id]) == {booked.id: refunds.RETURNED}
    assert verification.verify().findings == []


def test_a_cancellation_gives_back_what_several_charges_have_paid(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    charged_more(booked, 40, desk)
    cancelled = bookings.cancel(acting(alice), booked.id, desk, seen_refund=Decimal(400))
    assert cancelled.refund_amount == Decimal(400)
    assert [int(one.amount) for one in payments_of(booked) if one.kind == "refund"] == [40, 360]
    assert verification.verify().findings == []


def test_no_more_is_charged_than_will_be_owed(booked: Booking, desk: BookingContext) -> None:
    for amount, beyond in ((41, 40), (1, 0)):
        with pytest.raises(NothingOwed):
            _charge(booked, amount, desk, beyond)
    _charge(booked, 40, desk, 40)


def test_what_went_back_may_be_charged_again(booked: Booking, desk: BookingContext) -> None:
    given_back(booked, "100", desk)
    with pytest.raises(NothingOwed):
        _charge(booked, 101, desk, 100)
    charged_more(booked, 100, desk)
    assert verification.verify().findings == []


def test_what_is_still_owed_to_the_guest_does_not_forbid_a_charge(booked: Booking, desk: BookingContext) -> None:
    given_back(booked, "100", with_refunds(desk, declines))
    charged_more(booked, 50, desk)
    assert [found.rule for found in verification.verify().findings] == [verification.OWED]


# --- each debt by itself


def test_each_declined_refund_is_owed_and_tried_by_itself(booked: Booking, desk: BookingContext) -> None:
    declining = with_refunds(desk, declines)
    [one], [other] = given_back(booked, "100", declining), given_back(booked, "50", declining)
    assert [debt.amount for debt in refund_debts.owed(SYSTEM)] == [100, 50]
    assert len(verification.verify().findings) == 2
    assert refunds.retry(SYSTEM, one.id, desk) == refunds.OWED  # the other one still is
    assert [debt.payment_id for debt in refund_debts.owed(SYSTEM)] == [other.id]
    with pytest.raises(RefundNotOwed):
        refunds.retry(SYSTEM, one.id, desk)
    assert refunds.retry(SYSTEM, other.id, desk) == refunds.RETURNED
    assert (int(order_of(booked).refunded), verification.verify().findings) == (150, [])


def test_a_refund_that_succeeds_does_not_pay_for_another_debt(booked: Booking, desk: BookingContext) -> None:
    """A declined refund keeps its part of the charge, so that it can be sent again."""
    [declined] = given_back(booked, "300", with_refunds(desk, declines))
    with pytest.raises(RefundNotOwed):
        given_back(booked, "61", desk)
    given_back(booked, "60", desk)
    assert refunds.states([booked.id]) == {booked.id: refunds.OWED}
    assert refunds.retry(SYSTEM, declined.id, desk) == refunds.RETURNED
    assert (int(order_of(booked).refunded), verification.verify().findings) == (360, [])


def test_operators_at_once_send_one_of_two_debts_once(app: Flask, booked: Booking, desk: BookingContext) -> None:
    declining = with_refunds(desk, declines)
    [one], _ = given_back(booked, "100", declining), given_back(booked, "50", declining)
    results = all_at_once(app, [lambda: refunds.retry(SYSTEM, one.id, desk)] * 5)
    assert {type(result) for result in results} <= {str, RefundNotOwed}
    assert int(order_of(booked).refunded) == 100


def test_the_guest_hears_of_each_debt_once(booked: Booking, desk: BookingContext) -> None:
    declining = with_refunds(desk, declines)
    [one], [other] = given_back(booked, "100", declining), given_back(booked, "50", declining)
    refunds.retry(SYSTEM, one.id, declining)
    refunds.retry(SYSTEM, other.id, desk)
    told = transaction(
        lambda: db.session.execute(
            text("SELECT type, (payload->>'amount')::numeric::int FROM events WHERE type LIKE 'refund.%' ORDER BY id")
        ).all()
    )()
    assert told == [("refund.declined", 100), ("refund.declined", 50), ("refund.returned", 50)]


def test_a_debt_from_before_they_had_names_is_the_bookings(alice: User, booked: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), booked.id, with_refunds(desk, declines))
    say("UPDATE payments SET debt_id = NULL")
    declined = payments_of(booked)[-1]
    assert refunds.retry(SYSTEM, declined.id, with_refunds(desk, declines)) == refunds.OWED
    assert [debt.payment_id for debt in refund_debts.owed(SYSTEM)] == [payments_of(booked)[-1].id]
    assert refunds.retry(SYSTEM, payments_of(booked)[-1].id, desk) == refunds.RETURNED
    assert (refund_debts.owed(SYSTEM), verification.verify().findings) == ([], [])


# --- money that staff gives back


def test_a_refund_of_what_was_taken_by_hand_waits_for_staff(alice: User, booked: Booking, desk: BookingContext) -> None:
    say("UPDATE payments SET provider = 'transfer', recorded_by = 'anna', value_date = now()")
    bookings.cancel(acting(alice), booked.id, desk)
    refund = payments_of(booked)[-1]
    assert (refund.state, int(order_of(booked).refunding)) == ("awaiting_staff", 360)
    assert recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR) == 0  # no provider can be asked
    assert not refunds.send(SYSTEM, refund, desk)
    assert refunds.states([booked.id]) == {booked.id: refunds.UNDER_WAY}
    assert [int(move.amount) for move in account_deletion.money_moves(acting(alice), alice.id)] == [360]
    assert verification.verify().findings == []


@each(
    ("damage", "rule"),
    [
        ("UPDATE payments SET debt_id = gen_random_uuid() WHERE kind = 'refund'", "refund_of_other_debt"),
        ("UPDATE payments SET amount = 41 WHERE kind = 'refund'", "refunded_too_much"),
        ("UPDATE payments SET charge_id = id WHERE kind = 'refund'", "refund_of_other_charge"),
    ],
)
def test_verify_finds_a_refund_that_does_not_agree(
    booked: Booking, desk: BookingContext, damage: str, rule: str
) -> None:
    charged_more(booked, 40, desk)
    given_back(booked, "10", desk)
    say(damage)
    assert rule in {found.rule for found in verification.verify().findings}
