"""A short form for every run; `make changing-rates` is the long one."""

import pytest
from flask import Flask

from booking.domain.reservations.context import BookingContext
from tests.faults.changing_rates import run


@pytest.mark.faults
@pytest.mark.programme
@pytest.mark.timeout(120)
def test_nobody_pays_another_price_than_was_shown_while_rules_change(app: Flask, desk: BookingContext) -> None:
    outcome = run(app, desk, pairs=60, guests=4, seed=14, every=0.5)
    print("\n".join(outcome.lines()))
    assert [finding for finding in outcome.findings if "on the way" not in finding] == []  # few pairs, so no share
    assert (outcome.pairs, outcome.paid > 0, outcome.changes > 0) == (60, True, True)
