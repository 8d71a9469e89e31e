"""`flask bookings list`, and what programs read of a booking that was shown, cancelled, changed or guaranteed."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Property, Room, User
from booking.infra.db import db, reading
from tests.cast import VISA, a_room, acting, in_days, order


def run(runner: FlaskCliRunner, *words: str) -> Result:
    return runner.invoke(args=["bookings", *words])


def array(said: Result) -> Any:
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


@reading
def slug_of(room: Room) -> str:
    return db.session.get_one(Property, room.property_id).slug


def test_bookings_are_found_as_the_desk_finds_them(
    runner: FlaskCliRunner, alice: User, bob: User, room: Room, desk: BookingContext
) -> None:
    mine = bookings.book(acting(alice), order(alice, room, in_days(30)), VISA, desk)
    other = a_room()
    bookings.book(acting(bob), order(bob, other, in_days(50)), VISA, desk)
    assert run(runner, "list").stderr == "2 bookings.\n"
    for words in (
        ["alice"],
        ["--property", slug_of(room)],
        ["--arriving-to", str(in_days(40).check_in)],
        ["--staying", str(in_days(31).check_in)],
        [mine.reference, "--state", "confirmed", "--channel", "api"],
    ):
        found = array(run(runner, "list", *words, "--json"))
        assert [one["reference"] for one in found] == [mine.reference], words
    assert run(runner, "list", "--limit", "1").stderr == "1 booking (more than these: --limit).\n"
    assert array(run(runner, "list", "--due", "--json")) == []
    wrong = run(runner, "list", "--arriving-from", "May")
    assert (wrong.exit_code, "--arriving-from" in wrong.output) == (2, True)


def test_programs_read_what_a_booking_has_become(
    runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    [held] = bookings.hold_all(acting(alice), order(alice, room, in_days(30)), desk)
    [shown] = array(run(runner, "show", held.reference, "--json"))
    assert (shown["status"], shown["orderDue"]) == ("PENDING", "360.00")
    [vouched] = array(run(runner, "guarantee", held.reference, "--how", "desk", "--json"))
    assert (vouched["status"], vouched["guarantee"]) == ("CONFIRMED", "desk")
    shorter = str(in_days(32).check_in)
    [changed] = array(run(runner, "change", held.reference, "--check-out", shorter, "--json"))
    assert (changed["checkOut"], changed["total"]) == (shorter, "240.00")
    [gone] = array(run(runner, "cancel", held.reference, "--json"))
    assert gone["status"] == "CANCELLED"
