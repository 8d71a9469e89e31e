"""A deposit is paid at once, the rest is charged when it is due, by the card that paid the deposit."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from booking.domain import payments
from booking.domain.errors import Forbidden, PaymentFailed, PaymentUnknown
from booking.domain.maintenance import verification
from booking.domain.payments.schedule_models import ScheduledPayment
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import balances, bookings, deposits, guarantees, holds, recovery
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Event, Payment, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.provider import NoAnswer, Outcome, Result, SimulatedLedger
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    DECLINED,
    REFUND_DECLINED,
    SYSTEM,
    VISA,
    Interrupted,
    a_room,
    acting,
    all_at_once,
    in_days,
    interrupted,
    later,
    nights_of,
    order,
    order_of,
    payments_of,
    reload,
    silent,
)
from tests.domain.reservations.changing import changed

A_THIRD = DepositPlan(balance_days=10, percent=Decimal(30))
HALF = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}
DUE = dt.timedelta(days=21, hours=1)  # from now, at any hour: 10 days before a stay that begins in 30 it is due
A_DAY = dt.timedelta(days=1, minutes=1)


def hold(guest: User, room: Room, desk: BookingContext, deposit: DepositPlan | None = A_THIRD) -> Booking:
    return holds.reserve(acting(guest), replace(order(guest, room, in_days(30)), deposit=deposit), desk)


def pay(held: Booking, desk: BookingContext, card: str = VISA) -> Booking:
    return bookings.pay(acting(held.user_id), held.id, card, held.total_price, desk)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, of which 108 are paid."""
    return pay(hold(alice, room, desk), desk)


def moved(booking: Booking) -> list[tuple[str, str, int, str]]:
    return [(one.kind, one.purpose, int(one.amount), one.state) for one in payments_of(booking)]


def sums(booking: Booking) -> tuple[int, int, int]:
    """Paid, refunded, due."""
    bought = order_of(booking)
    return int(bought.paid), int(bought.refunded), int(bought.due)


@transaction
def steps(booking: Booking) -> list[ScheduledPayment]:
    of_order = select(ScheduledPayment).where(ScheduledPayment.order_id == booking.order_id)
    return list(db.session.scalars(of_order.order_by(ScheduledPayment.position)))


@transaction
def told() -> list[dict[str, Any]]:
    return list(db.session.scalars(select(Event.payload).where(Event.type == "balance.declined")))


@transaction(isolation=READ_COMMITTED)
def say(statement: str) -> None:
    db.session.execute(text(statement))


def agrees() -> bool:
    return verification.verify().findings == []


class Declining(Interrupted):
    """A provider that declines whatever is charged from now on."""

    def charge_kept(self, *call: Any) -> Outcome:
        key, amount, currency, _ = call
        return self.provider.charge(key, amount, currency, DECLINED)


def declining(desk: BookingContext) -> BookingContext:
    return replace(desk, provider=Declining(desk.provider, silent))


def test_the_deposit_confirms_and_the_rest_is_charged_when_it_is_due(booked: Booking, desk: BookingContext) -> None:
    assert (reload(booked).status, moved(booked)) == ("CONFIRMED", [("charge", "deposit", 108, "succeeded")])
    assert (sums(booked), agrees()) == ((108, 0, 252), True)
    first, rest = steps(booked)
    assert (int(first.amount or 0), rest.amount) == (108, None)
    assert rest.due_at == rest.next_at
    assert deposits.charge_due(SYSTEM, desk) == 0
    [balance] = balances.due(SYSTEM)
    assert (int(balance.due), balance.guarantee) == (252, None)
    assert balance.charged_at == rest.due_at
    later(DUE)
    assert deposits.charge_due(SYSTEM, desk) == 1
    assert moved(booked)[1:] == [("charge", "balance", 252, "succeeded")]
    assert payments_of(booked)[1].method == VISA
    assert (sums(booked), balances.due(SYSTEM), deposits.charge_due(SYSTEM, desk)) == ((360, 0, 0), [], 0)
    assert agrees()


def test_a_declined_deposit_keeps_the_hold(alice: User, room: Room, desk: BookingContext) -> None:
    held = hold(alice, room, desk)
    with pytest.raises(PaymentFailed):
        pay(held, desk, DECLINED)
    assert set(nights_of(room).values()) == {"held"}
    assert moved(pay(reload(held), desk))[1:] == [("charge", "deposit", 108, "succeeded")]


def test_a_deposit_whose_answer_was_lost_is_confirmed_by_recovery(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = hold(alice, room, desk)
    with pytest.raises(PaymentUnknown):
        pay(held, interrupted(desk, silent))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert (reload(held).status, sums(held), agrees()) == ("CONFIRMED", (108, 0, 252), True)


@each(
    ("plan", "deposit"),
    [
        (DepositPlan(balance_days=10, amount=Decimal(100)), 100),
        (DepositPlan(balance_days=10, amount=Decimal(500)), None),  # more than it costs
        (DepositPlan(balance_days=40, percent=Decimal(30)), None),  # the rest would be due by now
        (DepositPlan(balance_days=10, percent=Decimal(100)), None),
        (DepositPlan(balance_days=10, percent=Decimal(0)), None),
        (None, None),
    ],
)
def test_where_there_is_no_rest_to_be_paid_later_all_is_paid_at_once(
    alice: User, desk: BookingContext, plan: DepositPlan | None, deposit: int | None
) -> None:
    paid = pay(hold(alice, a_room(), desk, plan), desk)
    assert [one.purpose for one in payments_of(paid)] == ["deposit" if deposit else "stay"]
    assert sums(paid)[0] == (deposit or 360)
    assert len(steps(paid)) == (2 if deposit else 0)


def test_a_declined_card_leaves_the_rest_due_and_its_guest_is_told_once(booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    assert (reload(booked).status, sums(booked)) == ("CONFIRMED", (108, 0, 252))
    assert [(one["amount"], one["currency"]) for one in told()] == [("252.00", "EUR")]
    assert deposits.charge_due(SYSTEM, declining(desk)) == 0  # not before tomorrow
    for days in (1, 2, 4, 8, 16):
        later(A_DAY * days)
        deposits.charge_due(SYSTEM, declining(desk))
    assert (len(told()), steps(booked)[1].next_at, steps(booked)[1].attempts) == (1, None, 5)
    assert [state for *_, state in moved(booked)].count("failed") == 5
    [balance] = balances.due(SYSTEM)
    assert (balance.charged_at, balance.times_declined) == (None, 5)
    assert agrees()


def test_a_card_that_works_again_is_charged_the_next_day(booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, declining(desk))
    later(A_DAY)
    deposits.charge_due(SYSTEM, desk)
    assert (sums(booked), agrees()) == ((360, 0, 0), True)


def test_many_workers_charge_it_once(app: Flask, booked: Booking, desk: BookingContext) -> None:
    later(DUE)
    all_at_once(app, [partial(deposits.charge_due, SYSTEM, desk)] * 4)
    assert (sums(booked), len(payments_of(booked))) == ((360, 0, 0), 2)


@each("charged", [True, False])
def test_a_charge_whose_answer_was_lost_is_settled_by_recovery(
    alice: User, desk: BookingContext, charged: bool
) -> None:
    booked = pay(hold(alice, a_room(), desk), desk)

    class Lost(Interrupted):
        def charge_kept(self, *call: Any) -> Outcome:
            if charged:
                self.provider.charge_kept(*call)
            return self.meanwhile(Outcome(Result.CHARGED, ""))  # type: ignore[func-returns-value,return-value]

    later(DUE)
    deposits.charge_due(SYSTEM, replace(desk, provider=Lost(desk.provider, silent)))
    assert moved(booked)[-1] == ("charge", "balance", 252, "unknown")
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert reload(booked).status == "CONFIRMED"
    if not charged:
        assert moved(booked)[-1][-1] == "failed"
        later(AN_HOUR)
        deposits.charge_due(SYSTEM, desk)
    assert (sums(booked), told(), agrees()) == ((360, 0, 0), [], True)


def test_whoever_dies_with_a_step_leaves_it_to_the_next_one(
    booked: Booking, desk: BookingContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from booking.domain.payments import schedule

    later(DUE)
    for dies_in in ("_begin", "_charge", "settle"):
        with monkeypatch.context() as dying:
            dying.setattr(schedule, dies_in, _dies)
            deposits.charge_due(SYSTEM, desk)
        recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
        later(AN_HOUR)
    deposits.charge_due(SYSTEM, desk)
    assert (sums(booked), charged_by_provider(booked), agrees()) == ((360, 0, 0), 360, True)


def _dies(*_: object) -> None:
    raise RuntimeError("killed")


def charged_by_provider(booking: Booking) -> int:
    return moved_by_provider(booking, "charge")


def returned_by_provider(booking: Booking) -> int:
    return moved_by_provider(booking, "refund")


@transaction
def moved_by_provider(booking: Booking, kind: str) -> int:
    ids = select(Payment.id).where(Payment.order_id == booking.order_id)
    entries = select(SimulatedLedger.amount).where(SimulatedLedger.key.in_(ids), SimulatedLedger.kind == kind)
    return int(sum(db.session.scalars(entries)))


def test_cancelled_before_the_rest_was_due_only_what_was_paid_comes_back(
    alice: User, booked: Booking, desk: BookingContext
) -> None:
    cancelled = bookings.cancel(acting(alice), booked.id, desk)
    assert (cancelled.refund_amount, sums(booked)) == (Decimal(108), (108, 108, 0))
    later(DUE)
    assert deposits.charge_due(SYSTEM, desk) == 1
    assert (moved(booked)[-1], steps(booked)[1].next_at, agrees()) == (
        ("refund", "deposit", 108, "succeeded"),
        None,
        True,
    )


@each("answered", [True, False])
@each(("policy", "kept"), [({}, 0), ({"cancellation_policy": HALF}, 180)])
def test_cancelled_while_the_rest_is_charged_what_is_owed_no_more_goes_back(
    alice: User, desk: BookingContext, policy: dict[str, Any], kept: int, answered: bool
) -> None:
    booked = pay(hold(alice, a_room(**policy), desk), desk)

    def cancelled(_: Outcome) -> None:
        bookings.cancel(acting(alice), booked.id, desk)
        if not answered:
            raise NoAnswer

    later(DUE)
    deposits.charge_due(SYSTEM, interrupted(desk, cancelled))
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    paid, back, due = sums(booked)
    assert (paid - back, due, returned_by_provider(booked), agrees()) == (kept, 0, 360 - kept, True)


def test_a_cheaper_stay_while_the_rest_is_charged_costs_no_more_than_it_does(
    booked: Booking, desk: BookingContext
) -> None:
    check_out = in_days(30, 1).check_out

    def shorter(_: Outcome) -> None:
        changed(booked, desk, check_out=check_out)

    later(DUE)
    deposits.charge_due(SYSTEM, interrupted(desk, shorter))
    assert (sums(booked), returned_by_provider(booked), agrees()) == ((360, 240, 0), 240, True)


def test_a_refund_that_is_owed_already_is_not_given_twice_with_what_the_rest_brought_too_much(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = pay(hold(alice, room, desk), desk, REFUND_DECLINED)

    def cancelled(_: Outcome) -> None:
        bookings.cancel(acting(alice), booked.id, desk)

    later(DUE)
    deposits.charge_due(SYSTEM, interrupted(desk, cancelled))
    assert sorted(one.amount for one in payments_of(booked) if one.kind == "refund") == [108, 252]
    assert {finding.rule for finding in verification.verify().findings} == {"refund_owed"}


def test_a_hold_whose_rest_is_due_already_waits_until_it_is_paid(alice: User, room: Room, desk: BookingContext) -> None:
    held = hold(alice, room, desk)
    say("UPDATE payment_schedule SET due_at = now(), next_at = now() WHERE purpose = 'balance'")
    say("UPDATE bookings SET policy = jsonb_set(policy, '{deposit,balanceDueAt}', to_jsonb(now()))")
    deposits.charge_due(SYSTEM, desk)
    assert (payments_of(held), told()) == ([], [])
    pay(held, desk)
    say("UPDATE payment_schedule SET next_at = now() WHERE purpose = 'balance'")
    deposits.charge_due(SYSTEM, desk)
    assert (sums(held), told()) == ((360, 0, 0), [])


def test_the_rest_of_what_staff_vouches_for_is_nobodys_card_to_pay(
    alice: User, room: Room, desk: BookingContext
) -> None:
    held = hold(alice, room, desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (payments_of(held), told(), steps(held)[1].next_at, agrees()) == ([], [], None, True)


def test_what_the_policy_keeps_beyond_the_deposit_is_charged_when_it_is_due(alice: User, desk: BookingContext) -> None:
    booked = pay(hold(alice, a_room(cancellation_policy=HALF), desk), desk)
    bookings.cancel(acting(alice), booked.id, desk)
    assert sums(booked) == (108, 0, 72)
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (sums(booked), agrees()) == ((180, 0, 0), True)


def test_what_was_paid_at_the_desk_is_not_charged_again(booked: Booking, desk: BookingContext) -> None:
    payments.record_received(SYSTEM, booked.order_id, Decimal(200), by="desk", reference="receipt 1")
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (moved(booked)[-1], sums(booked)) == (("charge", "balance", 52, "succeeded"), (360, 0, 0))


def test_a_hold_that_ran_out_is_never_charged(alice: User, room: Room, desk: BookingContext) -> None:
    held = hold(alice, room, desk)
    later(DUE)
    bookings.expire_holds(SYSTEM)
    deposits.charge_due(SYSTEM, desk)
    assert (payments_of(held), steps(held)[1].next_at) == ([], None)


def test_only_the_worker_charges(booked: Booking, alice: User, desk: BookingContext) -> None:
    with pytest.raises(Forbidden):
        deposits.charge_due(acting(alice), desk)


@each(
    ("damage", "rule"),
    [
        ("DELETE FROM payment_schedule WHERE purpose = 'balance'", "schedule_incomplete"),
        ("DELETE FROM payment_schedule", "order_not_paid"),
        ("UPDATE payment_schedule SET amount = 109 WHERE purpose = 'deposit'", "order_not_paid"),
        ("UPDATE payment_schedule SET next_at = now() - interval '2 hours' WHERE purpose = 'balance'", "balance_waits"),
        (
            "UPDATE payment_schedule SET cancel_at = now() - interval '2 hours' WHERE purpose = 'balance'",
            "unpaid_waits",
        ),
    ],
)
def test_verify_finds_what_does_not_agree(alice: User, desk: BookingContext, damage: str, rule: str) -> None:
    pay(hold(alice, a_room(), desk), desk)
    say(damage)
    assert rule in {found.rule for found in verification.verify().findings}


@each(
    ("damage", "constraint"),
    [
        ("UPDATE payment_schedule SET amount = 1", "balance_is_the_rest"),
        ("UPDATE payment_schedule SET next_at = now()", "only_balance_is_charged"),
        ("UPDATE payment_schedule SET amount = 0 WHERE purpose = 'deposit'", "amount_positive"),
        ("UPDATE payment_schedule SET amount = 0.001 WHERE purpose = 'deposit'", "amount_decimals"),
    ],
)
def test_the_database_refuses_other_plans(booked: Booking, damage: str, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=f"ck_payment_schedule_{constraint}"):
        say(damage)
