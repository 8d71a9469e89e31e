"""The log files of what runs below VAR_DIR."""

from pathlib import Path
from typing import BinaryIO

ENOUGH = 5_000_000  # bytes


def appending(log: Path) -> BinaryIO:
    """Open a log for a program to write to; one that has grown large becomes `.1` first."""
    if log.exists() and log.stat().st_size > ENOUGH:
        log.replace(log.with_name(log.name + ".1"))
    return log.open("ab")


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, for the message of an error."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
