"""Rooms by their names in commands: any case, where one room alone is called so; else by the id."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.tables import Room, User
from booking.infra.ids import encode
from tests.cast import VISA, a_room, acting, beside, in_days, nights_of, order, reload

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.slow]


@pytest.fixture
def garden(room: Room) -> Room:
    return beside(room, "Gärten room", 120)


def block(runner: FlaskCliRunner, said: str) -> Result:
    stay = in_days(30, 2)
    return runner.invoke(args=["rooms", "block", said, str(stay.check_in), str(stay.check_out)])


def test_the_one_room_of_a_name_is_meant_in_any_case(runner: FlaskCliRunner, garden: Room) -> None:
    for said in ("gärten ROOM", " garten room ", encode("room", garden.id)):
        assert block(runner, said).exit_code == 0
    assert len(nights_of(garden)) == 2
    listed = runner.invoke(args=["blocks", "list", "--room", "Gärten Room"])
    assert (listed.exit_code, "2 nights" in listed.output) == (0, True)
    assert runner.invoke(args=["rooms", "status", "garten room", "--set", "dirty"]).exit_code == 0


def test_of_several_the_id_is_asked_with_all_of_them(runner: FlaskCliRunner, garden: Room) -> None:
    other = a_room(name="Garten Room")
    said = block(runner, "garten room")
    assert said.exit_code == 2
    assert all(encode("room", one.id) in said.output for one in (garden, other)), said.output
    assert (nights_of(garden), nights_of(other)) == ({}, {})


def test_what_is_no_room_is_said(runner: FlaskCliRunner, garden: Room) -> None:
    for said in ("Garten", "room_1", "%", ""):
        told = block(runner, said)
        assert (told.exit_code, "is no room’s id, and no room is called so" in told.output) == (2, True), told.output
    assert nights_of(garden) == {}


def test_a_booking_moves_within_its_own_house(
    runner: FlaskCliRunner, alice: User, room: Room, garden: Room, desk: BookingContext
) -> None:
    a_room(name="Garten Room")
    booked = bookings.book(acting(alice), order(alice, room), VISA, desk)
    said = runner.invoke(args=["bookings", "change", booked.reference, "--room", "garten room", "--yes"])
    assert (said.exit_code, reload(booked).room_id) == (0, garden.id), said.output
    nowhere = runner.invoke(args=["bookings", "change", booked.reference, "--room", "Attic", "--yes"])
    assert (nowhere.exit_code, "no room is called so" in nowhere.output) == (2, True)
