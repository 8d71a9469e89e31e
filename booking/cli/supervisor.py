"""The supervisor behind `make run`: servers, migrations, demo rooms, web and worker, watched until Ctrl-C."""

import os
import shutil
import sys
import time
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException

from booking.cli.progress import Progress
from booking.infra import embedded, signals
from booking.infra.embedded import ports
from booking.infra.embedded.children import Child, stop_together
from booking.infra.embedded.keys import make_private
from booking.infra.embedded.locks import FileLock
from booking.infra.embedded.logs import last_lines

READY = "/api/v1/health/ready"
STOP_WITHIN = 4.5  # seconds for all of it
PATIENCE = 120.0  # seconds for one step of the start
LOOK = 0.1  # seconds between two looks at what runs


CLOSING = """
Running on {url}   (Ctrl-C ends it)

  pages      {url}/
  API        {url}/api/docs
  guest      {guest[0]}   password {guest[1]}
  owner      {owner[0]}   password {owner[1]}
  data       {data}

Sign in and list available rooms:

  TOKEN=$(curl -s {url}/api/v1/auth/login -H 'Content-Type: application/json' \\
    -d '{{"email":"{guest[0]}","password":"{guest[1]}"}}' | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
  curl -s '{url}/api/v1/rooms?location=tel-aviv&checkIn={check_in}&checkOut={check_out}&capacity=2' \\
    -H "Authorization: Bearer $TOKEN"
"""


class Stop(BaseException):
    """Somebody asked us to end. Raised wherever the program is, except while it is ending already."""


class Up:
    """The supervisor. `run()` tells the story; the steps follow in order."""

    def __init__(self, environ: dict[str, str]) -> None:
        """Reads PORT and BIND; touches nothing yet."""
        self.environ = environ
        self.port, self.bind = int(environ.get("PORT") or 8000), environ.get("BIND") or "127.0.0.1"
        environ.setdefault("MALLOC_ARENA_MAX", "1")  # glibc's arenas, one per thread, cost each web process 20 MB
        self.url = f"http://{self._site_host()}:{self.port}"
        environ.setdefault("SITE_URL", self.url)  # so that links in emails lead here
        self.home = embedded.var_dir(environ)
        self.progress = Progress()
        self.servers: embedded.Servers | None = None
        self.children: list[Child] = []
        self.stopping = signals.Raising(insisting=True)
        self.interruptible = self.asked = False

    def run(self) -> int:
        """Start, watch, stop. The exit code: 0 when somebody asked for the end, 1 when something could not start."""
        self._heed_signals()
        lock = FileLock(make_private(self.home, mode=0o711) / "up.lock")
        if not lock.try_to_take():
            raise embedded.EmbeddedError("This folder is running already: end that one first, or use another folder.")
        try:
            self._until_asked_to_stop()
        except Stop:
            self.stopping.stop()
        finally:
            self._stop()
            lock.free()
        return 0

    # --- starting

    def _start(self) -> None:
        self._end_leftovers()
        if not ports.is_free(self.port, self.bind):
            raise embedded.EmbeddedError(
                f"Port {self.port} of {self.bind} is taken: choose another, PORT=8001 make run."
            )
        with self.progress.step("Postgres and Valkey"):
            self.servers = embedded.provide(self.environ, replace=True)
        with self.progress.step("migrations and demo rooms"):
            self._prepare()
        with self.progress.step("web and worker"):
            self._start_children()
            self._await_ready()
        self.progress.say(self._closing_lines())

    def _end_leftovers(self) -> None:
        """What a kill -9 of an earlier supervisor left. Servers are not ended but used."""
        stop_together([self._child(name, []) for name in ("prepare", "web", "worker", "backup")], 0)

    def _prepare(self) -> None:
        child = self._child("prepare", [sys.executable, "-m", "booking.cli.prepare"])
        self.children.append(child)
        child.start()
        code = child.wait(PATIENCE)
        if code != 0:
            what = "took too long" if code is None else f"ended with {code}"
            raise embedded.EmbeddedError(f"Migrations or demo rooms {what}:\n{last_lines(child.log)}")
        self.children.remove(child)
        child.kill()

    def _start_children(self) -> None:
        metrics = self.home / "run" / "prometheus"
        shutil.rmtree(metrics, ignore_errors=True)
        make_private(metrics)
        self.children.append(self._child("web", self._web_command(), PROMETHEUS_MULTIPROC_DIR=str(metrics)))
        self.children.append(self._child("worker", [sys.executable, "worker.py"]))
        if self.environ.get("BACKUP_URL"):
            command = [sys.executable, "-m", "flask", "backup", "receive"]
            self.children.append(self._child("backup", command))
        for child in self.children:
            child.start()

    def _child(self, name: str, command: list[str], **more: str) -> Child:
        environ = self.environ | more
        if name != "prepare":  # only migrations are done as the owner of the tables
            environ.pop("MIGRATION_DATABASE_URL", None)
        if name != "backup":
            environ.pop("BACKUP_DATABASE_URL", None)
        return Child(name, command, home=self.home, cwd=embedded.ROOT, environ=environ)

    def _web_command(self) -> list[str]:
        options = {
            "--interface": "wsgi",
            "--host": self.bind,
            "--port": str(self.port),
            "--workers": self.environ.get("WEB_CONCURRENCY") or str(os.cpu_count() or 2),
            "--blocking-threads": self.environ.get("GRANIAN_BLOCKING_THREADS") or "8",
            "--workers-kill-timeout": "2",
        }
        flags = ["--respawn-failed-workers", "--no-ws"]
        return [
            sys.executable,
            "-m",
            "granian",
            *(word for option in options.items() for word in option),
            *flags,
            "wsgi:app",
        ]

    def _await_ready(self) -> None:
        end = time.monotonic() + PATIENCE
        while not self._is_ready():
            self._tend()
            broken = next((child for child in self.children if child.failures >= 3), None)
            if broken or time.monotonic() > end:
                child = broken or self.children[0]
                raise embedded.EmbeddedError(
                    f"The {child.name} does not come up. {child.log}:\n{last_lines(child.log)}"
                )
            time.sleep(LOOK)

    def _is_ready(self) -> bool:
        connection = HTTPConnection(self._host(), self.port, timeout=5)
        try:
            connection.request("GET", READY)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _host(self) -> str:
        """Where to reach what listens on BIND."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bind, self.bind)  # noqa: S104 (a comparison)

    def _site_host(self) -> str:
        """How people call it: a cookie for one name is none for another, so links and output have the same."""
        if self._host() in ("127.0.0.1", "::1"):
            return "localhost"
        return f"[{self.bind}]" if ":" in self.bind else self.bind

    def _closing_lines(self) -> str:
        from booking.cli.demo import DEMO_GUEST, DEMO_OWNER

        data = [str(self.home)]
        if self.servers and self.home not in self.servers.postgres.directory.parents:
            data.append(f"Postgres: {self.servers.postgres.directory} (its account cannot enter this folder)")
        soon = date.today() + timedelta(days=30)  # noqa: DTZ011 (an example, anywhere)
        return CLOSING.format(
            url=self.url,
            data="; ".join(data),
            guest=DEMO_GUEST,
            owner=DEMO_OWNER,
            check_in=soon,
            check_out=soon + timedelta(days=2),
        )

    # --- watching

    def _watch(self) -> None:
        while True:
            self._tend()
            self._mend()
            time.sleep(LOOK)

    def _mend(self) -> None:
        try:
            for name in self.servers.mend() if self.servers else []:
                self.progress.say(f"{name} had ended; it runs again")
        except embedded.EmbeddedError as error:
            self.progress.say(f"{error}\nTrying again.")
            time.sleep(LOOK * 20)

    def _tend(self) -> None:
        for child in self.children:
            if sentence := child.tend():
                self.progress.say(sentence)

    # --- stopping

    def _heed_signals(self) -> None:
        for number in signals.ENDING:
            signals.heed(number, self._on_signal)

    def _on_signal(self, _number: int) -> None:
        self.asked = True
        if self.interruptible:
            self.stopping(Stop())

    def _until_asked_to_stop(self) -> None:
        try:
            self.interruptible = True
            if self.asked:  # before this line
                return
            self._start()
            self._watch()
        finally:
            self.stopping.stop()

    def _stop(self) -> None:
        began = time.monotonic()
        stop_together(self.children, 2.5)
        if self.servers:
            self.servers.leave(within=max(0.5, STOP_WITHIN - (time.monotonic() - began)))
        self.progress.say(f"Stopped in {time.monotonic() - began:.1f} s.")
