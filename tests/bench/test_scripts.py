"""From captured statements to a pgbench script, and from rounds to a verdict."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bench.clients import Measured
from bench.replayed import Captured, script
from bench.rounds import Case, Target, spread, table

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
NEW_ID = "01a200ef-2879-727b-a547-32860c7cb60c"


def made_of(*statements: str, **more: Any) -> list[str]:
    """The script without its head."""
    text = script(Captured(list(statements), NOW), more.pop("known", {}), more.pop("kept", set()), **more)
    return text.partition("100000000000\n")[2].splitlines()


def measured(speed: float, **more: Any) -> Measured:
    return Measured(speed, 1.0, 2.0, 3.0, {200: 10}, 0.1, **more)


def test_statements_sent_together_stay_together() -> None:
    assert made_of("BEGIN; SELECT ';''x;'; COMMIT;") == [r"BEGIN \; SELECT ';''x;' \; COMMIT;"]


def test_an_id_is_new_at_every_turn_and_the_same_within_one() -> None:
    first, second = made_of(f"INSERT '{NEW_ID}'", f"UPDATE '{NEW_ID}'")
    assert NEW_ID not in first
    assert first.split("'")[1] == second.split("'")[1]
    assert ":c-7000-8000-0:n" in first


def test_an_id_that_was_there_before_is_kept() -> None:
    assert made_of(f"SELECT '{NEW_ID}'", kept={NEW_ID}) == [f"SELECT '{NEW_ID}';"]


def test_a_moment_moves_along_with_the_clock() -> None:
    assert made_of("SELECT '2026-11-22T12:15:00.000000+00:00'::timestamptz") == [
        "SELECT (now() + interval '900 seconds');"
    ]


def test_the_end_of_a_lease_is_counted_from_when_the_room_was_read() -> None:
    lease = "'2026-11-22T12:00:30.120000+00:00'::timestamptz"
    made = made_of(
        "SELECT name, now() AS read_at FROM rooms",
        f"UPDATE keys WHERE lease_until = {lease}",
        lease=dt.datetime.fromisoformat("2026-11-22T12:00:30.12+00:00"),
    )
    assert made == [
        "SELECT name, now() AS read_at FROM rooms \\gset room_",
        "UPDATE keys WHERE lease_until = (':room_read_at'::timestamptz + interval '30 seconds');",
    ]


def test_a_spread_is_the_median_and_the_range() -> None:
    assert spread([3, 1, 2]) == "2 (1–3)"
    assert spread([0.5], ".0%") == "50%"


@pytest.mark.parametrize(
    ("target", "verdict"),
    [
        (Target("speed", [0.34], 0.35), "**missed**"),
        (Target("speed", [0.35], 0.35), "met"),
        (Target("memory", [150], 150, at_most=True, form=".0f"), "met"),
        (Target("memory", [151], 150, at_most=True, form=".0f"), "**missed**"),
        (Target("nothing measured", [], 1), "**missed**"),
    ],
)
def test_a_target_is_met_or_missed(target: Any, verdict: str) -> None:
    assert target.line().endswith(f"| {verdict} |")


def test_an_aim_says_when_it_is_reached() -> None:
    assert "aim 50% (reached)" in Target("speed", [0.5], 0.35, 0.5).line()
    assert "(reached)" not in Target("speed", [0.49], 0.35, 0.5).line()


def test_ratios_are_made_within_a_round() -> None:
    case = Case("one", lambda _: measured(1), lambda _: measured(2), "two")
    case.measured, case.compared = [measured(10), measured(40)], [measured(20), measured(40)]
    assert case.ratios == [0.5, 1.0]
    assert "75% (50%–100%)" in table([case])[2]


def test_answers_that_were_not_wanted_are_told_also_where_there_are_no_others() -> None:
    refused, silent = Case("one", lambda _: measured(0)), Case("two", lambda _: measured(0))
    refused.measured = [Measured(0, 1.0, 2.0, 3.0, {503: 8}, 0.1)]
    silent.measured = [Measured(0, 1.0, 2.0, 3.0, {}, 0.1)]
    first, second = table([refused, silent])[2:]
    assert "| 8 x 503 (100.0%) |" in first
    assert "| no answer at all |" in second
