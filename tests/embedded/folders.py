"""Folders that the launcher can run in: its own code and the smallest app."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from booking.infra import embedded
from booking.infra.embedded.ports import RANGE, is_free

REPOSITORY = Path(__file__).resolve().parents[2]
TINY = Path(__file__).parent / "tiny"
PARTS = (
    "booking/infra/embedded",
    "booking/infra/signals.py",
    "booking/cli/up.py",
    "booking/cli/supervisor.py",
    "booking/cli/prepare.py",
    "booking/cli/progress.py",
)


class Folder:
    """A copy of the launcher in `path`, and the processes that run in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.home = path, path / "var"
        self.port = next(port for port in range(8100 + os.getpid() % 900, RANGE.start) if is_free(port))
        self.log = path / "up.log"

    def fill(self) -> Any:
        for part in PARTS:
            source, target = REPOSITORY / part, self.path / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        for package in ("booking", "booking/infra", "booking/cli"):
            (self.path / package / "__init__.py").touch()
        shutil.copy(TINY / "wsgi.py", self.path)
        shutil.copy(TINY / "worker.py", self.path)
        shutil.copy(TINY / "demo.py", self.path / "booking/cli")
        return self

    def environ(self, **more: Any) -> Any:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**kept, "PORT": str(self.port), **more}

    def spawn(self, *command: Any, **options: Any) -> Any:
        environ = self.environ(**options.pop("environ", {}))
        return subprocess.Popen([sys.executable, *command], cwd=self.path, env=environ, **options)

    def up(self, *, ready: Any = True, **options: Any) -> Any:
        """Start the supervisor; by default wait until it says where to look."""
        with self.log.open("w") as log:
            process = self.spawn("-m", "booking.cli.up", stdout=log, stderr=log, start_new_session=True, **options)
        if ready:
            eventually(lambda: "Running on" in self.said() or process.poll() is not None)
            assert process.poll() is None, self.said()
        return process

    def said(self) -> Any:
        return self.log.read_text()

    def flask(self, *words: Any) -> Any:
        """The output of a plain flask command."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=self.path,
            env=self.environ(),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()

    def ask(self) -> Any:
        """What the web answers, or None."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/health/ready", timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def pid(self, name: Any) -> Any:
        """Of the web, the worker or the postmaster."""
        if name == "postgres":
            return int((self.data() / "postmaster.pid").read_text().split()[0])
        return int((self.home / "run" / f"{name}.pid").read_text())

    def data(self) -> Any:
        return embedded.account.data_directory(self.home, embedded.Keys.of(self.home).instance)

    def processes(self) -> Any:
        """Everything alive that works somewhere below this folder, or on its data."""
        places = [str(self.path)]
        if (self.home / "keys.json").exists():
            places.append(str(self.data()))
        found = []
        for process in psutil.process_iter():
            try:
                if any(f"{process.cwd()}/".startswith(f"{place}/") for place in places):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill_everything(self) -> None:
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue

    def remove(self) -> None:
        """Leave nothing behind, whatever a test did."""
        eventually(lambda: self.kill_everything() or not self.processes())
        if (self.home / "keys.json").exists():
            shutil.rmtree(self.data(), ignore_errors=True)
        shutil.rmtree(self.path)


def eventually(condition: Any, seconds: Any = 30) -> Any:
    """The first true answer; a test fails that does not get one."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return answer
