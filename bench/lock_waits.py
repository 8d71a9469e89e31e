"""Who waits for a lock, for how long and for whom, while migrations run: looked at all the time, and told by Postgres.

Both ways count what Postgres itself knows, so a machine that is slow for another reason is not taken for a lock.
Looking every few milliseconds names table, holder and statement; the server's log times every wait of more than LOGGED
to the microsecond, and misses none.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.copy_of_its_own import Copy

TABLES = ("bookings", "availability", "payments", "orders")
MIGRATION = "room-booking-migration"
LOGGED = 50  # ms
SETTINGS = {"log_lock_waits": "on", "deadlock_timeout": f"{LOGGED}ms", "log_line_prefix": "%m [%p] %a|"}
PAUSE = 0.005  # seconds between two looks

# Waits of guests for a table that they need, or for whatever the migration holds or queues for; and what it says then.
WAITS = f"""
    SELECT coalesce(l.relation::regclass::text, 'rows'), extract(epoch FROM clock_timestamp() - l.waitstart)::float8,
      coalesce(regexp_replace(m.query, '^.*;\\s*', ''), 'other guests')
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN LATERAL (
      SELECT query FROM pg_stat_activity
      WHERE pid = ANY (pg_blocking_pids(l.pid)) AND application_name LIKE '{MIGRATION}%' LIMIT 1) m ON true
    WHERE NOT l.granted AND l.waitstart IS NOT NULL AND a.application_name NOT LIKE '{MIGRATION}%'
    AND a.backend_type = 'client backend' AND (m.query IS NOT NULL
      OR l.relation = ANY (ARRAY(SELECT to_regclass(t)::oid FROM unnest('{{{",".join(TABLES)}}}'::text[]) t)))"""
DOING = f"""
    SELECT pid, application_name LIKE '{MIGRATION}%', coalesce(wait_event_type, 'CPU') FROM pg_stat_activity
    WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""

WAITED = re.compile(
    r"\[(?P<pid>\d+)\] (?P<who>[^|]*)\|LOG:  process \d+ (?P<what>still waiting for|acquired) (?P<lock>.*)"
    r" after (?P<ms>[\d.]+) ms"
)


@dataclass
class Waits:
    """What was seen. Times in seconds."""

    longest: dict[str, float] = field(default_factory=dict)  # for each table
    behind: dict[tuple[str, str], float] = field(default_factory=dict)  # and each statement of the migration
    doing: Counter[str] = field(default_factory=Counter)  # what statements of guests were at, by looks
    gap: float = 0.0  # the longest between two looks
    logged: list[tuple[float, str]] = field(default_factory=list)  # every wait of more than LOGGED

    @contextmanager
    def watched(self, copy: Copy) -> Iterator[None]:
        """As long as this lasts."""
        over, begin = threading.Event(), copy.log.stat().st_size
        watcher = threading.Thread(target=self._watch, args=(copy, over), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
            self.logged = logged(copy.log, begin)

    def _watch(self, copy: Copy, over: threading.Event) -> None:
        with closing(copy.connect()) as connection, connection.cursor() as cursor:
            last = time.monotonic()
            while not over.wait(PAUSE):
                self._look(cursor)
                now = time.monotonic()
                self.gap, last = max(self.gap, now - last), now

    def _look(self, cursor: Any) -> None:
        cursor.execute(WAITS)
        for table, seconds, statement in cursor.fetchall():
            self.longest[table] = max(seconds, self.longest.get(table, 0.0))
            what = (table, " ".join(statement.split())[:90])
            self.behind[what] = max(seconds, self.behind.get(what, 0.0))
        cursor.execute(DOING)
        self.doing.update(event for _, migrates, event in cursor.fetchall() if not migrates)

    def lines(self) -> list[str]:
        """For people."""
        waits = ", ".join(f"{table} {seconds * 1000:.0f} ms" for table, seconds in sorted(self.longest.items()))
        at = ", ".join(f"{event} {number / self.doing.total():.0%}" for event, number in self.doing.most_common(6))
        said = f"longest {max(self.logged)[0] * 1000:.0f} ms for {max(self.logged)[1]}" if self.logged else "none"
        longest = sorted(self.behind.items(), key=lambda one: -one[1])[:8]
        return [
            f"longest waits for a lock: {waits or 'none seen'} (longest gap of looking: {self.gap * 1000:.0f} ms)",
            *(f"  {seconds * 1000:4.0f} ms for {table}, behind: {what}" for (table, what), seconds in longest),
            f"waits of more than {LOGGED} ms in Postgres' log: {len(self.logged)}, {said}",
            f"what statements of guests were at: {at or 'nothing'}",
        ]

    @property
    def worst(self) -> float:
        """The longest wait, whichever way it was seen."""
        return max([*self.longest.values(), *(seconds for seconds, _ in self.logged)], default=0.0)


def logged(log: Path, begin: int) -> list[tuple[float, str]]:
    """Seconds and lock of each wait of a guest that the log tells of from there on."""
    found: dict[tuple[str, str], float] = {}
    told: list[tuple[float, str]] = []
    with log.open("rb") as file:
        file.seek(begin)
        for line in file.read().decode(errors="replace").splitlines():
            if not (match := WAITED.search(line)) or match["who"].startswith(MIGRATION):
                continue
            key = (match["pid"], match["lock"])
            found[key] = float(match["ms"]) / 1000
            if match["what"] == "acquired":
                told.append((found.pop(key), match["lock"]))
    return told + [(seconds, f"{lock}, in vain") for (_, lock), seconds in found.items()]
