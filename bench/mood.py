"""What the machine gave meanwhile: pgbench's own script, before and after everything else."""

from __future__ import annotations

import subprocess

from bench.copy_of_its_own import Copy
from booking.infra.embedded import account

DATABASE = "mood"
CLIENTS = 8


class Mood:
    """A database of its own beside the copy's; looks at it fill `per_second`."""

    def __init__(self, copy: Copy) -> None:
        copy.rows(f"CREATE DATABASE {DATABASE}")
        self._url = copy.url_of(DATABASE)
        self.per_second: list[float] = []
        self._pgbench("--initialize", "--quiet")

    def look(self, seconds: float) -> None:
        words = ["--builtin=simple-update", "--no-vacuum", f"--client={CLIENTS}", "--jobs=2"]
        told = self._pgbench(*words, f"--time={max(1, round(seconds))}")
        self.per_second.append(float(told.split("tps = ")[1].split()[0]))

    def _pgbench(self, *words: str) -> str:
        command = [str(account.binaries(None) / "pgbench"), *words, self._url]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def told(per_second: list[float]) -> str:
    """A line for the report: looks come in pairs, before and after."""
    pairs = zip(per_second[::2], per_second[1::2], strict=True)
    shown = "; ".join(f"{before:,.0f} per second before, {after:,.0f} after" for before, after in pairs)
    return f"the machine's mood, by pgbench's own script (simple-update, {CLIENTS} clients): {shown}"
