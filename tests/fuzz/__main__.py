"""`make fuzz ARGS="--minutes 10 --seed 1"`: whatever is sent, nothing of ours breaks.

Four parts, each with its share of the time: schemathesis over the OpenAPI document of a running copy (all checks, all
phases); malformed HTTP by raw sockets; Hypothesis on money and dates; the life of bookings beside its model. The exit
code is 1 where there is a finding; with the same seed the same things are tried.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.copy_of_its_own import remove
from booking.infra import signals
from booking.infra.embedded import Servers
from tests.faults.product import REPOSITORY, Product, running
from tests.fuzz import api
from tests.fuzz.wire import Wire, faults_in_the_log

HOME = REPOSITORY / "var" / "fuzz"
PROPERTIES = ("tests/fuzz/test_money.py", "tests/fuzz/test_dates.py")
MODEL = ("tests/domain/reservations/test_model.py",)
EXAMPLES, STORIES, STEPS = 1000, 50, 50  # of each property; stories of bookings and their steps, in one round
COUNTED = re.compile(r"- (\d+) passing")
# Long enough for any run, and a card that times out does so quickly.
SETTINGS = {"RATELIMIT_ENABLED": "false", "ACCESS_TOKEN_SECONDS": "86400", "PAYMENT_TIMEOUT_SECONDS": "0.5"}


@dataclass
class Part:
    """What was tried and found."""

    name: str
    tried: str
    seconds: float
    notes: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


def fuzz(seconds: float, seed: int, directory: Path) -> list[Part]:
    """All parts, one after another, on a copy that is gone afterwards."""
    parts = []
    with running(**SETTINGS) as product:
        parts.append(_told("API", lambda: _api(product, seed, 0.45 * seconds, directory)))
        parts.append(_told("raw HTTP", lambda: _wire(product, seed, 0.15 * seconds)))
    parts.append(_told("money and dates", lambda: _rounds(PROPERTIES, seed, 0.10 * seconds, directory)))
    parts.append(_told("life of bookings", lambda: _rounds(MODEL, seed, 0.30 * seconds, directory)))
    return parts


def _told(name: str, run: Callable[[], Part]) -> Part:
    print(f"{name} ...", flush=True)
    began = time.monotonic()
    part = run()
    part.name, part.seconds = name, time.monotonic() - began
    print("\n".join(f"  {line}" for line in [*part.notes, *part.findings]), flush=True)
    return part


def _api(product: Product, seed: int, seconds: float, directory: Path) -> Part:
    report = api.run(product, seed, seconds, directory)
    return Part("", f"{report.cases} requests", 0, report.notes, report.findings + faults_in_the_log(product))


def _wire(product: Product, seed: int, seconds: float) -> Part:
    wire = Wire(product)
    notes = wire.run(seed, seconds)
    return Part("", f"{wire.sent} messages", 0, notes, wire.findings)


def _rounds(tests: tuple[str, ...], seed: int, seconds: float, directory: Path) -> Part:
    """Rounds of pytest until the time is over, each with the next seed."""
    end, part, examples, number = time.monotonic() + seconds, Part("", "", 0), 0, 0
    while (time.monotonic() < end or not number) and not part.findings:
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "--hypothesis-show-statistics",
                f"--hypothesis-seed={seed + number}",
                *tests,
            ],
            cwd=REPOSITORY,
            env=os.environ
            | {
                "TEST_VAR_DIR": str(directory / "test"),
                "PROPERTY_EXAMPLES": str(EXAMPLES),
                "MODEL_EXAMPLES": str(STORIES),
                "MODEL_STEPS": str(STEPS),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        number += 1
        examples += STORIES if tests == MODEL else sum(map(int, COUNTED.findall(ended.stdout)))
        if ended.returncode:
            part.findings.append(
                f"with --hypothesis-seed={seed + number - 1}:\n{ended.stdout[-4000:]}{ended.stderr[-1000:]}"
            )
    part.tried = f"{examples} stories of {STEPS} steps" if tests == MODEL else f"{examples} examples"
    part.notes.append(f"{number} rounds, seeds {seed} to {seed + number - 1}")
    return part


def table(parts: list[Part]) -> list[str]:
    lines = [f"{'part':<18}{'tried':<32}{'seconds':>9}{'findings':>10}"]
    return lines + [f"{part.name:<18}{part.tried:<32}{part.seconds:>9.0f}{len(part.findings):>10}" for part in parts]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--directory", type=Path, default=HOME, help="for logs")
    arguments = parser.parse_args()
    signals.end_by_exception()
    print(f"seed {arguments.seed}", flush=True)
    directory = arguments.directory.resolve()
    try:
        parts = fuzz(60 * arguments.minutes, arguments.seed, directory)
    finally:
        remove(directory / "test", Servers(directory / "test"))
    print("\n".join(["", *table(parts), f"seed {arguments.seed}"]))
    return 1 if any(part.findings for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main())
