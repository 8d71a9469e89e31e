"""What the product says of a history is what its rows say: a made-up one, as `make compare-figures` does it."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bench.test_programmes import ROOT
from tests.figures.by_hand import Played, by_hand

pytestmark = [pytest.mark.slow, pytest.mark.programme]
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


@pytest.mark.timeout(450)
def test_all_figures_of_a_made_up_history_are_those_of_its_rows(home: Path) -> None:
    out = home / "left-out.csv"
    command = [sys.executable, "-m", "tests.figures", "--home", str(home / "copy"), "--left-out", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=420)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\d{3} figures of 2 hotels compared with .*: 0 differ\.", done.stdout)
    assert "has no nights" in out.read_text()


def test_by_hand_a_stay_over_the_end_of_a_month_is_of_both() -> None:
    """And one that was cancelled is of neither, but where it would have begun."""
    days = dt.date(2026, 1, 30), dt.date(2026, 2, 2)
    kept = Played(1, "A", *days, Decimal("80.50"), "web", NOON, cancelled=False, missed=True)
    gone = Played(2, "A", *days, Decimal(10), "import", NOON, cancelled=True, missed=False)
    found = by_hand([kept, gone], ["A", "B"], dt.date(2026, 2, 27), 2026, "Europe/Lisbon")
    january, february = (found[f"2026-0{month}"].told() for month in (1, 2))
    assert (january["sold"], january["revenue"], january["noShows"], january["averageLeadDays"]) == (
        "2",
        "161.00",
        "1",
        "29.0",
    )
    assert (january["cancelled"], january["cancelledNights"], january["cancellationRate"]) == ("1", "2", "50.0")
    assert (february["sold"], february["revenue"], february["stays"]) == ("1", "80.50", "0")
    assert (january["available"], february["available"]) == ("2", "30")
