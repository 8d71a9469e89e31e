"""Whose processor time it was."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from bench import cpu
from bench.clients import Measured
from bench.cpu import PARTS, POSTGRES, WEB, WORKER, Threads, per_answer, table

BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('done', flush=True)\ninput()"


def test_each_answer_has_its_share_of_what_was_spent_meanwhile() -> None:
    before: Threads = {(WEB, "1"): 5_000_000, (POSTGRES, "2"): 1_000_000, (WORKER, "9"): 8_000_000}
    after: Threads = {(WEB, "1"): 9_000_000, (WEB, "3"): 2_000_000, (POSTGRES, "2"): 2_000_000}
    assert per_answer(before, after, 2) == {WEB: 3.0, POSTGRES: 0.5, "Valkey": 0.0, WORKER: 0.0}
    assert per_answer(before, {}, 2) == per_answer(before, after, 0) == {}


def test_a_row_shows_the_medians_of_its_turns() -> None:
    turns = [
        Measured(1, 1, 1, 1, {200: 1}, 0, cpu=dict.fromkeys(PARTS, spent) | {WORKER: 0.0}) for spent in (1.0, 3.0, 2.0)
    ]
    assert table([("a", turns), ("nobody looked", [])])[2:] == ["| a | 2.00 | 2.00 | 2.00 | 0.00 | 6.00 |"]


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="only Linux tells")
def test_threads_of_children_are_counted() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
        spent = sum(taken for _, taken in cpu.of_family(process.pid))
        process.communicate("\n")
    assert 0.3e9 <= spent < time.process_time_ns() + 5e9
