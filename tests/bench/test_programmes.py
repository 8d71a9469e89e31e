"""The measuring programmes in their shortest form: nobody reads the figures, but every row has to be there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import against, copy_of_its_own, migrate_under_load
from bench.copy_of_its_own import take
from bench.filled import Filling
from bench.sides import delivered

ROOT = Path(__file__).parents[2]
SHORT = ["--rounds", "1", "--seconds", "0.3"]
pytestmark = pytest.mark.programme
# CI has to end within 20 minutes, and these two see that tools of developers print their rows.
long = pytest.mark.skipif("CI" in os.environ, reason="CI has no two minutes for it: `make programmes` has")


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each web server: a second one makes figures higher, which nobody reads, and takes as long to start."""
    monkeypatch.setattr(copy_of_its_own, "WORKERS", 1)


def run(home: Path, *words: str) -> str:
    """What a programme writes into its results."""
    results = home / "results.md"
    command = [sys.executable, "-m", *words, *SHORT, "--home", str(home / "copy"), "--results", str(results)]
    environ = {**os.environ, "BENCH_PORT": "8200", "BENCH_WORKERS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=420)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return results.read_text()


@pytest.mark.timeout(450)
def test_bench_prints_every_row_and_leaves_agreeing_data_and_nothing_else(home: Path) -> None:
    told = run(home, "bench", "--rooms", "400", "--bookings", "4000")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in told.splitlines() if line.startswith("| ")]
    for row in (
        "bookings, any room, 8 clients",
        "the same, the worker stopped",
        "bookings, 20 rooms, 8 clients",
        "bookings, any room, 32 clients",
        "bookings, 20 rooms, 32 clients",
        "searches, uncached",
        "searches, cached",
        "page of a room",
        "page of results",
        "bookings over HTTP, 8 clients, to pgbench",
        "uncached searches to pgbench of their SQL",
        "cached searches to Flask hello world",
        "20 hot rooms to any room, 8 clients",
        "20 hot rooms: retries per booking",
        "bookings given up (5xx)",
        "supervisor",
        "web 1",
        "worker",
    ):
        assert row in rows
    assert rows.count("page of results") == 2  # what was answered, and what it cost
    assert "All agree" in told.partition("`flask bookings verify` afterwards: ")[2]
    assert not (home / "copy").exists()


@long
@pytest.mark.timeout(450)
def test_bench_scale_prints_every_size_its_plans_and_what_grew(home: Path) -> None:
    told = run(home, "bench.scale", "--share", "0.002", "--groups", "more bookings")
    assert told.count("| searches |") == told.count("| bookings |") == 2
    assert "the page in a typical place" in told
    assert "bookings per second, 20 k bookings to 4 k" in told
    assert "Execution Time" in told
    assert not (home / "copy").exists()


@pytest.mark.timeout(450)
def test_migrations_under_load_keep_nobody_waiting_and_both_versions_agree(home: Path) -> None:
    before = migrate_under_load.version_before()
    if before is None:
        pytest.skip("git's history is not here (a shallow or exported copy): it holds the version before")
    asked = migrate_under_load.arguments(["--bookings", "4000", "--rooms", "400", "--clients", "4", "--seconds", "4"])
    asked.home = home / "copy"
    take(asked.home)
    with migrate_under_load.checked_out(before, asked.home / "before") as code:
        outcome = migrate_under_load.run(asked, code)
    print("\n".join(outcome.lines()))
    assert outcome.failed == []
    assert "All agree" in outcome.verified
    assert outcome.during["book: 201"] > 10
    assert outcome.beside["cancel: 200"] > 10
    assert outcome.waits.worst < 1  # 0.2 is promised; here others use the machine, too
    assert not asked.home.exists()


@long
@pytest.mark.timeout(240)
def test_a_copy_of_another_commit_measures_every_row_and_leaves_nothing() -> None:
    filling = Filling(200, 1000)
    with against.other_copy(ROOT, filling) as copy, delivered(copy, filling) as sides:
        rows = sides.rows()
        assert len(rows) == 10
        silent = [name for name, side in rows.items() if not any(side(0.5).per_second for _ in range(6))]
        assert silent == []  # the first ones warm up
    assert not (ROOT / "var" / "bench-other").exists()
