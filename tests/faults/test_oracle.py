"""The oracle of the storm finds what it is there for: each finding is made once, by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import make_url

from booking.domain import inventory
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode, new_id
from tests import oracle
from tests.cast import REFUND_DECLINED, SYSTEM, VISA, acting, beside, blocked, in_days, order
from tests.domain.reservations.changing import changed as made
from tests.faults.blockers import Staff
from tests.faults.load import Terms
from tests.faults.report import Outcome


@pytest.fixture
def database(environ: dict[str, str]) -> Iterator[Any]:
    url = make_url(environ["MIGRATION_DATABASE_URL"])
    connection = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    connection.autocommit = True
    yield connection
    connection.close()


@pytest.fixture
def sold(app: Flask, desk: BookingContext, alice: User, room: Room) -> Booking:
    return bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)


@pytest.fixture
def told(alice: User, sold: Booking) -> oracle.Told:
    ids = encode("user", alice.id), encode("booking", sold.id)
    return oracle.Told(ids[0], "", 201, booking_id=ids[1], price=float(sold.total_price))


def changed(database: Any, statement: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount


def test_nothing_is_found_where_all_is_as_it_was_told(database: Any, told: oracle.Told) -> None:
    assert oracle.findings(database, [told]) == []


def test_another_amount_at_the_provider_is_found(database: Any, told: oracle.Told) -> None:
    changed(database, "UPDATE simulated_ledger SET amount = amount + 1")
    assert "was charged where" in str(oracle.findings(database, [told]))


def test_money_of_a_changed_booking_is_looked_at_as_a_whole(
    database: Any, told: oracle.Told, desk: BookingContext, sold: Booking
) -> None:
    now = made(sold, desk, check_out=in_days(30, 5).check_out)
    told.price = float(now.total_price)
    assert oracle.findings(database, [told]) == []
    changed(database, "UPDATE simulated_ledger SET amount = amount + 1 WHERE amount = 240")
    assert "is the price" in str(oracle.findings(database, [told]))


def test_another_price_than_the_guest_was_told_is_found(database: Any, told: oracle.Told) -> None:
    told.price += 1
    assert "and the price is" in str(oracle.findings(database, [told]))


def test_a_night_sold_twice_is_found_although_one_was_cancelled_since(
    database: Any, told: oracle.Told, desk: BookingContext, alice: User, bob: User, room: Room, sold: Booking
) -> None:
    bookings.cancel(acting(alice), sold.id, desk)
    later = bookings.book(acting(bob), order(bob, room, in_days(30)), VISA, desk)
    assert oracle.sold_twice(database) == []
    changed(database, f"UPDATE bookings SET cancelled_at = now() + interval '1 hour' WHERE id = '{sold.id}'")
    [finding] = oracle.sold_twice(database)
    assert str(sold.id) in finding
    assert str(later.id) in finding


def test_a_night_of_a_whole_that_was_sold_beside_one_of_its_part_is_found(
    database: Any, desk: BookingContext, bob: User, room: Room, sold: Booking
) -> None:
    bed = beside(room, "Bed", 40)
    other = bookings.book(acting(bob), order(bob, bed, in_days(32)), VISA, desk)
    free = blocked(bed, in_days(31, 1))
    assert oracle.sold_twice(database) == []
    changed(database, f"INSERT INTO room_parts VALUES ('{room.id}', '{bed.id}')")
    assert oracle.sold_twice(database) == [
        f"{sold.id} and {other.id} had the same night of {room.id}",
        f"{sold.id} and a block had the same night of {room.id}",
    ]
    changed(database, f"UPDATE room_parts SET whole_id = part_id, part_id = whole_id WHERE part_id = '{bed.id}'")
    inventory.unblock(SYSTEM, free.id)
    assert oracle.sold_twice(database) == [f"{sold.id} and {other.id} had the same night of {room.id}"]


def test_a_storm_in_which_nothing_was_tried_is_a_finding() -> None:
    assert len(list(Outcome(Terms(attempts=10, cuts=1)).missing())) == 3
    calm = Outcome(Terms(attempts=10, kills=0), attempts=10)
    calm.log.seen["201"] = 1
    assert list(calm.missing()) == []


# --- refunds that the provider declined


@pytest.fixture
def owed(app: Flask, desk: BookingContext, alice: User, room: Room) -> Booking:
    booking = bookings.book(acting(alice), order(alice, room, in_days(60)), REFUND_DECLINED, desk)
    return bookings.cancel(acting(alice), booking.id, desk)


def test_a_declined_refund_that_is_called_so_is_no_finding(database: Any, owed: Booking) -> None:
    assert list(oracle.wrong_money(oracle.Facts(database))) == []


def test_a_declined_refund_that_is_called_done_is_found(database: Any, owed: Booking) -> None:
    changed(database, "UPDATE payments SET state = 'succeeded', provider_reference = 'x' WHERE kind = 'refund'")
    assert "a declined refund is called succeeded" in str(list(oracle.wrong_money(oracle.Facts(database))))


def test_a_refund_that_was_never_asked_for_is_found(database: Any, owed: Booking) -> None:
    changed(database, "DELETE FROM simulated_ledger WHERE kind = 'declined'")
    assert "0 came back" in str(list(oracle.wrong_money(oracle.Facts(database))))


def test_whoever_is_owed_has_to_be_named_and_nobody_else(database: Any, owed: Booking, sold: Booking) -> None:
    assert list(oracle.wrongly_reported(database, [owed.reference], 100)) == []
    assert "nobody says so" in str(list(oracle.wrongly_reported(database, [], 100)))
    assert "is named as owed, and is not" in str(list(oracle.wrongly_reported(database, [sold.reference], 1)))
    # As many lines as can be told, two of which are about one booking: others were left off.
    assert list(oracle.wrongly_reported(database, [], 0)) == []


def test_whoever_got_one_of_two_refunds_is_owed_the_other_one(database: Any, owed: Booking) -> None:
    changed(
        database,
        "INSERT INTO simulated_ledger (key, kind, reference, amount, currency, charge_key) SELECT gen_random_uuid(),"
        " 'refund', 'another', amount, currency, charge_key FROM simulated_ledger WHERE kind = 'declined'",
    )
    changed(
        database,
        "INSERT INTO payments (id, order_id, booking_id, kind, amount, currency, state, provider, provider_reference,"
        " purpose, charge_id, debt_id) SELECT l.key, p.order_id, p.booking_id, 'refund', 1, p.currency, 'succeeded',"
        " p.provider, 'another', p.purpose, p.charge_id, l.key FROM payments p, simulated_ledger l"
        " WHERE p.kind = 'refund' AND l.reference = 'another'",
    )
    assert list(oracle.wrongly_reported(database, [owed.reference], 100)) == []


def test_a_booking_beside_a_block_of_its_nights_is_found(database: Any, sold: Booking, room: Room) -> None:
    assert oracle.sold_twice(database) == []
    free = blocked(room, in_days(40))
    assert oracle.sold_twice(database) == []
    with database.cursor() as cursor:
        cursor.execute("UPDATE blocks SET check_in = %s", [sold.check_in])
    assert oracle.sold_twice(database) == [f"{sold.id} and a block had the same night of {room.id}"]
    inventory.unblock(SYSTEM, free.id)
    assert oracle.sold_twice(database) == []


def test_a_block_that_is_lost_or_stands_in_spite_of_what_staff_was_told_is_found(database: Any, room: Room) -> None:
    staff = Staff(Any, [], Terms())  # type: ignore[arg-type]  # it says nothing here
    kept, gone = (encode("block", blocked(room, in_days(first)).id) for first in (30, 40))
    staff.kept, staff.gone = [kept], {encode("block", new_id())}
    assert list(staff.findings(database)) == []
    staff.kept, staff.gone = [encode("block", new_id())], {gone}
    assert len(list(staff.findings(database))) == 2
