"""Money that is entered at the desk: references of the house, days, and entries that are told apart."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from booking.domain import payments
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking
from booking.infra import clock
from tests.admin.test_booking_page import at
from tests.admin.test_booking_page import clerk as clerk  # noqa: PLC0414 a fixture
from tests.admin.test_booking_page import due as due  # noqa: PLC0414 a fixture
from tests.admin.test_booking_page import held as held  # noqa: PLC0414 a fixture
from tests.admin.test_booking_page import manager as manager  # noqa: PLC0414 a fixture
from tests.cast import SYSTEM, order_of, payments_of
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow


def test_cash_without_a_reference_is_numbered_by_the_house_and_entered_once(clerk: Visitor, due: Booking) -> None:
    clerk.go(at(due))
    slip = str(clerk.form(at(due, "received")).select_one('[name="slip"]')["value"])  # type: ignore[index]
    for said in ("The payment is entered.", "Entered already:"):
        clerk.send(at(due, "received"), amount="100", by="desk", slip=slip)
        assert said in clerk.text
    [entry] = payments_of(due)
    assert entry.provider_reference == f"cash {slip}"
    clerk.send(at(due, "received"), amount="50", by="desk")
    assert order_of(due).due == Decimal(210)


def test_the_day_of_a_payment_is_told_where_it_is_not_that_of_its_entry(clerk: Visitor, due: Booking) -> None:
    today = clock.today(due.time_zone)
    for reference, on in (("receipt 1", ""), ("receipt 2", str(today - dt.timedelta(days=3)))):
        clerk.go(at(due)).send(at(due, "received"), amount="100", by="desk", reference=reference, receivedOn=on)
    assert [one.value_date for one in payments_of(due)] == [today, today - dt.timedelta(days=3)]
    assert clerk.text.count("paid on") == 1


def test_entries_to_correct_are_told_apart_and_something_to_do(
    manager: Visitor, due: Booking, desk: BookingContext
) -> None:
    payments.record_received(SYSTEM, due.order_id, Decimal(360), by="desk", reference="R2")
    bookings.cancel(SYSTEM, due.id, desk)
    payments.record_returned(SYSTEM, payments_of(due)[-1].id, reference="R3", by="transfer")
    manager.go(at(due))
    assert all(
        f"Correct: {one}, " in manager.text for one in ("payment of €360, cash, R2", "refund of €360, by transfer, R3")
    )
    assert "There is nothing to do" not in manager.text
