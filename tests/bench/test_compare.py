"""Two commits beside each other: what is read from a report, and what the ratios are made of."""

from __future__ import annotations

import pytest

from bench.compare import figures_of, main, table

REPORT = """# What was measured

| what | per second | p50 / p95 / p99 ms | other answers |
| --- | --- | --- | --- |
| bookings, any room, 8 clients | 118 (96–132) | 66.5 / 95.5 / 117.3 | none |
| searches, cached | 1,877 (1828–2176) | 3.4 / 9.4 / 14.2 | none |

| target | wanted | measured | |
|---|---|---|---|
| bookings over HTTP, 8 clients, to pgbench | at least 35%, aim 50% | 37% (34%–43%) | met |
| process | PSS |
| web 1 | 84 / 102 | 109 / 133 |
"""


def test_rows_of_a_report_are_read_and_nothing_else() -> None:
    read = figures_of(REPORT)
    assert read["bookings, any room, 8 clients"] == 118
    assert read["searches, cached"] == 1877
    assert len(read) == 2


def test_ratios_are_made_within_a_run() -> None:
    there = [{"a": 100.0, "gone": 1.0}, {"a": 50.0}, {"a": 200.0}]
    here = [{"a": 110.0, "new": 1.0}, {"a": 45.0}, {"a": 210.0}]
    lines, ratios = table("c0ffee", here, there)
    assert ratios == [1.05]
    assert lines[2] == "| a | 100 | 110 | 1.05 (0.90–1.10) |"
    assert len(lines) == 3


@pytest.mark.parametrize("wrong", [["c0ffee", "--runs", "0"], ["c0ffee", "--seconds", "0"], []])
def test_senseless_numbers_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(wrong)
