"""Signals that end a process: by an exception, as Ctrl-C does, so that what was begun is undone.

Python runs a handler between any two steps of the main thread. An exception out of it may come when something has been
made and nobody has noted it yet, or while it is being removed. So what is made and noted stands in `held_back()`, and
while the exception is on its way no signal raises another: whoever asks twice does not interrupt the clearing up.

It may also come within a callback that Python makes (of a weak reference, of `__del__`; each import has one), and there
it is printed and dropped. So it is raised again until it is on its way, and where nothing has been begun yet, signals
end the process without Python: see `end_at_once()`.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AGAIN = 0.1  # seconds after which an exception that nobody handles counts as dropped

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


class Raising:
    """Raises one exception, and never while it is being handled."""

    def __init__(self, *, insisting: bool = False) -> None:
        """Where it was dropped, the next signal raises it again; `insisting`, a timer does, until `stop()`."""
        self._insisting, self._over = insisting, False
        self._raised: BaseException | None = None

    def __call__(self, error: BaseException) -> None:
        """Raise it, unless that was done before and code clears up after it."""
        if self._over or _is_handled(self._raised):
            return
        self._raised = self._raised or error
        if self._insisting:
            heed(signal.SIGALRM, lambda _: self(error))
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        raise self._raised

    def stop(self) -> None:
        """It has arrived, or need not come any more."""
        self._over = True
        if self._insisting:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _is_handled(error: BaseException | None) -> bool:
    """Whether the code that was interrupted clears up after this one, or after another that came of it."""
    handled = sys.exc_info()[1] if error else None
    while handled is not None and handled is not error:
        handled = handled.__context__
    return handled is not None


def end_at_once() -> None:
    """For the first steps of a process, which have begun nothing: INT, TERM and HUP end it, inherited deaf or not.

    Python's own Ctrl-C is an exception, which the callback of an import may drop: the process would run on.
    """
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def end_by_exception(numbers: Iterable[int] = ENDING, raising: Raising | None = None) -> None:
    """INT, TERM and HUP raise from now on: KeyboardInterrupt, or SystemExit with the code a shell shows."""
    raising = raising or Raising()
    for number in numbers:
        heed(number, lambda number: raising(exception_for(number)))


@contextmanager
def ending_by_exception() -> Iterator[None]:
    """The same for a block; afterwards signals do what they did before."""
    before = [(number, signal.getsignal(number)) for number in (*ENDING, signal.SIGALRM)]
    raising = Raising(insisting=True)
    end_by_exception(raising=raising)
    try:
        yield
    finally:
        with held_back():
            raising.stop()
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
