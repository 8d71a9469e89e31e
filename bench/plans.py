"""How Postgres goes about a search: EXPLAIN (ANALYZE, BUFFERS) of the page and of the total, in two places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bench.copy_of_its_own import OPTIONS, Copy
from bench.filled import FILLED_DAYS

BIGGEST, TYPICAL = 10, 15
RUNS = 5


@dataclass(frozen=True)
class Plan:
    """A statement's plan after a few runs: `milliseconds` of planning and execution, `buffers` of 8 kB."""

    what: str
    milliseconds: float
    buffers: int
    text: list[str]

    def shown(self, size: str) -> list[str]:
        return [f"{self.what.capitalize()}, {size}:", "", "```", *self.text, "```", ""]


def of_search(copy: Copy, script: str) -> Iterator[Plan]:
    """Of each statement on rooms in the script of a search."""
    statements = [line.rstrip("; ") for line in script.splitlines() if line.startswith("SELECT") and " rooms" in line]
    with closing(copy.connect("booking_app", OPTIONS)) as connection, connection.cursor() as cursor:
        for place, where in ((TYPICAL, "a typical place"), (BIGGEST, "the biggest place")):
            for statement in statements:
                asked = statement.replace(":any_place", str(place)).replace(":any_day", str(FILLED_DAYS // 2))
                what = "total" if "count(" in statement else "page"
                yield _plan(cursor, f"the {what} in {where}", asked)


def sizes(copy: Copy) -> dict[str, str]:
    """Of the biggest tables, with their indexes."""
    query = (
        "SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace ORDER BY pg_total_relation_size(oid) DESC LIMIT 5"
    )
    return dict(copy.rows(query))


def table(plans: list[tuple[str, Plan]]) -> list[str]:
    head = ["| size | statement | planning and execution, ms | buffers |", "|---|---|---|---|"]
    return head + [f"| {size} | {plan.what} | {plan.milliseconds:.2f} | {plan.buffers:,} |" for size, plan in plans]


def _plan(cursor: Any, what: str, statement: str) -> Plan:
    """The quickest of a few runs: the others waited for something else."""
    runs = []
    for _ in range(RUNS):
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
        runs.append([line for (line,) in cursor.fetchall()])
    return min((Plan(what, _milliseconds(run), _buffers(run), run) for run in runs), key=lambda plan: plan.milliseconds)


def _milliseconds(lines: list[str]) -> float:
    return sum(
        float(found[1]) for line in lines if (found := re.match(r"(?:Planning|Execution) Time: ([0-9.]+)", line))
    )


def _buffers(lines: list[str]) -> int:
    """Of the topmost node, which has those of all below it."""
    first = next((line for line in lines if "Buffers: shared" in line), "")
    return sum(int(number) for number in re.findall(r"(?:hit|read)=(\d+)", first))
