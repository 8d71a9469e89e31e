"""The statements of one request, captured from Postgres' own log, as a pgbench script with other rooms and dates."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing

from bench.copy_of_its_own import FIRST_ROOM, Copy
from booking.infra.embedded import account

STATEMENT = re.compile(r"^\d{4}-\d\d-\d\d .*? LOG:  statement: (.*)$")
OURS = re.compile(r"ALTER SYSTEM|SELECT pg_")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def capture(copy: Copy, request: Callable[[], None]) -> list[str]:
    """Every statement that the application sends while `request` runs, in order."""
    with closing(copy.connect("postgres")) as superuser, superuser.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SELECT pg_sleep(1)")
        begin = copy.log.stat().st_size
        request()
        cursor.execute("ALTER SYSTEM RESET log_statement")
        cursor.execute("SELECT pg_reload_conf()")
    with copy.log.open("rb") as log:
        log.seek(begin)
        return [statement for statement in _statements(log.read().decode()) if not OURS.match(statement)]


def _statements(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if statement := STATEMENT.match(line):
            found.append(statement[1])
        elif line.startswith("\t") and found:
            found[-1] += " " + line.strip()
    return found


def script(statements: list[str], known: dict[str, str], kept: set[str]) -> str:
    """A pgbench script: `known` texts are replaced as told, ids not in `kept` become new at every turn."""
    head = [
        "\\set n :n + 1",
        "\\set c :client_id + 10",
        f"\\set r random({FIRST_ROOM}, {FIRST_ROOM} + :rooms - 1)",
        "\\set d random(1, 500)",
        "\\set p random(11, 109)",
    ]
    body = "\n".join(f"{statement};" for statement in statements)
    for text, instead in known.items():
        body = body.replace(text, instead)
    fresh = [found for found in dict.fromkeys(UUID.findall(body)) if found not in kept]
    for number, found in enumerate(fresh, start=10):
        body = body.replace(found, f"019b00{number}-00:c-7000-8000-0:n")
    return "\n".join([*head, body]) + "\n"


def pgbench(copy: Copy, text: str, *, clients: int, seconds: float, rooms: int) -> float:
    """Turns of the script per second, sent as psycopg2 sends them (simple protocol)."""
    pgbench.turn = getattr(pgbench, "turn", 0) + 1  # type: ignore[attr-defined]  # ids of one run are not the next one's
    start = 10_000_000_000 + pgbench.turn * 1_000_000_000  # type: ignore[attr-defined]
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir="/tmp") as file:
        file.write(text)
        file.flush()
        url = copy.servers.database_url("booking_app").replace("+psycopg2", "")
        command = [
            str(account.binaries(None) / "pgbench"),
            "-n",
            "-M",
            "simple",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(int(seconds)),
            "--max-tries",
            "20",
            "-D",
            f"n={start}",
            "-D",
            f"rooms={rooms}",
            "-f",
            file.name,
            url,
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    speed = re.search(r"tps = ([0-9.]+)", told.stdout)
    if not speed or told.returncode:
        raise SystemExit(f"pgbench: {told.stderr[-800:]}")
    return float(speed[1])
