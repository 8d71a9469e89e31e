"""A small trace by lot through the booking core: all goes as it says, and where it does not, that is found."""

from __future__ import annotations

import dataclasses
import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.replay import synthetic, trace
from tests.replay.replay import replay

HOME = Path(__file__).parents[2]


@pytest.fixture
def small(tmp_path: Path) -> Any:
    """The bookings of a trace: without nights, without guests, released and rebooked, all is in it."""
    path = tmp_path / "trace.csv.gz"
    synthetic.write(path, 80)
    return trace.read(path)


@pytest.mark.timeout(300)
def test_a_trace_is_played_as_it_was(small: Any, app: Flask, environ: dict[str, str]) -> None:
    result = replay(small, environ, processes=2, overlap_every=5)
    assert result.findings == []
    steps = {step: sum(len(shard.seconds[step]) for shard in result.played) for step in result.played[0].seconds}
    replayable = [booking for booking in small if booking.replayable]
    assert steps["hold"] == steps["confirm"] == len(replayable) < len(small)
    assert steps["release"] == sum(booking.released_at is not None for booking in replayable) > 10
    assert steps["refuse an overlap"] > 5
    assert "findings: 0" in result.lines()


@pytest.mark.timeout(300)
def test_a_night_that_is_sold_twice_in_the_trace_is_found(small: Any, app: Flask, environ: dict[str, str]) -> None:
    one = next(booking for booking in reversed(small) if booking.replayable and booking.released_at is None)
    twice = dataclasses.replace(one, number=10**6)
    result = replay([*small, twice], environ, processes=1, overlap_every=100)
    found = "\n".join(result.findings)
    assert f"bookings {one.number} and {twice.number} share" in found
    assert f"booking {twice.number} ({one.room}" in found
    assert "should have been accepted: ROOM_NOT_AVAILABLE" in found


def test_a_trace_in_order_contradicts_nothing(small: Any) -> None:
    assert trace.contradictions(small) == []


def test_notes_that_its_own_numbers_deny_are_found(small: Any) -> None:
    booking = next(booking for booking in small if booking.replayable and booking.released_at is None)
    wrong = dataclasses.replace(booking, invalid=frozenset({"zero_nights"}), status="Canceled")
    assert len(trace.contradictions([wrong])) == 2


def test_shards_share_no_room_and_keep_the_order_of_each(small: Any) -> None:
    steps = trace.operations(small)
    parts = trace.shards(steps, 3)
    assert sorted(step for part in parts for step in part) == steps
    assert all(part == sorted(part) for part in parts)
    rooms = [{step.booking.room for step in part} for part in parts]
    assert len(set.union(*rooms)) == sum(map(len, rooms))


def test_what_is_given_back_can_be_booked_again(small: Any) -> None:
    nights = [(booking.room, night) for booking in small if booking.replayable for night in booking.dates()]
    assert len(set(nights)) < len(nights)


def test_a_trace_that_is_not_there_is_told_with_a_way_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.replay", "--trace", str(tmp_path / "none.csv")]
    ended = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "make replay ARGS='--trace PATH'" in ended.stderr


def test_a_file_that_is_no_trace_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("room,night\nA,2027-01-01\n")
    with pytest.raises(trace.TraceError, match="has no column adults, booked_on"):
        trace.read(path)


def test_stays_of_a_trace_are_counted_in_nights(small: Any) -> None:
    assert {booking.nights for booking in small} >= {0, 1, 69}
    assert all(booking.check_in + dt.timedelta(days=booking.nights) == booking.check_out for booking in small)
