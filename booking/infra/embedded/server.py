"""What the two servers have in common: use the one that runs, else start one."""

import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from booking.infra import signals
from booking.infra.embedded import ports, processes
from booking.infra.embedded.errors import EmbeddedError
from booking.infra.embedded.logs import appending, last_lines

COMING_UP = 60.0  # seconds; after a kill -9 a server first reads what it had written


class Server(ABC):
    """One server on one directory. `start()` fills in `port`."""

    name: str
    program: tuple[str, ...]  # how the names of its processes begin

    def __init__(self, directory: Path, *, port_file: Path, log: Path) -> None:
        """Nothing is touched before `start()`."""
        self.directory, self.log, self.port = directory, log, 0
        self._port_file = port_file
        self._child: subprocess.Popen[bytes] | None = None
        self._watched: Any = None

    def start(self, *, keep_port: bool = False) -> None:
        """Use the one that runs on this directory, or start one (with `keep_port` on the port of last time).

        Raises EmbeddedError if it does not come up.
        """
        self._watched = None
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        self.port = ports.recorded(self._port_file) or 0
        if not self._adopt():
            self._launch(keep_port)

    def alive(self) -> bool:
        """Whether the server that `start()` found or started still runs."""
        if self._child is not None:
            return self._child.poll() is None
        if self._watched is None:
            self._watched = self._main_process()
        return self._watched is not None and not processes.gone(self._watched)

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

    def _adopt(self) -> bool:
        """Asking comes first: looking through all processes takes longer, and most often it simply runs."""
        if self.port and self.answers():
            return True
        if self._main_process() is None:
            return False
        processes.wait_until(lambda: self._main_process() is None or self.answers(), COMING_UP)
        return self.answers()

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
