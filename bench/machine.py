"""On what it was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import psutil

from bench.copy_of_its_own import POSTGRES, ROOT, THREADS, WORKERS, Copy


def described(copy: Copy) -> list[str]:
    """Lines about commit, processor, memory, system, versions and settings."""
    [[postgres]] = copy.rows("SHOW server_version")
    versions = {
        name: importlib.metadata.version(name) for name in ("granian", "flask", "sqlalchemy", "psycopg2-binary")
    }
    settings = ", ".join(f"{name} {value}" for name, value in POSTGRES.items())
    return [
        f"commit {commit()}{' and what is not committed yet' if changed() else ''}",
        f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB; "
        f"{platform.system()} {platform.release()}; load {os.getloadavg()[0]:.1f} at the end",
        f"Python {platform.python_version()}, Postgres {postgres}, "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"as delivered: granian with {WORKERS} workers of {THREADS} threads, as `make run` starts it; the worker"
        " running, but for what says otherwise; requests logged, and counted by the rate limits, which are set too high"
        " to refuse any; compressed answers asked for; bookings may lie further ahead than usual",
        f"Postgres: durable (fsync, synchronous_commit on); {settings}",
    ]


def commit(name: str = "HEAD") -> str:
    """The short hash of a commit; "unknown" where git's history is not here."""
    command = ["git", "rev-parse", "--short", f"{name}^{{commit}}"]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def changed() -> bool:
    """Whether files differ from the commit, but for earlier figures."""
    command = ["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/RESULTS*"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return bool(done.stdout.strip())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
