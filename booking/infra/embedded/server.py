"""What the two servers have in common: use the one that runs, else start one."""

import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, NoReturn

from booking.infra import signals
from booking.infra.embedded import ports, processes
from booking.infra.embedded.errors import EmbeddedError, SilentError
from booking.infra.embedded.logs import appending, last_lines

COMING_UP = 60.0  # seconds; after a kill -9 a server first reads what it had written
SILENCE = 6.0  # seconds without any answer; one that starts says so at once


class Server(ABC):
    """One server on one directory. `start()` fills in `port`."""

    name: str
    program: tuple[str, ...]  # how the names of its processes begin
    greeting: bytes  # what it answers at once, whatever its state

    def __init__(self, directory: Path, *, port_file: Path, log: Path) -> None:
        """Nothing is touched before `start()`."""
        self.directory, self.log, self.port = directory, log, 0
        self._port_file = port_file
        self._child: subprocess.Popen[bytes] | None = None
        self._watched: Any = None

    def start(self, *, keep_port: bool = False, replace: bool = True, within: float | None = None) -> None:
        """Use the one that runs on this directory, or start one (with `keep_port` on the port of last time).

        One that runs and does not answer is waited for, `within` so many seconds, then replaced, or with `replace`
        false left alone. Raises EmbeddedError if none comes up, SilentError if one is left alone.
        """
        self._watched = None
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        self.recall()
        if not self._adopt(replace=replace, within=COMING_UP if within is None else within):
            self._launch(keep_port)

    def alive(self) -> bool:
        """Whether the server that `start()` found or started still runs."""
        if self._child is not None:
            return self._child.poll() is None
        if self._watched is None:
            self._watched = self._main_process()
        return self._watched is not None and not processes.gone(self._watched)

    def recall(self) -> None:
        """Fill in the port of last time, which may be nobody's by now; 0 where there was none."""
        self.port = ports.recorded(self._port_file) or 0

    def refuse_silent(self) -> None:
        """Raise SilentError where the one that runs on this directory leaves everybody without an answer."""
        if self._is_silent():
            self._leave_alone()

    def running(self) -> list[Any]:
        """The living processes that work on this directory, whoever started them."""
        return processes.working_in(self.directory, self.program)

    @abstractmethod
    def answers(self) -> bool:
        """Whether what listens on the port is the server of this directory, and ready."""

    @abstractmethod
    def _main_process(self) -> Any | None:
        """The process that is the server, if it lives."""

    @abstractmethod
    def _launch(self, keep_port: bool) -> None:
        """Start one; whatever ran here before has ended or is of no use."""

    def _is_silent(self) -> bool:
        self.recall()
        if not self.port or not ports.is_silent(self.port, self.greeting, SILENCE):
            return False
        return self._main_process() is not None  # else it is another program's port by now

    def _leave_alone(self) -> NoReturn:
        process = self._main_process()
        raise SilentError(
            f"{self.name}{f' (process {process.pid})' if process else ''} runs and does not answer; it is left alone."
            f" See {self.log}; to have it started anew, stop `make run` and run it again."
        )

    def _adopt(self, *, replace: bool, within: float) -> bool:
        """Asking comes first: looking through all processes takes longer, and most often it simply runs."""
        if self.port and self.answers():
            return True
        if self._main_process() is None:
            return False

        def settled() -> bool:
            return self._main_process() is None or self.answers() or (not replace and self._is_silent())

        processes.wait_until(settled, within)
        if self.answers():
            return True
        if not replace and self._main_process() is not None:
            self._leave_alone()
        return False

    def _spawn(self, command: list[str], **options: Any) -> None:
        """Start the program as a child of its own session, so that Ctrl-C in the terminal is not for it; await it."""
        with appending(self.log) as log, signals.held_back():
            child = self._child = subprocess.Popen(  # noqa: S603 (our own binaries and arguments)
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
            )
        processes.wait_until(lambda: self.answers() or child.poll() is not None, COMING_UP)
        if child.poll() is not None or not self.answers():
            raise EmbeddedError(f"{self.name} did not start. The end of {self.log}:\n{last_lines(self.log)}")

    def _reap(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
