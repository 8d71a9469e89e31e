"""Runs the program that makes a photo anew, and ends it where it takes too long or nobody waits for it any more."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = Path(__file__).with_name("encoding.py")
# How it ends over a file that cannot be decoded: by its own word, or out of time, or in a fault of a decoder.
UNREADABLE = {3, -signal.SIGXCPU, -signal.SIGSEGV, -signal.SIGABRT}
PATIENCE = 90.0  # seconds; it is given 60 of the processor
LOOK = 0.5  # seconds between two questions whether to go on


class Unreadable(Exception):
    """The file cannot be decoded: damaged, or made to do harm."""


class Interrupted(Exception):
    """Nobody waits for it any more. It can be made another time."""


@dataclass(frozen=True, slots=True)
class Made:
    """A photo as it is shown: the largest size in pixels, and files by name (`960.avif`)."""

    width: int
    height: int
    files: Mapping[str, bytes]


def make(
    content: bytes,
    widths: Sequence[int],
    jpeg_widths: Sequence[int],
    *,
    told_to_stop: Callable[[], bool] = lambda: False,
) -> Made:
    """AVIF and WebP in these widths, JPEG in those. Raises Unreadable, Interrupted; RuntimeError: our fault."""
    # -I: no folder of ours, and nothing that the environment says, is on the way of its imports.
    listed = (",".join(map(str, sizes)) for sizes in (widths, jpeg_widths))
    command = [sys.executable, "-I", str(PROGRAM), *listed]
    with subprocess.Popen(  # noqa: S603 (our own program)
        command, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            said, complaint = _result(process, content, told_to_stop)
        finally:
            process.kill()
    if process.returncode:
        last = complaint.decode(errors="replace").strip().splitlines()[-1:] or [f"ended with {process.returncode}"]
        raise (Unreadable if process.returncode in UNREADABLE else RuntimeError)(last[0][:200])
    return _read(said)


def _result(process: subprocess.Popen[bytes], content: bytes, told_to_stop: Callable[[], bool]) -> tuple[bytes, bytes]:
    end = time.monotonic() + PATIENCE
    given: bytes | None = content
    while True:
        try:
            return process.communicate(given, timeout=LOOK)
        except subprocess.TimeoutExpired:
            given = None  # it goes on with what it was given
        if told_to_stop():
            raise Interrupted
        if time.monotonic() > end:
            raise Unreadable(f"took longer than {PATIENCE:.0f} s")


def _read(said: bytes) -> Made:
    line, _, rest = said.partition(b"\n")
    told, files, place = json.loads(line), {}, 0
    for name, size in told["files"]:
        files[name] = rest[place : place + size]
        place += size
    return Made(told["width"], told["height"], files)
