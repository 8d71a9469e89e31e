"""Money that staff takes and gives back by hand: who, when, under which reference; never more than is due."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import (
    EntryDiffers,
    Forbidden,
    Invalid,
    MoreThanDue,
    NothingOwed,
    OrderNotFound,
    PaymentInProgress,
    PaymentNotFound,
    RefundNotOwed,
)
from booking.domain.maintenance import verification
from booking.domain.payments import ledger, refunds
from booking.domain.people import audit_log
from booking.domain.reservations import (
    bookings,
    guarantees,
    holds,
    recovery,
)
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Payment, Room, User
from booking.infra import clock
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode
from tests.cases import each
from tests.cast import (
    AN_HOUR,
    SYSTEM,
    VISA,
    a_room,
    acting,
    all_at_once,
    in_days,
    order,
    order_of,
    payments_of,
)


def clerk(role: Role, at: Room | None) -> Actor:
    return Actor.signed_in(uuid.uuid4(), (Membership(role, at.property_id if at else None),), uuid.uuid4())


def test_an_entry_without_a_day_is_of_the_propertys_own_day(alice: User, desk: BookingContext) -> None:
    elsewhere = next(zone for zone in ("Etc/GMT-14", "Etc/GMT+12") if clock.today(zone) != clock.now().date())
    held = holds.reserve(acting(alice), order(alice, a_room(time_zone=elsewhere)), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    assert receive(held, 360).value_date == clock.today(elsewhere)
    bookings.cancel(SYSTEM, held.id, desk)
    assert payments.record_returned(SYSTEM, payments_of(held)[-1].id, reference="cash 2").value_date == clock.today(
        elsewhere
    )


@pytest.fixture
def vouched(alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, guaranteed, to be paid at the desk."""
    held = holds.reserve(acting(alice), order(alice, room), desk)
    return guarantees.guarantee(SYSTEM, held.order_id, "desk")[0]


def receive(
    booking: Booking, amount: object, reference: str = "receipt 1", by: str = "desk", actor: Actor = SYSTEM
) -> Payment:
    return payments.record_received(actor, booking.order_id, Decimal(str(amount)), by=by, reference=reference)


def agrees() -> bool:
    return verification.verify().findings == []


@transaction(isolation=READ_COMMITTED)
def say(statement: str) -> None:
    db.session.execute(text(statement))


def test_what_staff_takes_is_entered_with_who_and_when(vouched: Booking, room: Room) -> None:
    staff, on = clerk(Role.DESK, room), clock.now().date() - dt.timedelta(days=2)
    entry = payments.record_received(
        staff, vouched.order_id, Decimal("100.50"), by="transfer", reference=" line 7 ", received_on=on
    )
    receive(vouched, "259.50")
    first, second = payments_of(vouched)
    assert (first.id, first.kind, first.state, first.purpose) == (entry.id, "charge", "succeeded", "balance")
    assert (first.provider, first.provider_reference) == ("transfer", "line 7")
    assert (first.recorded_by, first.value_date) == (str(staff), on)
    assert (second.provider, second.recorded_by, second.value_date) == ("desk", str(SYSTEM), clock.now().date())
    assert (int(order_of(vouched).paid), int(order_of(vouched).due)) == (360, 0)
    [said] = audit_log.entries(SYSTEM, subject=encode("payment", entry.id))
    assert (said.actor, said.action) == (str(staff), "payment.received")
    assert "line 7" not in str(said.after)
    assert agrees()


def test_never_more_than_is_due(vouched: Booking) -> None:
    with pytest.raises(NothingOwed):
        receive(vouched, "360.01")
    receive(vouched, 300)
    with pytest.raises(NothingOwed):
        receive(vouched, "60.01", "receipt 2")
    receive(vouched, 60, "receipt 2")
    with pytest.raises(NothingOwed):
        receive(vouched, "0.01", "receipt 3")
    assert int(order_of(vouched).paid) == 360


def test_a_hold_is_guaranteed_before_money_is_taken_for_it(alice: User, room: Room, desk: BookingContext) -> None:
    held = holds.reserve(acting(alice), order(alice, room), desk)
    with pytest.raises(NothingOwed):
        receive(held, 360)
    assert payments_of(held) == []


def test_entered_twice_it_is_one(app: Flask, vouched: Booking) -> None:
    first = receive(vouched, 100)
    assert receive(vouched, 100).id == first.id
    for amount, by in ((90, "desk"), (100, "transfer")):
        with pytest.raises(EntryDiffers):
            receive(vouched, amount, by=by)
    many = all_at_once(app, [partial(receive, vouched, 50, "receipt 2")] * 4)
    assert len({one.id for one in many}) == 1
    assert (len(payments_of(vouched)), int(order_of(vouched).paid)) == (2, 150)


def test_of_many_entries_at_once_no_two_exceed_what_is_due(app: Flask, vouched: Booking) -> None:
    results = all_at_once(app, [partial(receive, vouched, 200, f"receipt {number}") for number in range(5)])
    assert len([one for one in results if isinstance(one, Payment)]) == 1
    assert {type(one) for one in results if not isinstance(one, Payment)} == {MoreThanDue}
    assert int(order_of(vouched).paid) == 200


def test_while_the_order_is_charged_nothing_is_entered(vouched: Booking, desk: BookingContext) -> None:
    @transaction
    def begun() -> Payment:
        due = payments.Due(vouched.order_id, vouched.id, Decimal(200), "EUR", "balance")
        return payments.start_charge(due, method=VISA, context=desk)

    begun()
    with pytest.raises(PaymentInProgress):
        receive(vouched, 10)


def test_a_charge_takes_only_what_nobody_took_by_hand(vouched: Booking, desk: BookingContext) -> None:
    receive(vouched, 200)

    @transaction
    def charge(amount: int) -> Payment:
        due = payments.Due(vouched.order_id, vouched.id, Decimal(amount), "EUR", "balance")
        return payments.start_charge(due, method=VISA, context=desk)

    with pytest.raises(NothingOwed):
        charge(161)
    assert charge(160).state == "started"


def test_who_may_enter_it(vouched: Booking, alice: User, bob: User, room: Room) -> None:
    for stranger in (acting(bob), clerk(Role.OWNER, a_room()), clerk(Role.HOUSEKEEPING, room)):
        with pytest.raises(OrderNotFound):
            receive(vouched, 10, actor=stranger)
    with pytest.raises(Forbidden):
        receive(vouched, 10, actor=acting(alice))
    with pytest.raises(OrderNotFound):
        payments.record_received(SYSTEM, uuid.uuid4(), Decimal(1), by="desk", reference="x")
    for number, role in enumerate((Role.DESK, Role.MANAGER, Role.OWNER)):
        receive(vouched, 10, f"receipt {number}", actor=clerk(role, room))
    assert int(order_of(vouched).paid) == 30


@each(
    ("wrong", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"by": "cheque"}, "by"),
        ({"reference": " \u2800 "}, "reference"),
        ({"reference": "x" * 256}, "reference"),
        ({"received_on": dt.date(2999, 1, 1)}, "receivedOn"),
        ({"received_on": dt.date(1900, 1, 1)}, "receivedOn"),
    ],
)
def test_bad_input_names_the_field(vouched: Booking, wrong: dict[str, object], field: str) -> None:
    said: dict[str, object] = {"amount": Decimal(10), "by": "desk", "reference": "receipt"} | wrong
    with pytest.raises(Invalid) as refused:
        payments.record_received(SYSTEM, vouched.order_id, said.pop("amount"), **said)  # type: ignore[arg-type]
    assert set(refused.value.details) == {field}
    assert payments_of(vouched) == []


@each(
    ("statement", "constraint"),
    [
        ("UPDATE payments SET recorded_by = NULL", "by_hand_is_signed"),
        ("UPDATE payments SET value_date = NULL", "by_hand_is_signed"),
        ("UPDATE payments SET provider = 'simulated'", "by_hand_is_signed"),
        (
            "UPDATE payments SET corrects_id = id, state = 'failed', recorded_by = NULL, value_date = NULL",
            "only_by_hand_corrects",
        ),
    ],
)
def test_the_database_knows_no_money_taken_by_nobody(vouched: Booking, statement: str, constraint: str) -> None:
    receive(vouched, 10)
    with pytest.raises(IntegrityError, match=f"ck_payments_{constraint}"):
        say(statement)


def test_verify_finds_an_entry_made_twice(vouched: Booking) -> None:
    receive(vouched, 10)
    receive(vouched, 20, "receipt 2")
    say("UPDATE payments SET provider_reference = 'receipt 1'")
    assert {found.rule for found in verification.verify().findings} == {"entry_made_twice"}


def test_another_stay_of_the_guest_is_another_order(
    alice: User, room: Room, vouched: Booking, desk: BookingContext
) -> None:
    other = holds.reserve(acting(alice), order(alice, room, in_days(60)), desk)
    guarantees.guarantee(SYSTEM, other.order_id, "desk")
    receive(vouched, 100)
    receive(other, 100)
    assert (int(order_of(vouched).paid), int(order_of(other).paid)) == (100, 100)


# --- given back by hand


@pytest.fixture
def awaited(alice: User, vouched: Booking, desk: BookingContext) -> Payment:
    """A refund of 360 EUR that were taken at the desk: cancelled, and staff is to give it back."""
    receive(vouched, 360)
    bookings.cancel(acting(alice), vouched.id, desk, seen_refund=Decimal(360))
    refund = payments_of(vouched)[-1]
    assert (refund.kind, refund.state, refund.provider) == ("refund", "awaiting_staff", "desk")
    return refund


def give_back(refund: Payment, reference: str = "cash 3", actor: Actor = SYSTEM) -> Payment:
    return payments.record_returned(actor, refund.id, reference=reference)


def test_money_taken_by_hand_goes_back_by_hand(vouched: Booking, room: Room, awaited: Payment) -> None:
    assert refunds.states([vouched.id]) == {vouched.id: refunds.UNDER_WAY}
    assert (int(order_of(vouched).refunding), agrees()) == (360, True)
    staff = clerk(Role.DESK, room)
    done = give_back(awaited, actor=staff)
    assert (done.state, done.recorded_by, done.provider_reference) == ("succeeded", str(staff), "cash 3")
    assert refunds.states([vouched.id]) == {vouched.id: refunds.RETURNED}
    assert (int(order_of(vouched).refunded), int(order_of(vouched).refunding)) == (360, 0)
    [said] = audit_log.entries(SYSTEM, subject=encode("payment", awaited.id))
    assert (said.actor, said.action) == (str(staff), "refund.succeeded")
    assert agrees()


def test_given_back_twice_it_went_back_once(app: Flask, vouched: Booking, awaited: Payment) -> None:
    results = all_at_once(app, [partial(give_back, awaited)] * 3)
    assert {getattr(one, "id", one) for one in results} == {awaited.id}
    with pytest.raises(RefundNotOwed):
        give_back(awaited, "cash 4")
    assert int(order_of(vouched).refunded) == 360


def test_what_awaits_nobody_is_not_given_back(
    alice: User, bob: User, room: Room, vouched: Booking, awaited: Payment, desk: BookingContext
) -> None:
    paid = bookings.book(acting(alice), order(alice, room, in_days(60)), VISA, desk)
    bookings.cancel(acting(alice), paid.id, desk)
    for payment in (payments_of(paid)[0], payments_of(paid)[1], payments_of(vouched)[0]):
        with pytest.raises(RefundNotOwed):
            give_back(payment)
    for stranger, refusal in ((acting(bob), OrderNotFound), (acting(alice), Forbidden)):
        with pytest.raises(refusal):
            give_back(awaited, actor=stranger)
    with pytest.raises(PaymentNotFound):
        payments.record_returned(SYSTEM, uuid.uuid4(), reference="x")
    with pytest.raises(Invalid) as refused:
        payments.record_returned(SYSTEM, awaited.id, reference=" ", returned_on=dt.date(2999, 1, 1))
    assert set(refused.value.details) == {"reference", "returnedOn"}


def test_recovery_leaves_to_staff_what_is_theirs(vouched: Booking, awaited: Payment, desk: BookingContext) -> None:
    recovery.recover_payments(SYSTEM, desk, ahead=AN_HOUR)
    assert payments_of(vouched)[-1].state == "awaiting_staff"


def test_of_several_ways_to_pay_each_goes_back_its_own(alice: User, vouched: Booking, desk: BookingContext) -> None:
    receive(vouched, 100)
    receive(vouched, 260, "line 7", by="transfer")
    bookings.cancel(acting(alice), vouched.id, desk)
    back = [(one.provider, int(one.amount), one.state) for one in payments_of(vouched) if one.kind == "refund"]
    assert back == [("transfer", 260, "awaiting_staff"), ("desk", 100, "awaiting_staff")]
    give_back(payments_of(vouched)[-1], "one envelope")
    assert refunds.states([vouched.id]) == {vouched.id: refunds.UNDER_WAY}
    give_back(payments_of(vouched)[-2], "one envelope")
    assert refunds.states([vouched.id]) == {vouched.id: refunds.RETURNED}
    assert agrees()


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("259", ["259"]),
        ("259.50", ["259.50"]),
        ("260", ["259.50", "0.50"]),
        ("360", ["259.50", "100.50"]),
        ("360.50", []),  # more than was paid
    ],
)
def test_a_refund_takes_from_the_latest_payment_first_and_what_is_missing_from_those_before(
    vouched: Booking, amount: str, parts: list[str]
) -> None:
    for number, paid in enumerate(("100.50", "259.50")):
        receive(vouched, paid, f"receipt {number}")

    @transaction
    def begin() -> list[Payment]:
        order = payments.lock_order(vouched.order_id)
        return ledger.start_refunds(order, vouched.id, Decimal(amount), AN_HOUR)

    if not parts:
        with pytest.raises(RefundNotOwed):
            begin()
        return
    begun = begin()
    assert [(one.amount, one.state, one.booking_id) for one in begun] == [
        (Decimal(part), "awaiting_staff", vouched.id) for part in parts
    ]
    assert [one.debt_id for one in begun] == [one.id for one in begun]


def test_no_payment_gives_back_more_than_it_brought(vouched: Booking) -> None:
    receive(vouched, "100.50", "receipt 1")
    receive(vouched, "259.50", "receipt 2")
    first = payments_of(vouched)[0]

    @transaction
    def begin(amount: str) -> Payment:
        payments.lock_order(vouched.order_id)
        return ledger.start_refund(first, Decimal(amount), AN_HOUR)

    with pytest.raises(RefundNotOwed):
        begin("100.60")
    assert begin("100.50").charge_id == first.id
    with pytest.raises(RefundNotOwed):
        begin("0.10")
