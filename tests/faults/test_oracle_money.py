"""What guests and staff were told of deposits, guarantees, orders and nights: each finding is made once, by hand."""

from __future__ import annotations

import contextvars
import datetime as dt
import random
import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.people import sessions
from booking.domain.pricing import DepositPlan
from booking.domain.reservations import bookings, deposits, guarantees, holds
from booking.domain.reservations.context import BookingContext
from booking.domain.reservations.requests import OrderItem, OrderRequest
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests import oracle, oracle_money
from tests.api.program import token_of
from tests.cases import each
from tests.cast import SYSTEM, VISA, acting, beside, in_days, later, order, order_of
from tests.faults import disasters, order_holders
from tests.faults.detour import house_rules
from tests.faults.guests import Guest, Plan
from tests.faults.line import Line, Reply
from tests.faults.order_holders import Held
from tests.faults.test_oracle import changed, database
from tests.oracle_money import Drawer, Entry

__all__ = ["database"]

PERCENT = 30
SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
DUE = dt.timedelta(days=51)  # 50 days before a stay that begins in 100 it is due


def told_of(booking: Booking, **more: Any) -> oracle.Told:
    ids = encode("user", booking.user_id), encode("booking", booking.id)
    return oracle.Told(ids[0], "", 201, booking_id=ids[1], price=float(booking.total_price), **more)


# --- deposits


@pytest.fixture
def in_parts(app: Flask, alice: User, room: Room, desk: BookingContext) -> Booking:
    """360 EUR, of which 108 are paid."""
    plan = DepositPlan(balance_days=50, percent=Decimal(PERCENT))
    held = holds.reserve(acting(alice), replace(order(alice, room, in_days(100)), deposit=plan), desk)
    return bookings.pay(acting(alice), held.id, VISA, held.total_price, desk)


def of_deposits(database: Any, in_parts: Booking, deposit_of: float | None = 360) -> str:
    told = told_of(in_parts, deposit_of=deposit_of)
    return str(list(oracle_money.wrong_deposits(database, oracle.Facts(database), [told], PERCENT)))


def test_a_balance_that_was_never_charged_is_found_and_one_that_was_is_not(
    database: Any, in_parts: Booking, desk: BookingContext
) -> None:
    assert "the rest was never charged" in of_deposits(database, in_parts)
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert of_deposits(database, in_parts) == "[]"
    assert list(oracle.wrong_sums(database)) == []


def test_the_haste_of_a_storm_makes_a_balance_due(database: Any, in_parts: Booking, desk: BookingContext) -> None:
    changed(database, "UPDATE payment_schedule SET updated_at = now() - interval '1 minute'")
    changed(database, disasters.FALL_DUE)
    deposits.charge_due(SYSTEM, desk)
    assert of_deposits(database, in_parts) == "[]"


def test_a_balance_that_was_charged_twice_or_otherwise_is_found(
    database: Any, in_parts: Booking, desk: BookingContext
) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    again = """
        INSERT INTO payments (id, order_id, booking_id, kind, purpose, amount, currency, state, method, provider)
        SELECT gen_random_uuid(), order_id, booking_id, kind, purpose, amount, currency, 'failed', method, provider
        FROM payments WHERE purpose = 'balance'"""
    changed(database, again)
    entry = """
        INSERT INTO simulated_ledger (key, kind, reference, amount, currency)
        SELECT id, 'charge', id::text, amount, currency FROM payments WHERE state = 'failed'"""
    changed(database, entry)
    found = of_deposits(database, in_parts)
    assert ("too much is kept" in found, "was charged 3 times" in found) == (True, True)


def test_a_deposit_that_is_no_share_of_the_price_or_was_not_agreed_is_found(
    database: Any, in_parts: Booking, desk: BookingContext
) -> None:
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert "was to be paid at once" in of_deposits(database, in_parts, None)
    assert "where 90 of 300 is the deposit" in of_deposits(database, in_parts, 300)


def test_a_deposit_that_is_kept_of_a_cancelled_stay_is_found(
    database: Any, in_parts: Booking, desk: BookingContext
) -> None:
    bookings.cancel(acting(in_parts.user_id), in_parts.id, desk)
    assert of_deposits(database, in_parts) == "[]"
    changed(database, "DELETE FROM simulated_ledger WHERE kind = 'refund'")
    assert "too much is kept" in of_deposits(database, in_parts)


def test_news_of_a_declined_balance_come_once_where_one_was_declined(
    database: Any, in_parts: Booking, desk: BookingContext
) -> None:
    def news(arrived: set[str]) -> str:
        return str(list(oracle_money.wrong_news_of_balances(database, arrived)))

    changed(database, "UPDATE simulated_ledger SET method = 'pm_card_declined'")  # the card that was kept
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    [(event,)] = oracle.rows(database, "SELECT id::text FROM events WHERE type = 'balance.declined'")
    assert news({event}) == "[]"
    assert "no email came" in news(set())
    changed(database, "UPDATE orders SET waived = owed")  # nothing is due any more, so nobody has to be told
    assert news(set()) == "[]"
    changed(
        database,
        "INSERT INTO events (id, type, payload) SELECT gen_random_uuid(), type, payload FROM events"
        " WHERE type = 'balance.declined'",
    )
    assert "was told 2 times" in news({event})
    changed(database, "DELETE FROM simulated_ledger WHERE kind = 'declined'")
    assert "that nobody declined" in news({event})
    changed(database, "UPDATE events SET type = 'booking.created' WHERE type = 'balance.declined'")
    declined = """
        INSERT INTO simulated_ledger (key, kind, reference, amount, currency)
        SELECT id, 'declined', 'x', 1, 'EUR' FROM payments WHERE purpose = 'balance'"""
    changed(database, declined)
    assert "was not told that its balance was declined" in news(set())


# --- guarantees, and money by hand


@pytest.fixture
def vouched_for(app: Flask, alice: User, room: Room, desk: BookingContext) -> Booking:
    held = holds.reserve(acting(alice), order(alice, room, in_days(100)), desk)
    [booking] = guarantees.guarantee(SYSTEM, held.order_id, "desk")
    return booking


@pytest.fixture
def drawer(vouched_for: Booking) -> Drawer:
    """Of 360 EUR 200 were paid."""
    payments.record_received(SYSTEM, vouched_for.order_id, Decimal(200), by="desk", reference="receipt 1")
    entries = [Entry("charge", Decimal(200), "receipt 1")]
    return Drawer(order_of(vouched_for).reference, [told_of(vouched_for)], entries)


def of_drawers(database: Any, *drawers: Drawer) -> str:
    found = [
        *oracle_money.wrong_drawers(database, {drawer.reference: drawer for drawer in drawers}),
        *oracle.wrong_money(oracle.Facts(database)),
        *oracle.wrong_sums(database),
    ]
    return str(found)


def test_a_drawer_that_is_as_it_was_told_is_no_finding(database: Any, drawer: Drawer) -> None:
    assert of_drawers(database, drawer) == "[]"


@each(
    ("told", "found"),
    [
        ({"entries": []}, "is written"),
        ({"entries": [Entry("charge", Decimal(200), "receipt 1"), Entry("charge", Decimal(1), "2")]}, "is written"),
        ({"entries": [Entry("charge", Decimal(201), "receipt 1")]}, "and it is 201"),
        ({"lines": []}, "is kept where 0 is the price"),
    ],
)
def test_a_drawer_that_holds_something_else_is_found(
    database: Any, drawer: Drawer, told: dict[str, Any], found: str
) -> None:
    assert found in of_drawers(database, replace(drawer, **told))


def test_a_waiver_that_is_lost_or_that_nobody_gave_is_found(
    database: Any, drawer: Drawer, vouched_for: Booking
) -> None:
    payments.waive_debt(SYSTEM, vouched_for.order_id, "heating", Decimal(10))
    assert "was let off 1 times for 'heating'" in of_drawers(database, drawer)
    assert of_drawers(database, replace(drawer, waived={"heating": Decimal(10)})) == "[]"
    assert of_drawers(database, replace(drawer, perhaps={"heating"})) == "[]"
    told = {"heating": Decimal(10), "noise": Decimal(5)}
    assert "was let off 5 for 'noise', and is not" in of_drawers(database, replace(drawer, waived=told))


def test_a_guarantee_that_is_lost_or_that_nobody_gave_is_found(database: Any, drawer: Drawer) -> None:
    found = of_drawers(database)
    assert ("is guaranteed, and nobody was told" in found, "by hand that nobody took" in found) == (True, True)
    changed(
        database,
        "UPDATE orders SET guarantee = NULL, guaranteed_by = NULL, guaranteed_at = NULL WHERE guarantee IS NOT NULL",
    )
    assert "was guaranteed, and the database does not say so" in of_drawers(database, drawer)


def test_money_that_was_to_go_back_by_hand_and_is_still_here_is_found(
    database: Any, drawer: Drawer, vouched_for: Booking, desk: BookingContext
) -> None:
    bookings.cancel(acting(vouched_for.user_id), vouched_for.id, desk)
    drawer.lines[0].cancelled = True
    assert "200 is kept where 0 is the price" in of_drawers(database, drawer)
    [(refund,)] = oracle.rows(database, "SELECT id FROM payments WHERE state = 'awaiting_staff'")
    payments.record_returned(SYSTEM, refund, reference="cash 1")
    assert "is written" in of_drawers(database, drawer)
    drawer.entries.append(Entry("refund", Decimal(200), "cash 1"))
    assert of_drawers(database, drawer) == "[]"


# --- deposits of orders that a program holds first


class OverTheCounter(Line):
    """Asks the application itself, without a server; each request has a context of its own."""

    def __init__(self, app: Flask, token: str) -> None:
        super().__init__(0, token)
        self._app = app

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        asking = self._app.test_client().open
        answer = contextvars.Context().run(asking, path, method=method, data=body, headers=headers)
        return Reply(answer.status_code, answer.data, 0.0)


@pytest.fixture
def holding(app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """A program of alice's, in a house that takes deposits of orders: see detour/house_rules.py."""
    monkeypatch.setattr(OrderRequest, "deposit", property(lambda _: house_rules.PLAN, lambda *_: None))
    token = token_of(app, alice, sessions.start_api(alice.id).user.session_id)
    return Guest(OverTheCounter(app, token), encode("user", alice.id), random.Random(1))


@pytest.fixture
def of_two_rooms(holding: Guest, room: Room) -> tuple[Plan, Held]:
    """600 EUR, of which 180 are the deposit."""
    first, second = (encode("room", one.id) for one in (room, beside(room, "Suite", 80)))
    stay = in_days(100)
    plan = Plan(first, str(stay.check_in), str(stay.check_out), beside=(second,), deposit=True)
    held = order_holders.held(holding, plan)
    assert isinstance(held, Held), holding.log.odd
    return plan, held


def of_told(database: Any, guest: Guest) -> str:
    return str(list(oracle_money.wrong_deposits(database, oracle.Facts(database), guest.log.told, house_rules.PERCENT)))


def test_a_deposit_of_several_rooms_held_first_that_was_never_charged_is_found(
    database: Any, holding: Guest, of_two_rooms: tuple[Plan, Held], desk: BookingContext
) -> None:
    assert order_holders.pay(holding, *of_two_rooms) == order_holders.PAY
    later(DUE)
    deposits.charge_due(SYSTEM, desk)
    assert of_told(database, holding) == "[]"
    changed(database, "DELETE FROM simulated_ledger")
    assert "0 was charged at once, where 180 of 600 is the deposit" in of_told(database, holding)


def test_who_is_vouched_for_pays_no_deposit_and_one_that_is_charged_all_the_same_is_found(
    database: Any, holding: Guest, of_two_rooms: tuple[Plan, Held]
) -> None:
    _, held = of_two_rooms
    drawer = Drawer(held.reference, held.lines)
    guarantees.guarantee(SYSTEM, uuid.UUID(oracle.uuid_of("order", held.order_id)), "desk")
    held.end(201)
    assert (of_told(database, holding), of_drawers(database, drawer)) == ("[]", "[]")
    charged = """
        WITH charge AS (INSERT INTO payments
         (id, order_id, booking_id, kind, purpose, amount, currency, state, method, provider)
         SELECT gen_random_uuid(), order_id, id, 'charge', 'deposit', 180, currency, 'failed', 'x', 'simulated'
         FROM bookings ORDER BY id LIMIT 1 RETURNING id)
        INSERT INTO simulated_ledger (key, kind, reference, amount, currency)
        SELECT id, 'charge', id::text, 180, 'EUR' FROM charge"""
    changed(database, charged)
    assert "180.000 is here of 0" in of_drawers(database, drawer)


# --- orders of several rooms, nights and stays, what came back


def test_an_order_that_ended_in_parts_is_found(database: Any, alice: User, room: Room, desk: BookingContext) -> None:
    items = tuple(OrderItem(one.id, in_days(30), 2) for one in (room, beside(room, "Suite", 80)))
    first, _ = bookings.hold_all(acting(alice), OrderRequest(alice.id, items), desk)
    assert list(oracle.parted_orders(database)) == []
    changed(database, f"UPDATE bookings SET status = 'EXPIRED', held_until = NULL WHERE id = '{first.id}'")
    assert len(list(oracle.parted_orders(database))) == 1


@pytest.fixture
def sold(app: Flask, desk: BookingContext, alice: User, room: Room) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


def test_nights_that_a_guest_lacks_or_that_nobody_has_are_found(database: Any, sold: Booking) -> None:
    assert list(oracle.nights_astray(database, SINCE)) == []
    changed(database, f"DELETE FROM availability WHERE night = '{sold.check_in}'")
    assert list(oracle.nights_astray(database, SINCE)) == [f"{sold.reference} has 2 of its 3 nights"]
    changed(database, f"UPDATE availability SET claim_id = '{sold.order_id}'")
    assert len(list(oracle.nights_astray(database, SINCE))) == 3


def test_a_whole_that_was_sold_without_one_of_its_parts_is_found(database: Any, room: Room, sold: Booking) -> None:
    bed = beside(room, "Bed", 40)
    changed(database, f"INSERT INTO room_parts VALUES ('{room.id}', '{bed.id}')")
    assert list(oracle.nights_astray(database, SINCE)) == [
        f"{sold.reference} has 0 nights of {bed.id}, which its room contains"
    ]
    changed(
        database,
        f"""INSERT INTO availability (room_id, night, location, state, claim_id, held_until, version, whole_id)
        SELECT '{bed.id}', night, location, state, claim_id, held_until, version, room_id FROM availability""",
    )
    assert list(oracle.nights_astray(database, SINCE)) == []


def test_another_stay_than_the_guest_was_told_of_is_found(database: Any, sold: Booking) -> None:
    room, first, last = encode("room", sold.room_id), str(sold.check_in), str(sold.check_out)
    assert list(oracle.wrong_stays(database, [told_of(sold, stay=(room, first, last))])) == []
    assert len(list(oracle.wrong_stays(database, [told_of(sold, stay=(room, first, first))]))) == 1


def test_another_refund_than_the_guest_was_told_of_is_found(database: Any, sold: Booking, desk: BookingContext) -> None:
    bookings.cancel(acting(sold.user_id), sold.id, desk)

    def refunds(told: float) -> list[str]:
        return list(oracle.wrong_refunds(oracle.Facts(database), [told_of(sold, refund=told)]))

    assert refunds(360) == []
    assert "and" in refunds(180)[0]


def test_a_second_confirmation_of_one_booking_is_found(database: Any, sold: Booking) -> None:
    changed(
        database,
        "INSERT INTO events (id, type, payload) SELECT gen_random_uuid(), type, payload FROM events"
        " WHERE type = 'booking.confirmed'",
    )
    events = oracle.rows(database, "SELECT id::text FROM events WHERE type = 'booking.confirmed'")
    one, two = (oracle.Mail(f"{event}.mail@x", sold.reference) for (event,) in events)
    assert oracle.mail_findings(database, [one], SINCE) == []
    assert oracle.mail_findings(database, [one, two], SINCE) == [f"{sold.reference} has 2 confirmations"]
