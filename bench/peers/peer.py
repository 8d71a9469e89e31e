"""Somebody else's product, installed from PyPI into an environment of its own, on our Postgres and Valkey."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.clients import answer
from bench.copy_of_its_own import PORTS, ROOT, WORKERS, Copy
from bench.filled import Filling
from booking.infra.embedded.children import Child
from booking.infra.embedded.ports import is_free

ENVIRONMENTS = ROOT / "var" / "peers"
# How many deploy them: gunicorn, a process for each request, or threads in each process.
MODES = {"sync": ("--worker-class", "sync"), "threads": ("--worker-class", "gthread", "--threads", "8")}
PATIENCE = 900  # seconds for one step of getting ready


class PeerError(Exception):
    """It cannot be measured; says why."""


class Peer(ABC):
    """One product: how it is made ready and what is asked of it. `known` is what its filling tells."""

    name: str
    needs: tuple[str, ...]  # what pip installs
    application: str  # for gunicorn
    booked = 201  # the status of a booking that went through
    sells = "booking"
    finds = "search"

    def __init__(self, copy: Copy) -> None:
        self.copy, self.known = copy, dict[str, Any]()
        self.home = copy.home / self.name.lower()
        self.python = ENVIRONMENTS / self.name.lower() / "bin" / "python"

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Of its environment."""

    @abstractmethod
    def prepare(self, filling: Filling) -> None:
        """Tables and their filling."""

    @abstractmethod
    def book(self, chance: random.Random) -> bytes:
        """A request for something that is to be had."""

    @abstractmethod
    def search(self, chance: random.Random) -> bytes:
        """A request for what is available."""

    @abstractmethod
    def last_one(self, number: int) -> bytes:
        """A request for the `number`-th of those things of which there is one."""

    def make_ready(self, filling: Filling) -> None:
        """Install it and fill it; raises PeerError."""
        print(f"{self.name} ...", flush=True)
        self.home.mkdir(parents=True)
        self._install()
        self.copy.rows(f"CREATE DATABASE {self.name.lower()}")
        self.prepare(filling)

    def _install(self) -> None:
        uv = Path(sys.executable).with_name("uv")
        if not self.python.exists():
            self.run(str(uv), "venv", "--quiet", "--python", sys.executable, str(self.python.parents[1]))
        self.run(str(uv), "pip", "install", "--quiet", "--python", str(self.python), *self.needs, "gunicorn")

    def version(self) -> str:
        code = f"import importlib.metadata as m; print(m.version({self.name.lower()!r}))"
        return f"{self.name} {self.run(str(self.python), '-c', code).strip()}"

    def fill(self, script: str, *words: object) -> dict[str, Any]:
        """Run a script of this folder by the peer's own Python; what it told."""
        # -P: what is called as the peer in this folder is ours.
        told = self.run(str(self.python), "-P", str(Path(__file__).with_name(script)), *map(str, words))
        ready = next(line for line in told.splitlines() if line.startswith("ready\t"))
        found: dict[str, Any] = json.loads(ready.partition("\t")[2])
        return found

    def run(self, *command: str) -> str:
        """A step of getting ready: its output."""
        environ = os.environ | self.settings
        try:
            done = subprocess.run(
                command, cwd=self.home, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeerError(str(error)) from None
        if done.returncode:
            raise PeerError(f"{' '.join(command[:3])}: {(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout

    @contextmanager
    def serve(self, mode: str) -> Iterator[int]:
        """Its web server: the port, once a search is answered; raises PeerError."""
        port = next(port for port in PORTS if is_free(port))
        words = ["-m", "gunicorn", "--workers", str(WORKERS), *MODES[mode], "--bind", f"127.0.0.1:{port}"]
        words.append("--no-control-socket")
        copy = replace(self.copy, code=self.home, python=str(self.python), environ=os.environ | self.settings)
        with copy.child(f"{self.name.lower()}-{mode}", *words, self.application) as child:
            self._await(port, child)
            yield port

    def _await(self, port: int, child: Child) -> None:
        status = 0
        for _ in range(120):
            if child.wait(0.5) is not None:
                break
            try:
                status = answer(port, self.search(random.Random(1)))[0]
            except (OSError, SystemExit):
                continue
            if status == 200:
                return
        raise PeerError(f"its server does not answer a search ({status or 'nothing'}): {child.log.read_text()[-300:]}")
