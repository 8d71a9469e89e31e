"""`flask rooms block | unblock | blocks`: what an operator reads, and what happens."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.inventory import Block
from booking.domain.reservations import bookings
from booking.domain.reservations.context import BookingContext
from booking.domain.stays import Stay
from booking.domain.tables import Room, User
from booking.infra.ids import encode, new_id
from tests.cast import VISA, acting, count, in_days, nights_of, order


def rooms(runner: FlaskCliRunner, *words: str) -> Result:
    return runner.invoke(args=["rooms", *words])


def words_for(room: Room, stay: Stay) -> list[str]:
    return [encode("room", room.id), stay.check_in.isoformat(), stay.check_out.isoformat()]


def test_nights_are_blocked_listed_and_put_on_sale_again(app: Any, runner: FlaskCliRunner, room: Room) -> None:
    stay = in_days(30)
    said = rooms(runner, "block", *words_for(room, stay), "--reason", "painting")
    assert said.exit_code == 0, said.output
    block_id, _, rest = said.output.strip().partition(" ")
    assert rest == f"{stay.check_in} to {stay.check_out} (3 nights), staff: painting"
    assert set(nights_of(room).values()) == {"blocked"}
    listed = rooms(runner, "blocks", encode("room", room.id)).output.splitlines()
    assert listed == [said.output.strip(), "1 block, 3 nights off sale."]
    freed = rooms(runner, "unblock", block_id)
    assert (freed.exit_code, freed.output) == (0, f"{block_id}: 3 nights put back on sale.\n")
    assert nights_of(room) == {}
    assert rooms(runner, "blocks", encode("room", room.id)).output == "0 blocks, 0 nights off sale.\n"


def test_twice_is_once(app: Any, runner: FlaskCliRunner, room: Room) -> None:
    first, second = (rooms(runner, "block", *words_for(room, in_days(30))) for _ in range(2))
    assert first.output == second.output
    other = rooms(runner, "block", *words_for(room, in_days(30)), "--reason", "painting")
    assert (other.exit_code, other.stdout, count(Block)) == (0, first.stdout, 1)
    assert other.stderr.startswith("These nights were blocked already, so the reason stays as it is.")
    block_id = first.output.split()[0]
    assert rooms(runner, "unblock", block_id).exit_code == 0
    again = rooms(runner, "unblock", block_id)
    assert (again.exit_code, again.output) == (1, f"{block_id}: This block does not exist.\n")


def test_nights_that_are_taken_are_named(
    app: Any, runner: FlaskCliRunner, alice: User, room: Room, desk: BookingContext
) -> None:
    bookings.book(acting(alice), order(alice, room, in_days(31, 1)), VISA, desk)
    said = rooms(runner, "block", *words_for(room, in_days(30)))
    taken = f"These nights are taken: {in_days(31).check_in}."
    assert (said.exit_code, said.output) == (1, f"Error: Nothing was blocked: {taken}\n")
    assert count(Block) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["room_1", "2030-05-01", "2030-05-04"], "room_1 is no room’s id"),
        ([encode("room", new_id()), "2030-05-01", "2030-05-04"], "This room does not exist."),
        ([encode("room", new_id()), "2030-05-04", "2030-05-01"], "checkIn must be before checkOut"),
        ([encode("room", new_id()), "2030-05-01", "2040-05-01"], "a block may have at most 1000 nights"),
        (["room", "2020-05-01", "2020-05-04"], "checkIn is in the past"),
        (["room", "2999-05-01", "2999-05-04"], "checkIn may be at most 540 days ahead"),
        ([encode("room", new_id()), "May", "2030-05-04"], "'May' does not match the format '%Y-%m-%d'"),
    ],
)
def test_what_cannot_be_is_said(app: Any, runner: FlaskCliRunner, room: Room, words: list[str], sentence: str) -> None:
    said = rooms(runner, "block", *(encode("room", room.id) if word == "room" else word for word in words))
    assert said.exit_code != 0
    assert sentence in said.output


def test_usage_names_the_dates(app: Any, runner: FlaskCliRunner) -> None:
    assert "ROOM CHECK_IN CHECK_OUT" in rooms(runner, "block", "--help").output
