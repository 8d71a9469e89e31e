"""An entry that staff made by mistake: its opposite takes it back, and what was only to be given back of it ends."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.actors import Actor, Role
from booking.domain.errors import EntryNotCorrectable, Forbidden, Invalid, RefundNotOwed
from booking.domain.maintenance import verification
from booking.domain.payments import refunds
from booking.domain.reservations import bookings, refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import entry_corrections
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.tables import Booking, Payment, Room, User
from tests.cast import SYSTEM, VISA, acting, all_at_once, in_days, order, order_of, payments_of, reload
from tests.domain.payments.test_by_hand import agrees, clerk, give_back, receive, say
from tests.domain.payments.test_by_hand import awaited as awaited  # noqa: PLC0414 a fixture
from tests.domain.payments.test_by_hand import vouched as vouched  # noqa: PLC0414 a fixture


def correct(entry: Payment, actor: Actor = SYSTEM, reason: str = "other guest") -> Payment:
    return entry_corrections.correct(actor, entry.id, reason, dt.timedelta(0))


def test_a_mistaken_entry_is_taken_back_by_its_opposite(app: Flask, vouched: Booking, room: Room) -> None:
    staff = clerk(Role.MANAGER, room)
    mistaken = receive(vouched, 100)
    results = all_at_once(app, [partial(correct, mistaken, staff)] * 3)
    [opposite] = {one.id: one for one in results}.values()
    assert (opposite.kind, int(opposite.amount), opposite.corrects_id) == ("refund", 100, mistaken.id)
    assert (opposite.recorded_by, opposite.provider_reference) == (str(staff), "other guest")
    assert (int(order_of(vouched).due), len(payments_of(vouched))) == (360, 2)
    assert payments_of(vouched)[0].state == "succeeded"  # as it was entered
    assert receive(vouched, 10).amount == 10  # the same receipt, as it should have been entered
    assert (int(order_of(vouched).due), agrees()) == (350, True)


def test_a_refund_that_never_was_given_back_awaits_staff_again(vouched: Booking, awaited: Payment) -> None:
    opposite = correct(give_back(awaited))
    assert (opposite.kind, opposite.corrects_id) == ("charge", awaited.id)
    assert refunds.states([vouched.id]) == {vouched.id: refunds.UNDER_WAY}
    again = payments_of(vouched)[-1]
    assert (again.state, int(again.amount), int(order_of(vouched).due)) == ("awaiting_staff", 360, 0)
    assert agrees()
    give_back(again, "cash 5")
    assert refunds.states([vouched.id]) == {vouched.id: refunds.RETURNED}
    assert agrees()


@pytest.mark.parametrize("returned_by_mistake", [False, True])
def test_money_that_never_came_goes_back_to_nobody(
    app: Flask, alice: User, vouched: Booking, desk: BookingContext, returned_by_mistake: bool
) -> None:
    mistaken = receive(vouched, 200)
    bookings.cancel(acting(alice), vouched.id, desk, seen_refund=Decimal(200))
    if returned_by_mistake:
        correct(give_back(payments_of(vouched)[-1]))
    results = all_at_once(app, [partial(correct, mistaken)] * 3)
    [opposite] = {one.id: one for one in results}.values()
    assert (opposite.kind, int(opposite.amount), opposite.corrects_id) == ("refund", 200, mistaken.id)
    assert (refund_debts.awaiting_staff(SYSTEM), refund_debts.owed(SYSTEM)) == ([], [])
    cancelled = reload(vouched)
    assert (cancelled.refund_amount, refunds.states([vouched.id])) == (Decimal(0), {})
    order = order_of(vouched)
    assert [int(one) for one in (order.due, order.net_paid, order.refunding)] == [0, 0, 0]
    [ended] = [one for one in payments_of(vouched) if one.failure]
    assert (ended.state, ended.failure) == ("failed", "corrected")
    for again in (partial(give_back, ended), partial(refunds.retry, SYSTEM, ended.id, desk)):
        with pytest.raises(RefundNotOwed):
            again()
    assert agrees()
    account_deletion.remove(SYSTEM, alice.id)


def test_of_several_entries_only_the_mistaken_ones_refund_ends(
    alice: User, vouched: Booking, desk: BookingContext
) -> None:
    receive(vouched, 100)
    mistaken = receive(vouched, 260, "line 7", by="transfer")
    bookings.cancel(acting(alice), vouched.id, desk)
    correct(mistaken)
    [left] = refund_debts.awaiting_staff(SYSTEM)
    assert (left.provider, int(left.amount), reload(vouched).refund_amount) == ("desk", 100, Decimal(100))
    payments.record_returned(SYSTEM, left.payment_id, reference="cash 3")
    assert refunds.states([vouched.id]) == {vouched.id: refunds.RETURNED}
    assert agrees()


def test_a_correction_is_no_refund_to_its_guest(alice: User, vouched: Booking, desk: BookingContext) -> None:
    correct(receive(vouched, 360))
    cancelled = bookings.cancel(acting(alice), vouched.id, desk)
    assert (cancelled.refund_amount, refunds.states([vouched.id])) == (Decimal(0), {})
    assert agrees()


def test_only_entries_made_by_hand_are_corrected_and_only_whole_ones(
    alice: User, room: Room, vouched: Booking, awaited: Payment, desk: BookingContext
) -> None:
    paid = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    taken = payments_of(vouched)[0]
    correction = correct(give_back(awaited))
    waits = payments_of(vouched)[-1]
    for payment in (payments_of(paid)[0], correction, waits):
        with pytest.raises(EntryNotCorrectable):
            correct(payment)
    give_back(waits, "cash 4")
    with pytest.raises(EntryNotCorrectable):
        correct(taken)
    with pytest.raises(Forbidden):
        correct(taken, clerk(Role.DESK, room))
    with pytest.raises(Invalid):
        correct(taken, reason="")


def test_verify_finds_a_correction_that_is_no_opposite(vouched: Booking) -> None:
    correct(receive(vouched, 100))
    say("UPDATE payments SET amount = 90 WHERE kind = 'refund'")
    assert "correction_is_no_opposite" in {found.rule for found in verification.verify().findings}
