"""Finding and ending processes, by what cannot be mistaken: where they work and when they began."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PAUSE = 0.02


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, for so many seconds at most; the last answer."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(PAUSE)
    return True


def working_in(directory: Path, name: str | tuple[str, ...]) -> list[Any]:
    """The living (not zombie) processes whose program starts with `name` and whose working directory this is.

    A pid in a file may be somebody else's by now, or come from a copied folder; a working directory does not lie.
    """
    import psutil

    place = os.path.realpath(directory)
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if (process.info["name"] or "").startswith(name) and process.cwd() == place:
                found.append(process)
        except psutil.Error:  # gone, a zombie, or not ours to look at
            continue
    return found


def with_variable(name: str, value: str) -> list[Any]:
    """The living processes that began with this environment variable, or inherited it."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value:
                found.append(process)
        except (psutil.Error, OSError):  # gone, a zombie, or not ours to look at
            continue
    return found


def send(processes: Iterable[Any], number: int) -> None:
    """Send a signal to each that still lives; psutil refuses a pid that is somebody else's by now."""
    import psutil

    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def gone(process: Any) -> bool:
    """Whether a process has ended; one that nobody has waited for yet counts as ended."""
    import psutil

    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_all(find: Callable[[], list[Any]], seconds: float = 2.0) -> bool:
    """KILL whatever `find` finds until it finds nothing: a process may fork while it is being killed."""

    def none_left() -> bool:
        left = find()
        send(left, signal.SIGKILL)
        return not left

    return wait_until(none_left, seconds)
