"""A recorded history stands in the books as if it had been lived, and every page of the desk is measured beside it."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import history
from bench.history import LATER, NO_GUESTS, NO_NIGHTS, TAKEN
from tests.bench.test_programmes import ROOT
from tests.replay import synthetic, trace

DAY = dt.date(2016, 6, 1)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[trace.Recorded]:
    path = tmp_path_factory.mktemp("trace") / "trace.csv.gz"
    synthetic.write(path, 300)
    return trace.read(path)


def test_what_is_over_is_over_and_each_row_is_there_or_left_out_for_a_reason(recorded: list[trace.Recorded]) -> None:
    now = dt.datetime.now(dt.UTC)
    told = history.told(recorded, DAY, now)
    out = {reason: len(numbers) for reason, numbers in told.left_out.items() if numbers}
    assert set(out) == {NO_NIGHTS, NO_GUESTS, LATER}
    assert len(told.bookings) + sum(out.values()) == len(recorded)
    for past in told.bookings:
        assert past.changed_at <= now
        if past.cancelled_at is None and past.stay.check_out < told.today:
            assert past.left_at or past.missed_at
        if past.stay.check_in > told.today:
            assert past.arrived_at is past.missed_at is None
    assert any(past.left_at is None and past.arrived_at for past in told.bookings), "nobody is in house"
    assert any(past.cancelled_at for past in told.bookings)
    assert any(past.missed_at for past in told.bookings)


def test_nights_are_told_once(recorded: list[trace.Recorded]) -> None:
    """Of two who both came, the later is left out; of one who did not come, the nights are the other's."""
    came = next(one for one in recorded if one.replayable and one.booked_on < DAY and one.status == "Check-Out")
    missed = next(one for one in recorded if one.replayable and one.check_in < DAY and one.status == "No-Show")
    twice = [came, replace(came, number=10**6), missed, replace(missed, number=10**6 + 1, status="Check-Out")]
    told = history.told(twice, DAY, dt.datetime.now(dt.UTC))
    assert told.left_out[TAKEN] == [10**6]
    assert told.resold == 1
    assert [past.recorded.number for past in told.bookings if past.cancelled_at] == [missed.number]


@pytest.mark.programme
@pytest.mark.timeout(450)
def test_every_page_is_measured_beside_books_that_agree(home: Path) -> None:
    results, left_out = home / "results.md", home / "left-out.csv"
    command = [sys.executable, "-m", "bench.desk", "--rounds", "1", "--each", "1", "--home", str(home / "copy")]
    command += ["--results", str(results), "--left-out", str(left_out)]
    environ = {**os.environ, "BENCH_PORT": "8200", "BENCH_WORKERS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=420)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = results.read_text()
    rows = [line.split(" | ")[0].removeprefix("| ") for line in told.splitlines() if line.startswith("| ")]
    for row in ("today", "search by a whole name", "one booking", "calendar, 90 days", "audit log", "people"):
        assert row in rows
    assert "All agree" in told.partition("after loading: ")[2]
    assert "today: p95 in ms" in told
    assert NO_GUESTS in left_out.read_text()
    assert not (home / "copy").exists()
