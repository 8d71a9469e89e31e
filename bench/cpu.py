"""How much processor time each part of the product takes, as the kernel counts it, in ns (/proc/PID/task/*/schedstat).

Only Linux tells: elsewhere there is nothing to show.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import background
from bench.clients import Measured
from bench.copy_of_its_own import Copy

PROC = Path("/proc")
WEB, POSTGRES, VALKEY, WORKER = PARTS = "web", "Postgres", "Valkey", "worker"
SERVERS = {"postgres": POSTGRES, "valkey": VALKEY, "redis": VALKEY}  # by how their programs' names begin
Threads = dict[tuple[str, str], int]  # ns, by the part of the product and the thread


class Meter:
    """Looks at all processes of one copy."""

    def __init__(self, copy: Copy, webs: Sequence[str]) -> None:
        """`webs` are the names of its web servers. It has a worker."""
        self._parent = copy.parent
        self._known = {copy.pid(name): WEB for name in webs} | {copy.pid(background.NAME): WORKER}

    def look(self) -> Threads:
        """Until now, of every thread that lives."""
        children = _children()
        servers = {pid: part for pid in children.get(self._parent, []) if (part := _server(pid))}
        return {
            (part, thread): spent
            for root, part in (self._known | servers).items()
            for thread, spent in of_family(root, children)
        }


def per_answer(before: Threads, after: Threads, answers: int) -> dict[str, float]:
    """ms for each answer, by part."""
    spent = dict.fromkeys(PARTS, 0.0)
    for (part, thread), until_now in after.items():
        spent[part] += (until_now - before.get((part, thread), 0)) / 1e6
    return {part: taken / answers for part, taken in spent.items()} if after and answers else {}


def table(measured: Sequence[tuple[str, Sequence[Measured]]]) -> list[str]:
    """Medians of the turns, for each of the named rows."""
    lines = [f"| CPU per request, ms | {' | '.join(PARTS)} | together |", "|---|---|---|---|---|---|"]
    for name, turns in measured:
        if spent := [one.cpu for one in turns if one.cpu]:
            parts = [statistics.median(one[part] for one in spent) for part in PARTS]
            all_of_it = statistics.median(sum(one.values()) for one in spent)
            lines.append(f"| {name} | {' | '.join(f'{part:.2f}' for part in parts)} | {all_of_it:.2f} |")
    return lines


def of_family(root: int, children: dict[int, list[int]] | None = None) -> Iterator[tuple[str, int]]:
    """Of each thread of a process and all that it has started: which, and ns."""
    children = _children() if children is None else children
    yield from _threads(root)
    for child in children.get(root, []):
        yield from of_family(child, children)


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for file in PROC.glob("[0-9]*/stat"):
        if told := _read(file):
            parent = told[told.rindex(")") + 2 :].split()[1]
            found.setdefault(int(parent), []).append(int(file.parent.name))
    return found


def _server(pid: int) -> str:
    name = _read(PROC / str(pid) / "comm")
    return next((part for begins, part in SERVERS.items() if name.startswith(begins)), "")


def _threads(pid: int) -> Iterator[tuple[str, int]]:
    for file in PROC.glob(f"{pid}/task/*/schedstat"):
        if told := _read(file):
            yield file.parent.name, int(told.split()[0])


def _read(file: Path) -> str:
    """Empty where the process has ended meanwhile."""
    try:
        return file.read_text()
    except OSError:
        return ""
