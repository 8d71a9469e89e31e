"""Files to import: rows of Inside Airbnb and of our own, and the real ones where they are at hand."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from click.testing import Result
from flask.testing import FlaskCliRunner

from booking.domain.catalogue.importing import sheet

LISTINGS = Path(__file__).parents[2] / "shared" / "data" / "listings"
needs_listings = pytest.mark.skipif(not LISTINGS.is_dir(), reason="the real listings are not at hand")

ANTWERP = ("--currency", "EUR", "--location", "antwerp", "--time-zone", "Europe/Brussels")
BOSTON = ("--currency", "USD", "--location", "boston", "--time-zone", "America/New_York")

LISTING = {
    "id": "1003112311814321620",
    "name": "Studio near the park",
    "description": "Bright.<br />Quiet.",
    "property_type": "Entire rental unit",
    "latitude": "51.229",
    "accommodates": "2",
    "amenities": '["Wifi", "Kitchen"]',
    "price": "$46.00",
    "minimum_nights": "1",
    "maximum_nights": "365",
}
OURS = {"source_id": "a1", "name": "Blue room", "capacity": "2", "price_per_night": "80"}


def listings(*changes: dict[str, str]) -> str:
    """A listings.csv with a row for each of the changes, ids counting up from 1."""
    return written([{**LISTING, "id": str(number), **change} for number, change in enumerate(changes, start=1)])


def ours(*changes: dict[str, str]) -> str:
    """A CSV of our own with a row for each of the changes."""
    keys = dict.fromkeys(key for change in ({}, *changes) for key in {**OURS, **change})
    rows = [{**OURS, "source_id": f"a{number}", **change} for number, change in enumerate(changes, start=1)]
    return written([{key: row.get(key, "") for key in keys} for row in rows])


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(text: str) -> list[dict[str, str]]:
    """The rows of an export."""
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert not rows or tuple(rows[0]) == sheet.COLUMNS
    return rows


class Files:
    """Imports and exports through the command line, files in a folder of the test."""

    def __init__(self, runner: FlaskCliRunner, folder: Path) -> None:
        self.runner, self.folder = runner, folder

    def import_(self, content: str | bytes | Path, *options: str) -> Result:
        """Import the content or the file."""
        path = content if isinstance(content, Path) else self.folder / "rooms.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.runner.invoke(args=["rooms", "import", str(path), *options])

    def export(self, *options: str) -> str:
        """What an export writes."""
        path = self.folder / "export.csv.gz"
        result = self.runner.invoke(args=["rooms", "export", str(path), *options])
        assert result.exit_code == 0, result.output
        return gzip.decompress(path.read_bytes()).decode("utf-8-sig")
