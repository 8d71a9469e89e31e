"""Whatever day it is, the demo is alive; played twice, nothing more happens; and the books agree."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select, text

from booking.demo import living
from booking.domain import inventory, payments
from booking.domain.maintenance import verification
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import Delivery, Room
from booking.infra import clock
from booking.infra.db import db, reading
from tests.cast import SYSTEM, later

pytestmark = pytest.mark.slow
TODAY = "(:now AT TIME ZONE time_zone)::date"
FIGURES = {
    "arriving": f"check_in = {TODAY} AND checked_in_at IS NULL",
    "leaving": f"check_out = {TODAY} AND checked_in_at IS NOT NULL AND checked_out_at IS NULL",
    "in house": "checked_in_at IS NOT NULL AND checked_out_at IS NULL",
    "forgotten": f"check_out < {TODAY} AND checked_out_at IS NULL AND no_show_at IS NULL",
    "ahead": f"check_in > {TODAY} + 30",
}


@reading
def figures() -> Counter[str]:
    found = {
        name: db.session.scalar(
            text(f"SELECT count(*) FROM bookings WHERE status = 'CONFIRMED' AND {where}"), {"now": clock.now()}
        )
        for name, where in FIGURES.items()
    }
    found["held"] = db.session.scalar(
        text("SELECT count(*) FROM bookings WHERE status = 'PENDING' AND held_until > :now"), {"now": clock.now()}
    )
    found["failed emails"] = len(db.session.scalars(select(Delivery).where(Delivery.state == "failed")).all())
    return Counter({name: number or 0 for name, number in found.items()})


def is_alive() -> Counter[str]:
    now, states = figures(), Counter(one.status for one in inventory.room_states(SYSTEM, StayRules()))
    assert now["arriving"] >= 5, now
    assert now["leaving"] >= 5, now
    assert now["in house"] >= 10, now
    assert (now["forgotten"], now["held"] > 0, now["failed emails"]) == (0, True, 1), now
    assert now["ahead"] > 100, now
    assert states["out_of_order"] == 1, states
    assert states["dirty"] >= 1, states
    drawers = payments.list_drawers(SYSTEM)
    assert any(one.key.user_id and one.expected > 0 for one in drawers), "no cash is in the owner's drawer"
    # By the real clock, which is not moved, what was sold lately lies ahead: the outbox never heard of it.
    assert [one for one in verification.verify().findings if one.rule != "booking_without_event"] == []
    return now


def test_the_demo_is_alive_on_the_first_day_and_on_any_later_one(
    noon: None, app: object, runner: FlaskCliRunner, desk: BookingContext
) -> None:
    later(dt.timedelta(minutes=7))  # guests come and go at full hours somewhere: nobody does while this is looked at
    said = runner.invoke(args=["demo", "load"])
    assert said.exit_code == 0, said.output
    is_alive()
    for days in (1, 9, 120):
        later(dt.timedelta(days=days))
        holds_end()
        assert living.play(desk) > 0
        now = is_alive()
        assert living.play(desk) == 0
        assert figures() == now
    again = runner.invoke(args=["demo", "load"])
    assert (again.exit_code, again.output) == (0, "The demo was there already.\n")


def holds_end() -> None:
    bookings.expire_holds(SYSTEM)


def test_where_there_is_no_demo_nothing_is_played(app: object, room: Room, desk: BookingContext) -> None:
    assert living.play(desk) == 0
    assert figures().total() == 0
