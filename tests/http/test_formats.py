"""Money, dates and counts are written in one place each, whoever shows them: a page, an email, a command."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flask import Flask

from booking.http import date_format, money_format, number_format
from tests.cases import each
from tests.languages import speaking
from tests.sources import nodes_of, tree_of

BOOKING = Path(date_format.__file__).parents[1]
WRITERS = {
    "babel.dates": {"http/date_format.py"},
    "babel.numbers": {"http/money_format.py", "http/number_format.py"},
    "babel.lists": {"http/words/__init__.py"},
}
# For machines: names of files and of moments in settings.
STRFTIME = {"infra/mail.py", "infra/backup/base.py", "infra/backup/restore.py"}


def imported(path: Path) -> Iterator[str]:
    for node in nodes_of(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@each("library", WRITERS)
def test_one_module_writes_each(library: str) -> None:
    users = {str(path.relative_to(BOOKING)) for path in BOOKING.rglob("*.py") if library in set(imported(path))}
    assert users == WRITERS[library]


def test_nobody_writes_dates_by_pattern() -> None:
    users = {
        str(path.relative_to(BOOKING))
        for path in BOOKING.rglob("*.py")
        for node in nodes_of(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "strftime"
    }
    assert users == STRFTIME


MAY = dt.datetime(2026, 5, 4, 15, tzinfo=dt.timezone(dt.timedelta(hours=3)))


@each(
    ("language", "money", "day", "moment", "nights"),
    [
        ("en", "€1,234.50", "Monday 4 May 2026", "Monday 4 May 2026, 15:00 local time (UTC+3)", "1,200 nights"),
        ("de", "1.234,50\N{NO-BREAK SPACE}€", "Montag, 4. Mai 2026", "Montag, 4. Mai 2026, 15:00 local", "1.200"),
        (
            "fr",
            "1\N{NARROW NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}€",
            "lundi 4 mai 2026",
            "lundi 4 mai",
            "",
        ),
        ("ja", "€1,234.50", "2026年5月4日月曜日", "2026年5月4日月曜日, 15:00", "1,200"),
    ],
)
def test_they_are_written_as_the_language_writes_them(
    app: Flask, language: str, money: str, day: str, moment: str, nights: str
) -> None:
    with speaking(language):
        assert money_format.money(Decimal("1234.5"), "EUR") == money
        assert date_format.day_long(MAY) == day
        assert date_format.moment_long(MAY).startswith(moment)
        assert number_format.nights(1200).startswith(nights)


@each(("amount", "written"), [("-3", "−€3"), ("240", "€240"), ("0.5", "€0.50")])
def test_money_in_english(app: Flask, amount: str, written: str) -> None:
    assert money_format.money(Decimal(amount), "EUR") == written
