"""A refund that was declined is seen at its booking, and sent again from there by who may."""

from __future__ import annotations

import pytest
from flask import Flask

from booking.domain import payments
from booking.domain.actors import Role
from booking.domain.reservations import refund_debts
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Booking, Room, User
from booking.infra.ids import encode
from tests.admin.staff import at_work
from tests.admin.test_booking_page import at
from tests.cast import SYSTEM, payments_of, person
from tests.domain.reservations.test_refund_debts import cancelled
from tests.web.visitor import Visitor

pytestmark = pytest.mark.slow
BUTTON = "Send it again"


@pytest.fixture
def declined(alice: User, desk: BookingContext) -> Booking:
    return cancelled(alice, desk)


@pytest.fixture
def boss(app: Flask) -> Visitor:
    return at_work(app, person("erin"), Role.OWNER)


def test_a_declined_refund_is_sent_again_once(boss: Visitor, declined: Booking) -> None:
    [owed] = refund_debts.owed(SYSTEM)
    assert [one.id for one in payments.owed_refunds_among(payments_of(declined))] == [owed.payment_id]
    assert "There is nothing to do" not in boss.go(at(declined)).text
    boss.press(BUTTON)
    assert "The refund is sent." in boss.text
    assert [one.state for one in payments_of(declined)] == ["succeeded", "failed", "succeeded"]
    assert (payments.owed_refunds_among(payments_of(declined)), refund_debts.owed(SYSTEM)) == ([], [])
    again = boss.post(at(declined, f"entries/{_shown(declined)}/again"), csrf_token=boss.token())
    assert "The refund is sent." not in again.text
    assert len(payments_of(declined)) == 3


def test_others_are_told_who_can(app: Flask, declined: Booking) -> None:
    manager = at_work(app, person("dave"), Role.MANAGER, Room(property_id=declined.property_id))
    told = manager.go(at(declined)).text
    assert "An owner of all properties can send it again." in told
    assert "There is nothing to do" not in told
    assert BUTTON not in told
    manager.post(at(declined, f"entries/{_shown(declined)}/again"), csrf_token=manager.token())
    assert (manager.status, len(payments_of(declined))) == (404, 2)


def _shown(booking: Booking) -> str:
    return encode("payment", next(one.id for one in payments_of(booking) if one.state == "failed"))
