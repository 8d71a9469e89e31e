"""What is told of an order says nothing of a room that it may have lost before."""

from __future__ import annotations

import datetime as dt

from tests.domain.reservations.worlds import CANCELLED, CONFIRMED, PENDING, Line, World

FIRST = dt.date(2030, 5, 2)
HELD = World(PENDING, 0, FIRST, FIRST + dt.timedelta(days=2), 2)


def test_whatever_a_booking_may_be_is_now_what_was_told() -> None:
    line = Line(0, None, {HELD, HELD.now(CANCELLED)})
    line.is_now(CONFIRMED)
    assert line.worlds == {HELD.now(CONFIRMED)}


def test_a_room_that_may_be_cancelled_is_not_brought_back_by_what_is_told_of_its_order() -> None:
    line = Line(0, None, {HELD, HELD.now(CANCELLED)})
    line.is_now(CONFIRMED, unless=CANCELLED)
    assert line.worlds == {HELD.now(CONFIRMED), HELD.now(CANCELLED)}
