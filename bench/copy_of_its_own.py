"""A copy of the product for measuring: its own folder, rooms by COPY, web processes without limits."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import make_url

from booking.infra.embedded import Servers
from booking.infra.embedded.ports import is_free

TABLES = "users, properties, rooms, simulated_ledger, events"
ROOT = Path(__file__).parents[1]
PLACES = 100
ZONE, CURRENCY = "Europe/Brussels", "EUR"
FIRST_ROOM = 100_001
POLICY = '{"name": "flexible", "tiers": [{"daysBefore": 1, "percent": 100}]}'


def place(number: int) -> str:
    """The location of a room, skewed as in life: the first holds a tenth of all, the others share the rest."""
    return f"place-{10 + (0 if number % 10 == 0 else number % (PLACES - 1) + 1)}"


def room_uuid(number: int) -> str:
    """Ids that a script can make from a number."""
    return f"00000000-0000-7000-8000-000000{FIRST_ROOM + number}"


class Copy:
    """The running copy: where it is, and how to reach its database."""

    def __init__(self, servers: Servers, port: int, environ: dict[str, str]) -> None:
        self.servers, self.port, self.environ = servers, port, environ

    @property
    def log(self) -> Path:
        return Path(self.environ["VAR_DIR"]) / "log" / "postgres.log"

    def connect(self, role: str = "booking_owner") -> Any:
        url = make_url(self.servers.database_url(role))
        made = psycopg2.connect(
            host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
        )
        made.autocommit = True
        return made

    def fill(self, rooms: int) -> None:
        """Exactly so many rooms and nothing else."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {TABLES} CASCADE")
            houses = "".join(
                f"00000000-0000-7000-9000-0000000{10000 + n}\tHouse {n}\thouse-{n}\tplace-{10 + n}\t"
                f"{{}}\t{ZONE}\t{CURRENCY}\t15:00\t11:00\tHouse {n}\n"
                for n in range(PLACES)
            )
            columns = "id,name,slug,location,address,time_zone,currency,check_in_time,check_out_time,legal_name"
            cursor.copy_expert(f"COPY properties ({columns}) FROM STDIN", io.StringIO(houses))
            columns = "id,property_id,name,location,currency,capacity,price_per_night,cancellation_policy,published"
            cursor.copy_expert(f"COPY rooms ({columns}) FROM STDIN", io.StringIO("".join(map(_room, range(rooms)))))
            cursor.execute("ANALYZE")


def _room(number: int) -> str:
    where = place(number)
    house = f"00000000-0000-7000-9000-0000000{10000 + int(where[6:]) - 10}"
    price = 40 + number % 200
    return f"{room_uuid(number)}\t{house}\tRoom {number}\t{where}\t{CURRENCY}\t{1 + number % 8}\t{price}\t{POLICY}\tt\n"


@contextmanager
def running(home: Path, *, workers: int = 2) -> Iterator[Copy]:
    """Start Postgres, Valkey and the web; stop them at the end. No worker: it would share the two cores."""
    servers = Servers(home)
    servers.join()
    port = next(port for port in range(8300, 8400) if is_free(port))
    environ = {
        **os.environ,
        **servers.urls(),
        "APP_ENV": "development",
        "VAR_DIR": str(home),
        "MAIL_DIR": str(home / "mail"),
        "SECRET_KEY": servers.keys.secret_key,
        "JWT_KEYS": f"bench:{servers.keys.jwt}",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "SEARCH_CACHE_SECONDS": "0",
        "FLASK_APP": "wsgi.py",
    }
    subprocess.run([sys.executable, "-m", "flask", "db", "upgrade"], cwd=ROOT, env=environ, check=True)
    command = [
        "granian",
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        "8",
    ]
    with (home / "log" / "web.log").open("ab") as log:
        web = subprocess.Popen(
            [str(Path(sys.executable).parent / command[0]), *command[1:], "--no-ws", "wsgi:app"],
            cwd=ROOT,
            env=environ,
            stdout=log,
            stderr=log,
        )
    try:
        _await(f"http://127.0.0.1:{port}/api/v1/health/ready")
        yield Copy(servers, port, environ)
    finally:
        web.terminate()
        web.wait(20)
        servers.leave()


def _await(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("The web did not start: see log/web.log.")
