"""What the whole product takes, as `make run` starts it: supervisor, web, worker, before and after some load."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from bench.copy_of_its_own import PORTS, ROOT, Copy
from booking.infra.embedded.children import MARK, mark
from booking.infra.embedded.ports import is_free
from booking.infra.embedded.processes import with_variable


@dataclass(frozen=True)
class Taken:
    """Memory of one process, in MB. PSS counts shared pages by halves and thirds; where there is none, it is RSS."""

    name: str
    pss: float
    rss: float


@contextmanager
def whole_product(copy: Copy) -> Iterator[tuple[int, Callable[[], list[Taken]]]]:
    """`make run` on this copy's servers: its port, and how to look at its memory."""
    port = next(port for port in PORTS if is_free(port))
    environ = copy.environ | {"PORT": str(port), "BOOKING_HORIZON_DAYS": "540"}
    log = copy.home / "log" / "up.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "booking.cli.up"]
        supervisor = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
    try:
        _await(f"http://127.0.0.1:{port}/api/v1/health/ready", supervisor)
        yield port, lambda: list(_taken(copy, supervisor.pid))
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(30)


def _await(url: str, supervisor: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and supervisor.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("`make run` did not start on the filled copy: see log/up.log.")


def _taken(copy: Copy, supervisor: int) -> Iterator[Taken]:
    yield _of("supervisor", psutil.Process(supervisor))
    for name in ("web", "worker"):
        family = sorted(with_variable(MARK, mark(copy.home, name)), key=lambda process: int(process.pid))
        for number, process in enumerate(family):
            role = f"{name} {number}" if number else name
            yield _of(f"{role} (granian's own)" if name == "web" and not number else role, process)


def _of(name: str, process: Any) -> Taken:
    full = process.memory_full_info()
    return Taken(name, getattr(full, "pss", full.rss) / 2**20, full.rss / 2**20)


def table(before: list[Taken], after: list[Taken]) -> list[str]:
    """PSS and RSS of each process after the start and after the load."""
    later = {taken.name: taken for taken in after}
    names = [taken.name for taken in before] + [name for name in later if name not in {one.name for one in before}]
    earlier = {taken.name: taken for taken in before}
    lines = ["| process | PSS / RSS after the start, MB | PSS / RSS after the load, MB |", "|---|---|---|"]
    return lines + [f"| {name} | {_shown(earlier.get(name))} | {_shown(later.get(name))} |" for name in names]


def _shown(taken: Taken | None) -> str:
    return f"{taken.pss:.0f} / {taken.rss:.0f}" if taken else "-"
