"""Cases that share a test: all are run, and each that fails is told."""

from __future__ import annotations

import inspect

import pytest

from tests.cases import each


def test_every_case_runs_and_each_that_fails_is_named() -> None:
    seen: list[tuple[int, str, str]] = []

    @each("letter", "ab")
    @each(("number", "twice"), [(1, 2), (2, 5), (3, 6), (4, 9)])
    def doubled(number: int, twice: int, letter: str, fixture: str) -> None:
        seen.append((number, letter, fixture))
        assert number * 2 == twice
        if number == 3:
            with pytest.raises(ValueError, match="never"):
                pass

    assert list(inspect.signature(doubled).parameters) == ["fixture"]
    with pytest.raises(BaseExceptionGroup, match="2 of 2 cases") as told:
        doubled(fixture="given")
    assert seen == [(number, letter, "given") for letter in "ab" for number in (1, 2, 3, 4)]
    first, _ = told.value.exceptions
    assert isinstance(first, BaseExceptionGroup)
    assert [failure.__notes__ for failure in first.exceptions] == [
        ["Case: number=2, twice=5"],
        ["Case: number=3, twice=6"],
        ["Case: number=4, twice=9"],
    ]
    assert first.__notes__ == ["Case: letter='a'"]


def test_what_holds_in_every_case_passes() -> None:
    @each("number", [1, 2], ids=["one", "two"])
    def positive(number: int) -> None:
        assert number > 0

    positive()


def test_without_cases_there_is_no_test() -> None:
    with pytest.raises(AssertionError, match="without a look"):
        each("number", [])


def test_cases_that_have_to_know_the_day_are_made_as_the_test_runs() -> None:
    asked: list[int] = []

    def cases() -> list[int]:
        asked.append(len(asked))
        return [1, 2] if len(asked) == 1 else []

    @each("number", cases)
    def below_two(number: int) -> None:
        assert number < 2

    assert asked == []
    with pytest.raises(BaseExceptionGroup, match="1 of 2 cases"):
        below_two()
    with pytest.raises(AssertionError, match="without a look"):
        below_two()
