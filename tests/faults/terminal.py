"""Staff at a terminal: one `flask` command after the other, said again until it is known what came of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.faults.product import Product

UNTIL = 240.0  # seconds of saying it again
KILLED = 3  # of a hundred commands, somewhere in the middle
NO_POSTGRES = "Error: Postgres"  # went away, or cannot do this now: nothing is known, or nothing happened
BROKE = 70  # the code of a traceback
PROGRAM = {"PYTHONPATH": str(Path(__file__).parent / "detour")}  # where it lies


@dataclass(frozen=True)
class Said:
    code: int
    text: str

    @property
    def done(self) -> bool:
        return self.code == 0


class Terminal:
    """A process of the product's own, started when it is needed. `seen` counts answers, `odd` are those that no command
    may give.
    """

    def __init__(self, product: Product, chance: random.Random) -> None:
        self._product, self._chance = product, chance
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()
        self.seen: Counter[str] = Counter()
        self.odd: list[str] = []

    def insist(self, *words: str) -> Said | None:
        """The final answer; None where none came in time."""
        end = time.monotonic() + UNTIL
        while time.monotonic() < end:
            said = self.say(*words)
            if said is None or said.text.startswith(NO_POSTGRES):
                self.seen["died, or had no Postgres"] += 1
                time.sleep(0.2)
                continue
            self.seen["done" if said.done else "refused"] += 1
            if said.code not in {0, 1}:
                self.odd.append(f"flask {' '.join(words)}: {said}")
            return said
        self.odd.append(f"flask {' '.join(words)}: no final answer in {UNTIL:.0f} s")
        return None

    def say(self, *words: str) -> Said | None:
        """Once; None where the process died meanwhile."""
        with self._turn:
            try:
                return self._said(words)
            except (OSError, ValueError, KeyError, psutil.Error):
                self.close()
                return None

    def close(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what was not read any more
                    pipe.close()

    def _said(self, words: tuple[str, ...]) -> Said:
        process = self._process = self._process or self._opened()
        print(json.dumps(words), file=process.stdin, flush=True)
        if self._chance.random() * 100 < KILLED:
            time.sleep(self._chance.uniform(0, 0.05))
            process.kill()
        return self._answer(process)

    def _opened(self) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "terminal"],
            cwd=self._product.path,
            env=self._product.environ | self._product.settings_of_web() | PROGRAM,  # so it meets the cuts, too
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._answer(self._process)
        return self._process

    @staticmethod
    def _answer(process: subprocess.Popen[str]) -> Said:
        """Raises ValueError where there is none."""
        assert process.stdout is not None
        answer = json.loads(process.stdout.readline())
        return Said(answer["code"], answer["said"])
