"""Signals that end a process: once, and not in the middle of what must be whole."""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from booking.infra import signals

pytestmark = pytest.mark.usefixtures("survivor")

HUP, INT, TERM = signal.SIGHUP, signal.SIGINT, signal.SIGTERM


@pytest.mark.parametrize("number", [TERM, HUP])
def test_a_signal_ends_with_the_code_that_a_shell_shows(number: signal.Signals) -> None:
    with pytest.raises(SystemExit) as ended, signals.ending_by_exception():
        signal.raise_signal(number)
    assert ended.value.code == 128 + number


def test_ctrl_c_stays_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), signals.ending_by_exception():
        signal.raise_signal(INT)


def test_clearing_up_is_not_interrupted_by_asking_again() -> None:
    steps = []

    def work() -> None:
        try:
            signal.raise_signal(TERM)
        finally:
            for number in (INT, TERM, HUP):
                signal.raise_signal(number)
                steps.append(number)

    with pytest.raises(SystemExit) as ended, signals.ending_by_exception():
        work()
    assert ended.value.code == 128 + TERM
    assert steps == [INT, TERM, HUP]


def test_what_holds_signals_back_is_done_before_they_are_acted_upon() -> None:
    made: list[str] = []
    signals.heed(TERM, lambda _: made.append("told"))
    with signals.held_back():
        with signals.held_back():
            signal.raise_signal(TERM)
            made.append("within")
        made.append("around")
    assert made == ["within", "around", "told"]
    signal.raise_signal(TERM)
    assert made[3:] == ["told"]


def test_what_was_made_is_noted_when_the_exception_comes() -> None:
    things = []

    def make() -> str:
        signal.raise_signal(TERM)
        return "made"

    with pytest.raises(SystemExit), signals.ending_by_exception(), signals.held_back():
        things.append(make())
    assert things == ["made"]


def test_what_fails_while_it_holds_signals_back_ends_all_the_same() -> None:
    def fail() -> None:
        signal.raise_signal(TERM)
        raise OSError("full")

    with pytest.raises(SystemExit) as ended, signals.ending_by_exception(), signals.held_back():
        fail()
    assert isinstance(ended.value.__context__, OSError)
    told: list[int] = []
    signals.heed(TERM, told.append)
    signal.raise_signal(TERM)
    assert told == [TERM]


def test_another_thread_holds_back_nobody() -> None:
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with signals.held_back():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    told: list[int] = []
    signals.heed(TERM, told.append)
    os.kill(os.getpid(), TERM)
    done.set()
    thread.join()
    assert told == [TERM]


def in_a_callback(act: Callable[[], object]) -> None:
    """What is raised there Python prints, and drops."""

    class Passing:
        pass

    passing = Passing()
    kept = weakref.ref(passing, lambda _: act())
    del passing
    assert kept() is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_python_dropped_is_raised_again() -> None:
    cleared = []

    def work() -> None:
        try:
            in_a_callback(lambda: signal.raise_signal(TERM))
            time.sleep(10)
        finally:
            time.sleep(2 * signals.AGAIN)  # nothing comes between any more
            cleared.append("all")

    with pytest.raises(SystemExit) as ended, signals.ending_by_exception():
        work()
    assert ended.value.code == 128 + TERM
    assert cleared == ["all"]
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_asking_again_ends_what_did_not_hear_the_first_time() -> None:
    signals.end_by_exception()
    in_a_callback(lambda: signal.raise_signal(INT))
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(INT)


def test_handlers_are_as_before_after_the_block() -> None:
    before = [signal.getsignal(number) for number in signals.ENDING]
    with signals.ending_by_exception():
        assert [signal.getsignal(number) for number in signals.ENDING] != before
    assert [signal.getsignal(number) for number in signals.ENDING] == before
