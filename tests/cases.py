"""Many small cases of a promise as one test: to set up, hand over and report a test costs more than such a case."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from booking.infra import clock

Test = Callable[..., None]
Cases = Iterable[Any] | Callable[[], Iterable[Any]]
Ids = Callable[[Any], object] | Sequence[object] | None


def each(names: str | Sequence[str], cases: Cases, ids: Ids = None) -> Callable[[Test], Test]:
    """Like pytest.mark.parametrize, but all cases in one test, with the same fixtures; those that fail are all told.

    For cases that leave nothing behind: the next one finds what the one before has left, but for the time.
    A function makes those that have to know the day; it is called once the test has begun.
    """
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    given = cases if callable(cases) else list(cases)
    assert given, f"no cases of {names}: it would pass without a look"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def every_case(**fixtures: Any) -> None:
            listed = [dict(zip(wanted, case if len(wanted) > 1 else (case,), strict=True)) for case in _made(given)]
            assert listed, f"no cases of {names}: it would pass without a look"
            at_first = clock._offset
            run = []
            for place, case in enumerate(listed):
                clock.shift(at_first)
                run.append(_failure(test, _label(place, case, ids), fixtures | case))
            if failed := [failure for failure in run if failure is not None]:
                raise BaseExceptionGroup(f"{len(failed)} of {len(run)} cases", failed)

        signature = inspect.signature(test)
        left = [given for name, given in signature.parameters.items() if name not in wanted]
        every_case.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]  # pytest reads it
        return every_case

    return decorate


def _made(cases: Cases) -> Iterable[Any]:
    return cases() if callable(cases) else cases


def _label(place: int, case: dict[str, Any], ids: Ids) -> str:
    if callable(ids):
        return ", ".join(str(ids(value)) for value in case.values())
    return str(ids[place]) if ids else ", ".join(f"{name}={value!r:.200}" for name, value in case.items())


def _failure(test: Test, label: str, given: dict[str, Any]) -> BaseException | None:
    try:
        test(**given)
    except (Exception, BaseExceptionGroup, pytest.fail.Exception) as failure:  # noqa: BLE001 told at the end, with all others
        failure.add_note(f"Case: {label}")
        return failure
    return None
