"""The house lets a guest off what is still due: by name, with a reason, once, and no money comes back for it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from booking.domain import payments
from booking.domain.actors import Actor, Membership, Role
from booking.domain.errors import (
    EntryDiffers,
    EntryNotCorrectable,
    Forbidden,
    Invalid,
    MoreThanDue,
    NothingDue,
    NotVouchedFor,
    OrderNotFound,
    PaymentNotFound,
)
from booking.domain.maintenance import verification
from booking.domain.payments import Waiver
from booking.domain.people import audit_log
from booking.domain.reservations import balances, bookings, deposits, front_desk, guarantees, holds, stay_changes
from booking.domain.reservations.change_quotes import StayChange
from booking.domain.reservations.change_settlements import Settlement
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.front_desk import change_previews
from booking.domain.reservations.personal_data import account_deletion
from booking.domain.reservations.stay_changes import Agreed
from booking.domain.tables import Booking, Room, User
from booking.infra.db import READ_COMMITTED, db, transaction
from booking.infra.ids import encode, new_id
from tests.cases import each
from tests.cast import SYSTEM, VISA, a_room, acting, all_at_once, in_days, later, order, order_of, payments_of
from tests.domain.payments.test_schedule import DUE, hold, pay
from tests.domain.reservations.changing import changed
from tests.web.visitor import Visitor

HALF = {"name": "half", "tiers": [{"daysBefore": 1, "percent": 50}]}


@pytest.fixture
def vouched(alice: User, desk: BookingContext) -> Booking:
    """360 EUR, to be paid at the desk; a cancellation keeps half."""
    held = holds.reserve(acting(alice), order(alice, a_room(cancellation_policy=HALF)), desk)
    return guarantees.guarantee(SYSTEM, held.order_id, "desk")[0]


def waive(booking: Booking, amount: int | None = None, reason: str = "heating was out") -> Waiver:
    given = None if amount is None else Decimal(amount)
    return payments.waive_debt(SYSTEM, booking.order_id, reason, given)


def figures(booking: Booking) -> tuple[int, int, int]:
    """Paid, waived, due."""
    bought = order_of(booking)
    return int(bought.paid), int(bought.waived), int(bought.due)


def agrees() -> bool:
    return verification.verify().findings == []


@transaction(isolation=READ_COMMITTED)
def say(statement: str) -> None:
    db.session.execute(text(statement))


def test_what_is_waived_is_due_no_more_and_signed(vouched: Booking) -> None:
    done = waive(vouched)
    assert (int(done.amount), done.reason, done.recorded_by) == (360, "heating was out", str(SYSTEM))
    assert (figures(vouched), balances.due(SYSTEM), agrees()) == ((0, 360, 0), [], True)
    [entry] = [one for one in audit_log.entries(SYSTEM, limit=20) if one.action == "debt.waived"]
    assert entry.subject == encode("waiver", done.id)
    assert "heating" not in str(entry.after)  # it may speak of a person


def test_a_part_leaves_the_rest_due(vouched: Booking) -> None:
    waive(vouched, 60)
    payments.record_received(SYSTEM, vouched.order_id, Decimal(100), by="desk", reference="1")
    assert (figures(vouched), agrees()) == ((100, 60, 200), True)
    with pytest.raises(MoreThanDue):
        payments.record_received(SYSTEM, vouched.order_id, Decimal(201), by="desk", reference="2")


def test_asked_twice_it_is_waived_once(app: Flask, vouched: Booking) -> None:
    done = all_at_once(app, [partial(waive, vouched, 60)] * 3)
    assert len({one.id for one in done}) == 1
    assert (figures(vouched), agrees()) == ((0, 60, 300), True)
    with pytest.raises(EntryDiffers):
        waive(vouched, 50)
    waive(vouched, 50, "late check-in")
    assert figures(vouched) == (0, 110, 250)


@each(
    ("amount", "reason", "refusal"),
    [(0, "x", Invalid), (-5, "x", Invalid), (60, " ", Invalid), (60, "x" * 256, Invalid), (361, "x", MoreThanDue)],
)
def test_nonsense_is_refused(
    alice: User, desk: BookingContext, amount: int, reason: str, refusal: type[Exception]
) -> None:
    held = holds.reserve(acting(alice), order(alice, a_room()), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    with pytest.raises(refusal):
        waive(held, amount, reason)
    assert figures(held) == (0, 0, 360)


def test_postgres_refuses_more_than_is_due_whoever_writes_it(vouched: Booking) -> None:
    waived = waive(vouched, 300)
    more = "INSERT INTO waivers SELECT gen_random_uuid(), order_id, 61, currency, 'x', 'x', NULL FROM waivers"
    with pytest.raises(IntegrityError, match="let off more than is due"):
        say(more)
    assert figures(vouched) == (0, 300, 60)
    front_desk.correct_waiver(SYSTEM, waived.id, "typed wrongly")
    assert figures(vouched) == (0, 0, 360)


def test_what_is_paid_or_only_held_is_not_waived(alice: User, desk: BookingContext) -> None:
    with pytest.raises(NothingDue):
        waive(bookings.book(acting(alice), order(alice, a_room()), VISA, desk))
    with pytest.raises(NotVouchedFor):
        waive(holds.reserve(acting(alice), order(alice, a_room()), desk))
    with pytest.raises(OrderNotFound):
        payments.waive_debt(SYSTEM, new_id(), "x")


def test_who_may(vouched: Booking, bob: User) -> None:
    def clerk(role: Role) -> Actor:
        return Actor.signed_in(uuid.uuid4(), (Membership(role, vouched.property_id),), uuid.uuid4())

    for actor, refusal in (
        (acting(bob), OrderNotFound),
        (acting(vouched.user_id), Forbidden),
        (clerk(Role.DESK), Forbidden),
    ):
        with pytest.raises(refusal):
            payments.waive_debt(actor, vouched.order_id, "x")
    assert payments.waive_debt(clerk(Role.MANAGER), vouched.order_id, "x").amount == 360


def test_a_mistake_is_taken_back_once(vouched: Booking) -> None:
    mistaken = waive(vouched)
    first = front_desk.correct_waiver(SYSTEM, mistaken.id, "another guest")
    assert front_desk.correct_waiver(SYSTEM, mistaken.id, "another guest").id == first.id
    assert (figures(vouched), agrees()) == ((0, 0, 360), True)
    with pytest.raises(EntryNotCorrectable):
        front_desk.correct_waiver(SYSTEM, first.id, "x")
    with pytest.raises(PaymentNotFound):
        front_desk.correct_waiver(SYSTEM, new_id(), "x")
    assert int(waive(vouched).amount) == 360  # for the same reason, after all


def test_no_card_is_charged_for_it(alice: User, room: Room, desk: BookingContext) -> None:
    booked = pay(hold(alice, room, desk), desk)
    waive(booked)
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert (len(payments_of(booked)), figures(booked), agrees()) == (1, (108, 252, 0), True)


def test_of_a_part_only_the_rest_is_charged(alice: User, room: Room, desk: BookingContext) -> None:
    booked = pay(hold(alice, room, desk), desk)
    waive(booked, 52)
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert ([int(one.amount) for one in payments_of(booked)], figures(booked)) == ([108, 200], (308, 52, 0))
    assert agrees()


def test_a_cancellation_gives_back_no_more_than_without_it(vouched: Booking, desk: BookingContext) -> None:
    payments.record_received(SYSTEM, vouched.order_id, Decimal(200), by="desk", reference="1")
    waive(vouched)
    cancelled = bookings.cancel(acting(vouched.user_id), vouched.id, desk)
    assert (int(cancelled.refund_amount or 0), figures(vouched), agrees()) == (20, (200, 160, 0), True)


def test_a_longer_stay_costs_its_difference_and_no_more(vouched: Booking, desk: BookingContext) -> None:
    waive(vouched)
    changed(vouched, desk, check_out=in_days(30, 5).check_out)
    assert (figures(vouched), agrees()) == ((240, 360, 0), True)
    changed(vouched, desk, None, check_out=in_days(30, 2).check_out)
    assert agrees()


def test_what_is_waived_keeps_no_account(vouched: Booking, alice: User, desk: BookingContext) -> None:
    bookings.cancel(acting(alice), vouched.id, desk)
    waive(vouched)
    account_deletion.remove(SYSTEM, alice.id)


def test_the_guest_reads_what_need_not_be_paid(app: Flask, alice: User, vouched: Booking) -> None:
    payments.record_received(SYSTEM, vouched.order_id, Decimal(100), by="desk", reference="1")
    waive(vouched, 60)
    guest = Visitor(app).signed_in(alice)
    for rest in ("", "/receipt"):
        said = guest.go(f"/bookings/{encode('booking', vouched.id)}{rest}").text
        assert "Paid €100 No longer to pay €60 To pay at the property €200" in said
    waive(vouched, reason="more")
    said = guest.go(f"/bookings/{encode('booking', vouched.id)}").text
    assert "Paid €100 No longer to pay €260" in said
    assert "To pay at the property" not in said


@each(
    ("damage", "rule"),
    [
        ("UPDATE orders SET waived = 10", "order_waived_otherwise"),
        ("DELETE FROM waivers", "order_waived_otherwise"),
    ],
)
def test_verify_finds_what_does_not_agree(alice: User, desk: BookingContext, damage: str, rule: str) -> None:
    held = holds.reserve(acting(alice), order(alice, a_room()), desk)
    guarantees.guarantee(SYSTEM, held.order_id, "desk")
    waive(held)
    say(damage)
    assert rule in {found.rule for found in verification.verify().findings}


def test_whether_an_order_that_is_vouched_for_owes_is_known_of_each_and_checked(
    vouched: Booking, desk: BookingContext, alice: User, environ: dict[str, str]
) -> None:
    """By a trigger, with every change of its sums; where that has not run, it is found."""
    assert order_of(vouched).is_owing
    waive(vouched)
    assert not order_of(vouched).is_owing
    paid = bookings.book(acting(alice), order(alice, a_room(), in_days(40)), VISA, desk)
    say("UPDATE orders SET is_owing = true")
    assert not order_of(paid).is_owing, "it is for orders that staff vouches for"
    owner = create_engine(environ["MIGRATION_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("ALTER TABLE orders DISABLE TRIGGER orders_owing"))
        try:
            connection.execute(text("UPDATE orders SET is_owing = true WHERE guarantee IS NOT NULL"))
        finally:
            connection.execute(text("ALTER TABLE orders ENABLE TRIGGER orders_owing"))
    owner.dispose()
    assert [one.rule for one in verification.verify().findings] == ["order_owing_otherwise"]


def test_the_database_refuses_less_than_nothing(vouched: Booking) -> None:
    with pytest.raises(IntegrityError, match="ck_orders_waived_not_negative"):
        say("UPDATE orders SET waived = -1")


def test_by_command(app: Flask, vouched: Booking) -> None:
    def flask(*words: str) -> Any:
        return app.test_cli_runner().invoke(args=["payments", *words])

    done = flask("waive", vouched.reference, "60", "--reason", "late check-in")
    assert done.exit_code == 0, done.output
    assert f"waived: 60 EUR of {vouched.reference}; 300 EUR due." in done.output.replace(".00", "")
    shown = done.output.split()[0]
    assert "MORE" not in flask("waive", vouched.reference, "--reason", "all").output
    assert figures(vouched)[2] == 0
    assert f"{shown} corrected by waiver_" in flask("correct", shown, "--reason", "typed wrongly").output
    assert figures(vouched) == (0, 300, 60)
    assert flask("correct", "nonsense", "--reason", "x").exit_code == 2
    assert flask("waive", vouched.reference).exit_code == 2


def test_what_a_change_costs_more_is_vouched_for_once_its_guest_is_let_off_no_more(
    alice: User, room: Room, desk: BookingContext
) -> None:
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    wanted = StayChange(check_out=booked.check_out + dt.timedelta(days=1))
    seen = change_previews.preview(SYSTEM, booked.id, wanted, desk.rules)
    let_off = Settlement(let_off="the lift was out of order")
    agreed = Agreed(wanted, seen.quote.difference, seen.quote.version, settlement=let_off, shown_refund=seen.refund)
    stay_changes.change(SYSTEM, booked.id, agreed, desk)
    assert (order_of(booked).guarantee, agrees()) == (None, True)
    [waiver] = front_desk.get_booking(SYSTEM, booked.id).waivers
    for _ in range(2):
        front_desk.correct_waiver(SYSTEM, waiver.id, "it was another lift")
    assert (order_of(booked).guarantee, int(order_of(booked).due), agrees()) == ("desk", 120, True)
