"""The guards are real: with one of them off nothing happens, with all off that stand behind each other it does.

Each guard alone, and for each harm the fewest that have to be off; `make controls` plays all lines, and longer.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from booking.domain.reservations.context import BookingContext
from tests.faults.controls import ALL, EXPECTED, line, stage_for, surprises
from tests.faults.scenes import WRONG, play

ATTEMPTS, ROUNDS = 10, 14  # what goes wrong only now and then needs more than one
ALONE = [off for off in EXPECTED if len(off) <= 1]
TOGETHER = {
    min((off for off, expected in EXPECTED.items() if harm in expected), key=len): None
    for harm in WRONG
    if any(harm in expected for expected in EXPECTED.values())
}


@pytest.fixture
def stage(app: Flask, environ: dict[str, str], desk: BookingContext) -> Any:
    return stage_for(app, environ["MIGRATION_DATABASE_URL"], desk, 10)


@pytest.mark.faults
@pytest.mark.programme
@pytest.mark.timeout(400)
def test_without_some_guards_exactly_what_they_guard_goes_wrong(stage: Any) -> None:
    found = [sentence for off in dict.fromkeys([*ALONE, *TOGETHER, ALL]) for sentence in played(stage, off)]
    assert found == []


def played(stage: Any, off: Any) -> Any:
    """What is not as expected, once what was expected has had its chance."""
    seen = set()
    for _ in range(ROUNDS):
        count = play(stage, off, ATTEMPTS)
        print(line(off, count))
        seen |= count.wrong()
        if not EXPECTED[off] - seen:
            break
    return surprises(off, seen)


def test_every_harm_is_done_by_some() -> None:
    assert set.union(*EXPECTED.values()) >= set(WRONG) - {"lost"}
