"""A copy of the product in a folder of its own, running as `make run` runs it, and how to hurt it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from booking.infra import embedded
from booking.infra.embedded import processes
from booking.infra.embedded.ports import RANGE, is_free

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("booking", "migrations", "wsgi.py", "worker.py")
BACK_WITHIN = 300  # seconds: then it is gone for good; how soon it should be back is for whoever kills it to say
READY = "/api/v1/health/ready"


class Product:
    """The copy in `path`; `settings` are environment variables."""

    def __init__(self, path: Path, **settings: str) -> None:
        self.path, self.home = path, path / "var"
        self.port = next(port for port in range(8100 + os.getpid() % 900, RANGE.start) if is_free(port))
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        own = {"PORT": str(self.port), "VAR_DIR": str(self.home), "DEMO_GOES_ON": "false"}  # all that happens is ours
        self.environ = {**kept, **own, **settings}
        self.supervisor: psutil.Popen | None = None

    # --- its life

    def fill(self) -> None:
        for part in PARTS:
            source, target = REPOSITORY / part, self.path / part  # with what is compiled of it
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)

    def start(self) -> float:
        """Seconds until it says where to look."""
        began = time.monotonic()
        with (self.path / "up.log").open("w") as log:
            self.supervisor = psutil.Popen(
                [sys.executable, "-m", "booking.cli.up"],
                cwd=self.path,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started = self.supervisor
        eventually(lambda: "Running on" in self.said() or started.poll() is not None, 120)
        assert started.poll() is None, self.said()
        return time.monotonic() - began

    def stop(self) -> None:
        if self.supervisor and self.supervisor.poll() is None:
            self.supervisor.resume()
            self.supervisor.terminate()
            self.supervisor.wait(15)

    def remove(self) -> None:
        """Leave nothing behind, whatever happened."""
        try:
            self.stop()
        except psutil.TimeoutExpired:
            for process in [*self.supervisor.children(recursive=True), self.supervisor]:
                process.kill()
        if (self.home / "keys.json").exists():
            shutil.rmtree(self.data(), ignore_errors=True)
        shutil.rmtree(self.path)

    # --- looking at it

    def said(self) -> str:
        return (self.path / "up.log").read_text()

    def log(self, name: str, event: str) -> list[dict[str, Any]]:
        """The lines of web's or worker's log about this event, as far back as they are kept."""
        logs = [self.home / "log" / f"{name}.log{age}" for age in (".1", "")]
        texts = [log.read_text(errors="replace") for log in logs if log.exists()]
        return [json.loads(line) for text in texts for line in text.splitlines() if _is_about(event, line)]

    def data(self) -> Path:
        return Path(embedded.account.data_directory(self.home, embedded.Keys.of(self.home).instance))

    def port_of(self, server: str) -> int:
        return int((self.home / "run" / f"{server}.port").read_text())

    def database(self) -> Any:
        """A connection of the superuser's: an observer's eye."""
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port_of("postgres"),
            user="postgres",
            password=embedded.Keys.of(self.home).postgres,
            dbname="booking",
            connect_timeout=5,
        )
        connection.autocommit = True
        return connection

    def redis_url(self) -> str:
        return f"redis://:{embedded.Keys.of(self.home).valkey}@127.0.0.1:{self.port_of('valkey')}/0"

    def readiness(self) -> dict[str, Any] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{READY}", timeout=5) as answer:
                return dict(json.load(answer))
        except (OSError, ValueError):
            return None

    def serves(self) -> bool:
        """Whether everything works, Redis included."""
        return (self.readiness() or {}).get("degraded") == []

    def flask(self, *words: str, within: float = 120) -> subprocess.CompletedProcess[str]:
        """Raises TimeoutExpired after so many seconds."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=self.path,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )

    # --- hurting it

    def process(self, name: str) -> psutil.Process:
        """web (granian's master), granian (one of its workers), worker, postgres (the postmaster) or valkey."""
        if name in {"web", "worker"}:
            return psutil.Process(int((self.home / "run" / f"{name}.pid").read_text()))
        if name == "granian":
            return self.process("web").children()[-1]
        if name == "postgres":
            return psutil.Process(int((self.data() / "postmaster.pid").read_text().split("\n", 1)[0]))
        # Whoever started it: the first to need it when it was gone.
        return processes.working_in(self.home / "valkey", name)[0]

    def settings_of_web(self) -> dict[str, str]:
        """What it was told of servers and keys: with these a process needs to start none, and finds the same."""
        environ = self.process("web").environ()
        return {name: environ[name] for name in ("APP_ENV", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "JWT_KEYS")}

    def kill(self, name: str) -> float:
        """kill -9; the seconds until a new one is there and everything serves again."""
        victim = eventually(lambda: attempt(lambda: self.process(name)), BACK_WITHIN)
        victim.kill()
        began = time.monotonic()
        eventually(lambda: self._replaced(name, victim) and self.serves(), BACK_WITHIN)
        return time.monotonic() - began

    def _replaced(self, name: str, victim: psutil.Process) -> bool:
        other = attempt(lambda: self.process(name))
        if other is None or other.pid == victim.pid or victim.is_running():
            return False
        return name != "worker" or any(line["pid"] == other.pid for line in self.log(name, "worker_started"))

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Not dead but silent: SIGSTOP, and SIGCONT afterwards."""
        process = self.process(name)
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Killed, and nobody starts it again while this lasts: its supervisor is asleep."""
        assert self.supervisor is not None
        victim = self.process(name)
        self.supervisor.suspend()
        try:
            victim.kill()
            yield
        finally:
            self.supervisor.resume()
            eventually(self.serves, 30)


@contextmanager
def running(**settings: str) -> Iterator[Product]:
    """A new copy, started; gone afterwards."""
    with alive(Product(folder(), **settings)) as product:
        yield product


def folder() -> Path:
    """A new one that Postgres' account can enter."""
    path = Path(tempfile.mkdtemp(prefix="room-booking-")).resolve()
    path.chmod(0o755)
    return path


@contextmanager
def alive(product: Product) -> Iterator[Product]:
    """Filled and started; gone afterwards."""
    try:
        product.fill()
        product.start()
        yield product
    finally:
        product.remove()


def eventually(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true answer; AssertionError where there is none in time."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return answer


def _is_about(event: str, line: str) -> bool:
    """Whether it is a whole line about that: a killed process may leave the beginning of one."""
    return f'"{event}"' in line and line.startswith("{") and line.endswith("}")


def attempt(look: Callable[[], Any]) -> Any:
    """What there is to see, None in a moment when there is nothing."""
    try:
        return look()
    except (psutil.Error, OSError, ValueError, KeyError, IndexError):
        return None
