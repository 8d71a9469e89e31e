"""On what it was measured."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

from bench.copy_of_its_own import POSTGRES, THREADS, WORKERS, Copy


def described(copy: Copy) -> list[str]:
    """Lines about processor, memory, system, versions and settings."""
    [[postgres]] = copy.rows("SHOW server_version")
    versions = {
        name: importlib.metadata.version(name) for name in ("granian", "flask", "sqlalchemy", "psycopg2-binary")
    }
    settings = ", ".join(f"{name} {value}" for name, value in POSTGRES.items())
    return [
        f"{_processor()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB; "
        f"{platform.system()} {platform.release()}; load {os.getloadavg()[0]:.1f} at the end",
        f"Python {platform.python_version()}, Postgres {postgres}, "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"granian: {WORKERS} workers with {THREADS} threads each, as `make run` starts it",
        f"Postgres: durable (fsync, synchronous_commit on); {settings}",
    ]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
