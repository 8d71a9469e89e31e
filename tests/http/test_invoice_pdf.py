"""Invoices as PDF: every sign that a name may have is drawn, and the same document is the same file."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from booking.http.invoices import pdf
from booking.http.invoices.sheet import Row, Sheet

pytestmark = pytest.mark.slow
AT = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)


def a_sheet(*buyer: str, rows: int = 1) -> Sheet:
    lines = [Row(f"{number} nights", "€360.00", "A room") for number in range(rows)]
    facts = [("Number", "EU-1-2026-00042")]
    paid = [Row("Paid", "₪40.00")]
    return Sheet("Invoice", "EU-1-2026-00042", ["Ltd"], [*buyer], facts, lines, Row("Total", "₫9"), [], paid, None, [])


def drawn_signs(file: bytes) -> str:
    """By the tables that say which sign each drawn glyph is."""
    return "".join(chr(int(code, 16)) for code in re.findall(rb"<[0-9A-F]{4}> <([0-9A-F]{4})>", file))


def test_names_of_many_scripts_are_drawn_and_what_no_font_has_is_a_question_mark() -> None:
    file = pdf._written(a_sheet("Nguyễn Đức", "דנה לוי", "東京都 か", "한국", "அ Ünïcode"), AT)
    signs = drawn_signs(file)
    assert all(sign in signs for sign in "ễĐדנה東京都か한국Ü€₪₫?")
    assert "அ" not in signs


def test_the_same_document_is_the_same_file_and_a_long_one_has_pages() -> None:
    sheet = a_sheet("Dana Levi", rows=200)
    first = pdf._written(sheet, AT)
    assert first == pdf._written(sheet, AT)
    assert len(re.findall(rb"/Type /Page\b(?!s)", first)) > 3
    assert len(pdf._written(a_sheet("Dana Levi"), AT)) < 30_000
