"""How the state machines of these tests run, and what they count: each step, and how it ended.

NAME_EXAMPLES and NAME_STEPS (VERBS, MODEL, HOSTED) choose another length; without them every run is the same one.
With TALLY=file the count is written there as it grows, and a failure is told as it was found, not shortened first:
that takes minutes. `make model` runs so.
"""

from __future__ import annotations

import functools
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from hypothesis import HealthCheck, Phase, settings, stateful
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

Step = TypeVar("Step", bound=Callable[..., None])

DONE, REFUSED, UNKNOWN, KILLED = ENDS = ("done", "refused", "unknown", "killed")


@dataclass
class Violation:
    """What was found first: in which step, counted from the first of the run, and what it said."""

    step: int
    verb: str
    said: str


@dataclass
class Tally:
    """Steps of all stories of a run, by verb and by how they ended."""

    stories: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    ends: dict[str, Counter[str]] = field(default_factory=lambda: {end: Counter() for end in ENDS})
    violation: Violation | None = None
    verb: str = ""
    _end: str = DONE

    @contextmanager
    def step(self, verb: str) -> Iterator[None]:
        self.verb, self._end = verb, DONE
        self.steps[verb] += 1
        try:
            with self.watching():
                yield
        finally:
            self.ends[self._end][verb] += 1

    def ended(self, how: str) -> None:
        """Of the step that runs."""
        self._end = how

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Whatever fails here is a violation; the first one counts, Hypothesis tries it again."""
        try:
            yield
        except Exception as error:
            if self.violation is None and type(error).__module__.split(".")[0] != "hypothesis":
                said = f"{type(error).__name__}: {error}".splitlines()[0]
                self.violation = Violation(self.steps.total(), self.verb, said)
            raise

    def write(self, file: Path) -> None:
        violation = asdict(self.violation) if self.violation else None
        kept = {"stories": self.stories, "steps": self.steps, "ends": self.ends, "violation": violation}
        file.write_text(json.dumps(kept))

    @classmethod
    def read(cls, file: Path) -> Tally:
        kept = json.loads(file.read_text())
        ends = {end: Counter(verbs) for end, verbs in kept["ends"].items()}
        violation = Violation(**kept["violation"]) if kept["violation"] else None
        return cls(kept["stories"], Counter(kept["steps"]), ends, violation)

    def add(self, other: Tally) -> None:
        """Another run beside or after this one."""
        self.stories += other.stories
        self.steps += other.steps
        for end, verbs in other.ends.items():
            self.ends[end] += verbs


class Machine(RuleBasedStateMachine):
    """Its steps and what has to be so are made by `rule` and `invariant` below, which count."""

    tally = Tally()  # of the run: stories come and go
    ending = False  # what is done then is no step

    def has_stepped(self) -> None:
        """After each step, before anything is checked."""

    def teardown(self) -> None:
        """Each says in `in_the_end` what has to be so then."""
        self.ending, self.tally.verb = True, "in the end"
        with self.tally.watching():
            self.in_the_end()

    def in_the_end(self) -> None:
        raise NotImplementedError


def rule(**values: Any) -> Callable[[Step], Step]:
    """Hypothesis' own, counted."""

    def decorate(step: Step) -> Step:
        @functools.wraps(step)
        def counted(machine: Machine, *chosen: Any, **named: Any) -> None:
            with nullcontext() if machine.ending else machine.tally.step(step.__name__):
                step(machine, *chosen, **named)
            machine.has_stepped()

        return cast(Step, stateful.rule(**values)(counted))  # type: ignore[no-untyped-call]

    return decorate


def invariant(check: Step) -> Step:
    """Hypothesis' own, watched."""

    @functools.wraps(check)
    def watched(machine: Machine) -> None:
        with machine.tally.watching():
            check(machine)

    return cast(Step, stateful.invariant()(watched))  # type: ignore[no-untyped-call]


def run(make: Callable[[], Machine], name: str, *, examples: int, steps: int) -> None:
    """Stories of so many `steps`, each with a machine of its own; `name` is that of the settings."""
    long, tally, file = f"{name}_EXAMPLES" in os.environ, Tally(), os.environ.get("TALLY")

    def made() -> Machine:
        machine = make()
        machine.tally = tally
        tally.stories += 1
        if file:
            tally.write(Path(file))
        return machine

    chosen = settings(
        max_examples=int(os.environ.get(f"{name}_EXAMPLES", examples)),
        stateful_step_count=int(os.environ.get(f"{name}_STEPS", steps)),
        derandomize=not long,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if file else [Phase.generate, Phase.shrink],
    )
    try:
        run_state_machine_as_test(cast(Any, made), settings=chosen)
    finally:
        if file:
            tally.write(Path(file))
