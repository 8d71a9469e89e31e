"""Programs that are kept running: our web and worker processes."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from booking.infra import signals
from booking.infra.embedded import processes
from booking.infra.embedded.logs import appending

# Set for every program that is started here, and inherited by whatever that starts. So all of it can be found when its
# parents are dead (granian's workers outlive a killed master, RQ puts each job into a process group of its own), and
# no pid has to be trusted that was written down before a kill -9.
MARK = "ROOM_BOOKING_CHILD"
SLOWEST = 5.0  # seconds between two attempts at most
LIVED = 30.0  # seconds after which an end is not taken for the continuation of a crash loop


class Child:
    """One program: in a session of its own (Ctrl-C is not for it), its output in a log, started again when it ends."""

    def __init__(self, name: str, command: Sequence[str], *, home: Path, cwd: Path, environ: Mapping[str, str]) -> None:
        """`home` is the copy's VAR_DIR; nothing runs before `start()`."""
        self.name, self.log = name, home / "log" / f"{name}.log"
        self.failures = 0
        self._command, self._cwd = list(command), cwd
        self._mark = mark(home, name)
        self._environ = {**environ, MARK: self._mark, "PYTHONUNBUFFERED": "1"}
        self._pid_file = home / "run" / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None
        self._started = self._start_at = 0.0

    def start(self) -> None:
        """Start it, in the place of what an earlier one may have left."""
        processes.kill_all(self.living)
        with appending(self.log) as log, signals.held_back():  # its mark is there once the program is
            self._process = subprocess.Popen(  # noqa: S603 (the caller's own commands)
                self._command,
                cwd=self._cwd,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started = time.monotonic()
        self._pid_file.write_text(f"{self._process.pid}\n")

    def tend(self) -> str | None:
        """Start it again if it has ended, with growing pauses; the sentence that says so, once for each end."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
            return None
        code = self._process.poll()
        if code is None:
            return None
        self._process = None
        processes.kill_all(self.living)  # a killed master's workers would go on answering
        now = time.monotonic()
        self.failures = 1 if now - self._started > LIVED else self.failures + 1
        pause = 0.0 if self.failures == 1 else min(SLOWEST, 0.25 * 2**self.failures)
        self._start_at = now + pause
        loop = f" (for the {self.failures}th time in a row: see {self.log})" if self.failures > 3 else ""
        return f"{self.name} ended with {exit_code(code)}; starting it again{loop}"

    def wait(self, seconds: float) -> int | None:
        """Its exit code, or None if it still runs after so many seconds."""
        assert self._process is not None, "start() comes first"
        ended = processes.wait_until(lambda: self._process is None or self._process.poll() is not None, seconds)
        return exit_code(self._process.poll() or 0) if ended else None

    def ask_to_stop(self) -> None:
        """TERM to the program itself; it ends its own children."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def ended(self) -> bool:
        """Whether the program that was last started has ended, and everything that it started."""
        return (self._process is None or self._process.poll() is not None) and not self.living()

    def kill(self) -> None:
        """KILL to all that is left of it."""
        processes.kill_all(self.living)
        if self._process is not None:
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def living(self) -> list[Any]:
        """Its processes, and those of earlier ones with this name in this copy."""
        return processes.with_variable(MARK, self._mark)


def mark(home: Path, name: str) -> str:
    """The value of MARK for one program of one copy."""
    return f"{os.path.realpath(home)}:{name}"


def exit_code(code: int) -> int:
    """As a shell shows it: 128 and the number of the signal for what a signal ended."""
    return 128 - code if code < 0 else code


def stop_together(children: Sequence[Child], within: float) -> None:
    """TERM to all at once, KILL to what is left after so many seconds."""
    for child in children:
        child.ask_to_stop()
    processes.wait_until(lambda: all(child.ended() for child in children), within)
    for child in children:
        child.kill()
