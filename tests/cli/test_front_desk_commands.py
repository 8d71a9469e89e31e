"""`flask bookings check-in | check-out | no-show | undo`, `flask rooms status`: what is said, and what happens."""

from __future__ import annotations

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain import inventory
from booking.domain.people import audit_log
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import StayRules
from booking.domain.tables import Booking, Room, User
from booking.infra import clock
from booking.infra.ids import encode, new_id
from tests.cast import SYSTEM, VISA, acting, later, nights_of, order, reload

pytestmark = pytest.mark.usefixtures("app")


def say(runner: FlaskCliRunner, *words: str, answer: str = "") -> Result:
    return runner.invoke(args=list(words), input=answer)


@pytest.fixture
def booked(alice: User, room: Room, desk: BookingContext) -> Booking:
    """Three nights; it is 20:00 on the day of arrival."""
    made = bookings.book(acting(alice), order(alice, room), VISA, desk)
    evening = dt.datetime.combine(made.check_in, dt.time(20), tzinfo=ZoneInfo(made.time_zone))
    later(evening - clock.now())
    return made


def test_a_guest_comes_leaves_early_and_it_is_taken_back(runner: FlaskCliRunner, booked: Booking, room: Room) -> None:
    name, stay = booked.reference, f"{booked.room_name}, {booked.check_in} to {booked.check_out}"
    for told in ("is checked in", "was checked in already"):
        said = say(runner, "bookings", "check-in", name)
        assert (said.exit_code, said.output) == (0, f"{name} {told}: {stay}.\n")
    [entry] = [one for one in audit_log.entries(SYSTEM) if one.action == "booking.arrived"]
    assert entry.actor.startswith("system:cli bookings check-in (")
    last = booked.check_in + dt.timedelta(days=1)
    said = say(runner, "bookings", "check-out", name, answer="n\n")
    assert said.output.splitlines() == [
        f"{name}: {stay}; 2 nights from {last} on will be put back on sale, nothing will be refunded.",
        "Check this guest out? [y/N]: n",
        "Aborted!",
    ]
    assert (said.exit_code, reload(booked).presence) == (1, "in_house")
    said = say(runner, "bookings", "check-out", name, "--yes")
    assert said.output == f"{name} is checked out: {booked.room_name}, {booked.check_in} to {last}.\n"
    assert len(nights_of(room)) == 1
    again = say(runner, "bookings", "check-out", name)
    assert (again.exit_code, again.output) == (0, said.output.replace("is checked out", "was checked out already"))
    said = say(runner, "bookings", "undo", name)
    assert (said.output, len(nights_of(room))) == (f"{name} is checked in: {stay}.\n", 3)
    assert runner.invoke(args=["bookings", "verify"]).exit_code == 0


def test_a_no_show_again_is_said_so_unless_nights_come_free(runner: FlaskCliRunner, booked: Booking) -> None:
    said = [say(runner, "bookings", "no-show", booked.reference).output for _ in range(2)]
    said.append(say(runner, "bookings", "no-show", booked.reference, "--free-nights", "--yes").output)
    words = ("is marked as a no-show:", "was marked as a no-show already:", "is marked as a no-show:")
    assert [word in one for word, one in zip(words, said, strict=True)] == [True] * 3


def test_programs_get_one_array(runner: FlaskCliRunner, booked: Booking) -> None:
    said = say(runner, "bookings", "no-show", booked.reference, "--free-nights", "--json")
    [told] = json.loads(said.output)
    assert (told["reference"], told["presence"], told["checkedInAt"]) == (booked.reference, "no_show", None)
    assert dt.date.fromisoformat(told["checkOut"]) == booked.check_in + dt.timedelta(days=1)
    [told] = json.loads(say(runner, "bookings", "undo", booked.reference, "--json").output)
    assert (told["presence"], told["checkOut"]) == ("expected", booked.check_out.isoformat())
    [told] = json.loads(say(runner, "bookings", "check-in", booked.reference, "--json").output)
    assert told["presence"] == "in_house"
    assert dt.datetime.fromisoformat(told["checkedInAt"]).utcoffset()
    [told] = json.loads(say(runner, "bookings", "check-out", booked.reference, "--json").output)
    assert told["presence"] == "departed"


def test_what_cannot_be_is_said(runner: FlaskCliRunner, booked: Booking) -> None:
    for words, told in (
        (["check-in", "NOSUCHXX"], "There is no booking 'NOSUCHXX'."),
        (["check-out", booked.reference], "This guest has not been checked in"),
        (["undo", booked.reference], "There is nothing to undo."),
    ):
        said = say(runner, "bookings", *words)
        assert (said.exit_code, told in said.output) == (1, True), said.output
    for command in ("check-in", "check-out", "no-show", "undo"):
        assert f"flask bookings {command} " in say(runner, "bookings", command, "--help").output


def test_the_state_of_rooms_is_shown_and_said(runner: FlaskCliRunner, room: Room) -> None:
    key = encode("room", room.id)
    assert say(runner, "rooms", "status").output == f"{key} Room with a view: clean\n"
    said = say(runner, "rooms", "status", key, "--set", "dirty")
    assert (said.exit_code, said.output.startswith(f"{key} Room with a view: dirty, since ")) == (0, True)
    said = say(runner, "rooms", "status", key, "--undo", "--json")
    assert [(one["room"], one["status"]) for one in json.loads(said.output)] == [("Room with a view", "clean")]
    today = StayRules().today("Europe/Brussels")
    last = (today + dt.timedelta(days=2)).isoformat()
    words = "rooms", "status", key, "--set", "out-of-order", "--to", last
    assert "reason" in say(runner, *words).output
    said = say(runner, *words, "--reason", "no hot water")
    assert f"out of order from {today} to {last} (no hot water)" in said.output
    assert inventory.get_room_state(SYSTEM, room.id, StayRules()).out_of_order
    [told] = json.loads(say(runner, "rooms", "status", key, "--json").output)
    assert told["outOfOrder"] == {"from": today.isoformat(), "to": last, "reason": "no hot water"}
    assert say(runner, "rooms", "status", "--set", "clean").exit_code == 2
    assert say(runner, "rooms", "status", key, "--set", "out-of-order", "--reason", "x").exit_code == 2
    assert say(runner, "rooms", "status", encode("room", new_id())).exit_code == 1
    assert "flask rooms status " in say(runner, "rooms", "status", "--help").output
