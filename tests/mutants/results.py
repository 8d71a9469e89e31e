"""What mutmut found out, per module: it keeps an exit code of pytest for each mutant, and a few codes of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

LEAST = 80  # per cent of a module's mutants that the tests notice

SURVIVED, NO_TESTS = {0}, {5, 33}
# 1: a test failed. 3: pytest itself did. The others: it ran for so long that it was ended (SIGXCPU, or by its limit).
KILLED = {1, 3, 24, -24, 36, 152, 255}


@dataclass(frozen=True)
class Module:
    """One module and its mutants' names."""

    name: str
    killed: list[str]
    survived: list[str]
    no_tests: list[str]
    unsettled: list[str]  # interrupted, or ended by a signal

    @property
    def left(self) -> list[str]:
        """Whatever was not killed."""
        return [*self.survived, *self.no_tests, *self.unsettled]

    @property
    def score(self) -> float:
        """Per cent; a module in which there is nothing to change has full marks."""
        tried = len(self.killed) + len(self.left)
        return 100 * len(self.killed) / tried if tried else 100

    @property
    def holds(self) -> bool:
        """Whether its tests are good enough, as far as is known."""
        return self.score >= LEAST and not self.unsettled


def read(folder: Path, name: str, numbers: str = "*") -> Module:
    """The results of booking.domain.`name` below mutmut's folder; raises FileNotFoundError.

    `numbers` is a wildcard for which of its mutants count.
    """
    file = folder / "booking" / "domain" / f"{name.replace('.', '/')}.py.meta"
    codes = json.loads(file.read_text())["exit_code_by_key"]
    codes = {mutant: code for mutant, code in codes.items() if fnmatch(mutant, numbers)}
    known = SURVIVED | NO_TESTS | KILLED
    return Module(
        name,
        killed=[mutant for mutant, code in codes.items() if code in KILLED],
        survived=[mutant for mutant, code in codes.items() if code in SURVIVED],
        no_tests=[mutant for mutant, code in codes.items() if code in NO_TESTS],
        unsettled=[mutant for mutant, code in codes.items() if code not in known],
    )


def table(modules: Iterable[Module]) -> str:
    """For reading, one line per module."""
    lines = [f"{'module':<28}{'killed':>8}{'survived':>10}{'no tests':>10}{'unsettled':>11}{'score':>8}"]
    for one in modules:
        figures = f"{len(one.killed):>8}{len(one.survived):>10}{len(one.no_tests):>10}{len(one.unsettled):>11}"
        lines.append(f"{one.name:<28}{figures}{one.score:>6.0f} %" + ("" if one.holds else f"  under {LEAST} %"))
    return "\n".join(lines)
