"""The second at which a refund ends."""

from __future__ import annotations

import datetime as dt

import pytest

from booking.domain.pricing import policies
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra import clock
from tests.cast import VISA, acting, in_days, order


@pytest.mark.parametrize(("seconds", "refund"), [(-1, 360), (0, 0)])
def test_a_refund_ends_at_the_very_second_of_its_deadline(
    alice: User, room: Room, desk: BookingContext, monkeypatch: pytest.MonkeyPatch, seconds: int, refund: int
) -> None:
    booked = bookings.book(acting(alice), order(alice, room, in_days(3)), VISA, desk)
    [tier] = policies.tiers(booked.policy, booked.check_in)
    monkeypatch.setattr(clock, "now", lambda: tier.until + dt.timedelta(seconds=seconds))
    assert bookings.cancel(acting(alice), booked.id, desk).refund_amount == refund
