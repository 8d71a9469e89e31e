"""A copy of the product for measuring: its own folder, Postgres and Valkey, and web servers as they are delivered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from booking.config import Settings
from booking.infra.db import engine_options
from booking.infra.embedded import Servers
from booking.infra.embedded.children import Child, stop_together
from booking.infra.embedded.keys import make_private
from booking.infra.embedded.ports import is_free

ROOT = Path(__file__).parents[1]
PORTS = range(int(os.environ.get("BENCH_PORT", "8300")), int(os.environ.get("BENCH_PORT", "8300")) + 100)
WORKERS, THREADS = int(os.environ.get("BENCH_WORKERS", os.cpu_count() or 2)), 8

# An ordinary setting-up for a machine of this size; everything else, durability included, is as the product has it.
POSTGRES = {
    "shared_buffers": f"{min(2048, psutil.virtual_memory().total // 2**23)}MB",  # an eighth of the memory
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "maintenance_work_mem": "512MB",
}
# How the product sets up its own connections: whatever stands beside it gets the same.
OPTIONS = str(engine_options(Settings.unconnected())["connect_args"]["options"])
# Requests are counted and logged as delivered, but nobody is refused: one address asks for everybody.
DELIVERED = {
    "RATELIMIT_ENABLED": "true",
    **{f"LIMIT_{who}": "100000000 per 15 minutes" for who in ("PUBLIC", "USER", "RESERVATIONS")},
    "LIMIT_BOOKINGS": "100000000 per minute",
    "LIMIT_MAILS": "100000000 per day",
    "LOG_LEVEL": "INFO",
    "MALLOC_ARENA_MAX": "1",  # as `make run` has it
}
# What is not recovered after a crash need not be written twice: for loading only, never for measuring.
LOADING = POSTGRES | {"wal_level": "minimal", "max_wal_senders": "0"}


class Web:
    """A granian with some WSGI application."""

    def __init__(self, child: Child, port: int, metrics: Path) -> None:
        self.child, self.port, self.metrics = child, port, metrics

    def counted(self, name: str) -> float:
        """The sum of a Prometheus counter over all of its labels, as /metrics shows it."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@dataclass(frozen=True)
class Copy:
    """The running copy: where it is, which code it runs by which Python, and how to reach its database.

    Postgres and Valkey are children of the process `parent`.
    """

    home: Path
    environ: dict[str, str]
    urls: dict[str, str]  # of the database, by role
    code: Path
    python: str
    parent: int

    @property
    def log(self) -> Path:
        return self.home / "log" / "postgres.log"

    def url_of(self, database: str, role: str = "postgres") -> str:
        """Of the copy's database, or of another one beside it, for anybody's libpq."""
        return f"{self.urls[role].replace('+psycopg2', '').rpartition('/')[0]}/{database}"

    def connect(self, role: str = "postgres", options: str = "", database: str = "booking") -> Any:
        """A psycopg2 connection that commits every statement."""
        made = psycopg2.connect(self.url_of(database, role), options=options)
        made.autocommit = True
        return made

    def rows(self, query: str, *values: Any, database: str = "booking") -> list[Any]:
        with closing(self.connect(database=database)) as connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall()) if cursor.description else []

    def flask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the product's own command line, in this copy."""
        command = [self.python, "-m", "flask", *words]
        return subprocess.run(command, cwd=self.code, env=self.environ, capture_output=True, text=True, check=False)

    @contextmanager
    def web(self, name: str, application: str = "wsgi:app", **environ: str) -> Iterator[Web]:
        """A web server of this copy; some settings may differ from the copy's."""
        metrics = self.home / "run" / f"prometheus-{name}"
        shutil.rmtree(metrics, ignore_errors=True)
        make_private(metrics)
        port = next(port for port in PORTS if is_free(port))
        command = ["-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws", "--respawn-failed-workers"]
        command += ["--workers", str(WORKERS), "--blocking-threads", str(THREADS), application]
        with self.child(name, *command, **{"PROMETHEUS_MULTIPROC_DIR": str(metrics), **environ}) as child:
            _await(f"http://127.0.0.1:{port}/api/v1/health/ready", child)
            yield Web(child, port, metrics)

    @contextmanager
    def child(self, name: str, *command: str, **environ: str) -> Iterator[Child]:
        """A program of this copy, run by its Python."""
        told = self.environ | environ
        told.pop("MIGRATION_DATABASE_URL", None)
        child = Child(name, [self.python, *command], home=self.home, cwd=self.code, environ=told)
        child.start()
        try:
            yield child
        finally:
            stop_together([child], 5)

    def pid(self, name: str) -> int:
        """Of a program that `child()` runs."""
        return int((self.home / "run" / f"{name}.pid").read_text())


def copy_of(home: Path, servers: Servers) -> Copy:
    """This commit's copy on running servers."""
    environ = {
        **os.environ,
        **servers.urls(),
        "APP_ENV": "development",
        "VAR_DIR": str(home),
        "MAIL_DIR": str(home / "mail"),
        "SECRET_KEY": servers.keys.secret_key,
        "JWT_KEYS": f"bench:{servers.keys.jwt}",
        "ACCESS_TOKEN_SECONDS": "86400",
        "FLASK_APP": "wsgi.py",
        **DELIVERED,
    }
    urls = {role: servers.database_url(role) for role in ("postgres", "booking_app")}
    return Copy(home, environ, urls, ROOT, sys.executable, os.getpid())


def take(home: Path) -> None:
    """Make a folder for copies, without what an interrupted run left there. One with other things in it is refused."""
    mark = home / "everything-here-is-removed"
    if home.exists() and any(home.iterdir()) and not mark.exists():
        raise SystemExit(f"{home} holds other things, which would be removed: name an empty folder with --home.")
    servers = Servers(home)
    remove(home, servers)
    home.mkdir(parents=True)
    mark.touch()


@contextmanager
def running(
    home: Path, *, keep: bool, settings: dict[str, str] | None = None, revision: str | None = "head"
) -> Iterator[Copy]:
    """Postgres and Valkey on `home`, the tables as of `revision` (None: as they were left); at the end stopped and,
    unless `keep`, removed.
    """
    servers = Servers(home, settings=settings or POSTGRES)
    with ExitStack() as ending:
        if not keep:
            ending.callback(remove, home, servers)
        ending.callback(servers.leave, 60)
        servers.join()
        copy = copy_of(home, servers)
        if revision and (made := copy.flask("db", "upgrade", revision)).returncode:
            raise SystemExit(made.stderr)
        yield copy


def remove(home: Path, servers: Servers) -> None:
    """Everything of a copy that has stopped; its database may lie elsewhere (booking/infra/embedded/account.py)."""
    shutil.rmtree(servers.postgres.directory, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _await(url: str, child: Child) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit(f"The {child.name} server did not start: see {child.log}.")
