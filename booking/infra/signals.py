"""Signals that end a process: by an exception, as Ctrl-C does, so that what was begun is undone.

Python runs a handler between any two steps of the main thread. An exception out of it may come when something has been
made and nobody has noted it yet, or while it is being removed. So what is made and noted stands in `held_back()`, and
only the first signal raises: whoever asks twice does not interrupt the clearing up.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Act = Callable[[int], object]


class _HeldBack:
    """How many blocks of the main thread hold signals back, and what is to be done after the last one."""

    def __init__(self) -> None:
        self.blocks = 0
        self.waiting: list[tuple[Act, int]] = []


_held_back = _HeldBack()


def heed(number: int, act: Act) -> None:
    """From now on `act` is called with the number of this signal, at once or after what holds it back.

    Raises ValueError outside of the main thread.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        if _held_back.blocks:
            _held_back.waiting.append((act, number))
        else:
            act(number)

    signal.signal(number, handle)


@contextmanager
def held_back() -> Iterator[None]:
    """Signals that are heeded by this module, and come within the block, are acted upon at its end.

    In another thread than the main one nothing happens: no handler runs there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _held_back.blocks += 1
    try:
        yield
    finally:
        _held_back.blocks -= 1
        if not _held_back.blocks:
            waiting, _held_back.waiting = _held_back.waiting, []
            for act, number in waiting:
                act(number)


def end_by_exception() -> None:
    """INT, TERM and HUP raise from now on, once: KeyboardInterrupt, or SystemExit with the code a shell shows."""
    asked: list[int] = []

    def end(number: int) -> None:
        asked.append(number)
        if len(asked) == 1:
            raise exception_for(number)

    for number in ENDING:
        heed(number, end)


@contextmanager
def ending_by_exception() -> Iterator[None]:
    """The same for a block; afterwards signals do what they did before."""
    before = [(number, signal.getsignal(number)) for number in ENDING]
    end_by_exception()
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def exception_for(number: int) -> BaseException:
    """What ends the process the ordinary way: as Ctrl-C does, or with 128 and the signal's number."""
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


def ignore() -> None:
    """For the last steps of a process that ends already: nothing is to come between."""
    if threading.current_thread() is threading.main_thread():
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
