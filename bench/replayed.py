"""The statements of one request, captured from Postgres' own log, as a pgbench script for other rooms and days.

The script is held to what it stands for: by Postgres' own count it must send the same statements, and they must find
and write as many rows.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import quantiles

from bench.clients import Measured
from bench.copy_of_its_own import OPTIONS, Copy
from bench.filled import FILLED_DAYS, FIRST_ROOM
from bench.workload import NIGHTS, Window
from booking.domain.reservations.idempotency import LEASE
from booking.infra.embedded import account

STATEMENT = re.compile(r"^\d{4}-\d\d-\d\d .*? LOG:  statement: (.*)$")
PREPARED = re.compile(r"^\d{4}-\d\d-\d\d .*? LOG:  execute ")
RARE = "FROM maintenance_mode"  # asked by one request of a process in some seconds
OURS = re.compile(r"ALTER SYSTEM|SELECT pg_")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"'(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.?\d*(?:[+]00(?::00)?)?)'::timestamptz")
# The application writes an id without its hyphens.
PLAIN = re.compile(r"'([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})'(?=::UUID)")
GUESTS = 64  # users that pgbench's clients are, one each

# Every turn another room and other days: a walk through all of the window without meeting a place twice.
HEAD = f"""\\set k :k + 1
\\set turn :k * :clients + :client_id
\\set cell permute(:turn, :rooms * :cells, :seed)
\\set number mod(:cell, :rooms)
\\set room {FIRST_ROOM} + :number
\\set place 10 + case when mod(:number, 10) = 0 then 0 else mod(:number, :places - 1) + 1 end
\\set day :first + {NIGHTS} * (:cell / :rooms)
\\set any_place random(10, 9 + :places)
\\set any_day random(3, {FILLED_DAYS - NIGHTS})
\\set c :client_id + 10
\\set n :start + :k
\\set lot permute(:n * 100 + :client_id, 900000000000, 1) + 100000000000
"""
_turns = count(1)


@dataclass(frozen=True)
class Captured:
    """The statements of one request, and when it was asked."""

    statements: list[str]
    at: dt.datetime


def capture(copy: Copy, request: Callable[[], object], *, warm: Callable[[], object]) -> Captured:
    """Every statement that the application sends while `request` runs, in order.

    `warm` is asked just before: as among many requests, what is known for a second is known then.
    """
    with closing(copy.connect()) as superuser, superuser.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SELECT pg_sleep(1)")
        warm()
        begin, at = copy.log.stat().st_size, dt.datetime.now(dt.UTC)
        request()
        cursor.execute("ALTER SYSTEM RESET log_statement")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("SELECT pg_sleep(1)")
    with copy.log.open("rb") as log:
        log.seek(begin)
        sent = _statements(log.read().decode())
    return Captured([one for one in sent if not OURS.match(one) and RARE not in one], at)


def _statements(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if PREPARED.match(line):
            raise SystemExit(f"A prepared statement cannot be put into a script yet: {line}")
        if statement := STATEMENT.match(line):
            found.append(statement[1])
        elif line.startswith("\t") and found:
            found[-1] += " " + line.strip()
    return [PLAIN.sub(r"'\1-\2-\3-\4-\5'", statement) for statement in found]


def script(captured: Captured, known: dict[str, str], kept: set[str], lease: dt.datetime | None = None) -> str:
    """A pgbench script: `known` texts are replaced as told, ids not in `kept` become new at every turn.

    `lease` is the end of the lease under the key, with which later statements compare. It is counted from when the
    transaction of the hold began, as the room was read: pgbench takes that from there, too.
    """
    lines = [_as_one_call(statement) for statement in captured.statements]
    if lease in [_moment(text) for line in lines for text in INSTANT.findall(line)]:
        giving = next(number for number, line in enumerate(lines) if "AS read_at" in line)
        lines[giving] = f"{lines[giving].removesuffix(';')} \\gset room_"
    body = "\n".join(lines)
    for text, instead in known.items():
        body = body.replace(text, instead)
    body = INSTANT.sub(lambda found: _instant(_moment(found[1]), captured.at, lease), body)
    fresh = [found for found in dict.fromkeys(UUID.findall(body)) if found not in kept]
    minute = f"{int(captured.at.timestamp() * 1000) >> 16:08x}"  # as an id of that time begins (UUID version 7)
    for number, found in enumerate(fresh, start=10):
        body = body.replace(found, f"{minute}-{number}:c-7000-8000-0:n")
    return f"{HEAD}{body}\n"


def _as_one_call(statement: str) -> str:
    """Several statements sent together stay together: pgbench writes their separator as \\;"""
    parts = re.split(r"('(?:[^']|'')*')", statement.rstrip("; "))
    return "".join(part if number % 2 else part.replace(";", " \\;") for number, part in enumerate(parts)) + ";"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def _instant(moment: dt.datetime, at: dt.datetime, lease: dt.datetime | None) -> str:
    if moment == lease:
        return f"(':room_read_at'::timestamptz + interval '{LEASE.total_seconds():.0f} seconds')"
    return f"(now() + interval '{round((moment - at).total_seconds())} seconds')"


def guests(copy: Copy) -> tuple[str, str]:
    """Make users for pgbench's clients; how a script names the ids of its client's user and session."""
    user, session = "00000000-0000-7000-b000-0000000000", "00000000-0000-7000-c000-0000000000"
    copy.rows(
        "INSERT INTO users (id, email, email_key, full_name, role, region) SELECT (%s || c)::uuid,"
        " 'p@gbench-' || c, 'p@gbench-' || c, 'pgbench', 'guest', 'eu' FROM generate_series(10, 9 + %s) c"
        " ON CONFLICT DO NOTHING",
        user,
        GUESTS,
    )
    copy.rows(
        "INSERT INTO sessions (id, user_id, kind, last_seen_at) SELECT (%s || c)::uuid, (%s || c)::uuid, 'web', now()"
        " FROM generate_series(10, 9 + %s) c ON CONFLICT DO NOTHING",
        session,
        user,
        GUESTS,
    )
    return f"{user}:c", f"{session}:c"


@dataclass(frozen=True)
class Turn:
    """By how many clients, in which rooms (counted from the first), places and days a script runs."""

    clients: int
    rooms: int
    places: int
    window: Window


def pgbench(copy: Copy, text: str, turn: Turn, seconds: float) -> Measured:
    """Turns of the script per second, sent as psycopg2 sends them (simple protocol)."""
    with tempfile.TemporaryDirectory() as folder:
        told = _run(copy, text, turn, folder, "-T", str(max(1, round(seconds))))
        logged = [line.split() for file in Path(folder).glob("log.*") for line in file.read_text().splitlines()]
    latencies = sorted(int(line[2]) / 1000 for line in logged if line[2].isdigit())
    percent = quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    retried, failed = _number(r"total number of retries: (\d+)", told), _number(r"failed transactions: (\d+)", told)
    speed = _number(r"tps = ([0-9.]+)", told)
    return Measured(speed, percent[49], percent[94], percent[98], {}, 0.0, round(retried), round(failed))


def work_of(copy: Copy, work: Callable[[], object], times: int) -> dict[str, tuple[float, float]]:
    """What the application's role sends while `work` runs: calls and rows per turn, by how a statement begins."""
    copy.rows("SELECT pg_stat_statements_reset()")
    work()
    counted = copy.rows(
        "SELECT left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 30), sum(calls), sum(rows)"
        " FROM pg_stat_statements JOIN pg_roles r ON r.oid = userid"
        " WHERE rolname = 'booking_app' GROUP BY 1 ORDER BY 1"
    )
    per_turn = {
        begins: (float(round(calls / times, 1)), float(round(rows / times, 1))) for begins, calls, rows in counted
    }
    return {begins: (calls, rows) for begins, (calls, rows) in per_turn.items() if calls >= 0.5}  # the rest is greeting


def repeated(copy: Copy, text: str, turn: Turn, times: int) -> None:
    """So many times the script, by each client."""
    with tempfile.TemporaryDirectory() as folder:
        _run(copy, text, turn, folder, "-t", str(times))


def _run(copy: Copy, text: str, turn: Turn, folder: str, *options: str) -> str:
    number = next(_turns)
    variables = {
        "k": -1,
        "clients": turn.clients,
        "rooms": turn.rooms,
        "places": turn.places,
        "first": turn.window.first,
        "cells": turn.window.days // NIGHTS,
        "seed": number,
        "start": 10**10 + number * 10**7,  # ids of one turn are not the next one's, nor are the lots drawn from them
    }
    file = Path(folder) / "script.sql"
    file.write_text(text)
    command = [str(account.binaries(None) / "pgbench"), "--no-vacuum", "--protocol=simple", "--max-tries=20", "--log"]
    command += [f"--client={turn.clients}", "--jobs=2", f"--log-prefix={folder}/log", f"--file={file}", *options]
    command += [f"--define={name}={value}" for name, value in variables.items()]
    url = copy.url_of("booking", "booking_app")
    environ = os.environ | {"PGOPTIONS": OPTIONS}
    told = subprocess.run([*command, url], env=environ, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"pgbench: {told.stdout[-800:]}{told.stderr[-800:]}")
    return told.stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0
