"""An invoice as PDF, on A4: the words of its sheet. The same document is the same file, byte by byte.

Fonts are in the folder beside (their licences too): Noto Sans has Latin, Greek, Cyrillic, Vietnamese and the signs of
currencies, Noto Sans Hebrew and Droid Sans Fallback (Chinese, Japanese, Korean) what names and addresses need beyond.
Only the signs that are used go into the file. fpdf2 is imported where somebody wants one: it takes 20 MB of memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from booking.domain.invoicing import Document
from booking.http.invoices.sheet import Row, Sheet, sheet_of

if TYPE_CHECKING:
    from fpdf import FPDF

FONTS = Path(__file__).parent / "fonts"
TEXT, HEBREW, CJK = "NotoSans", "NotoSansHebrew", "DroidSansFallback"
# By the signs that each is for.
OTHERS = (
    (HEBREW, "NotoSansHebrew-Regular.ttf", "\u0590", "\u05ff"),
    (CJK, "DroidSansFallback.ttf", "\u2e80", "\uffef"),
)
MARGIN, WIDTH, AMOUNT = 20.0, 170.0, 42.0  # millimetres
SMALL, NORMAL, TITLE = 8.5, 10.0, 20.0  # points
LINE = 5.4  # millimetres


def written(document: Document) -> bytes:
    """The file."""
    return _written(sheet_of(document), document.invoice.created_at)


def name_of(document: Document) -> str:
    """What the file is called."""
    return f"{document.invoice.reference}.pdf"


def _written(sheet: Sheet, created_at: dt.datetime) -> bytes:
    signs = _signs(sheet)
    pdf = _empty(f"{sheet.title} {sheet.reference}", created_at, signs)
    drawn = {sign for font in pdf.fonts.values() for sign in font.cmap}
    sheet = _without(sheet, {sign for sign in signs if ord(sign) not in drawn})
    _head(pdf, sheet)
    _facts(pdf, sheet.facts)
    _rows(pdf, sheet)
    _money(pdf, sheet)
    _notes(pdf, sheet.notes)
    return bytes(pdf.output())


def _signs(sheet: Sheet) -> set[str]:
    """All that the document is written with."""
    rows = [*sheet.rows, sheet.total, *sheet.taxes, *sheet.payments, *([sheet.due] if sheet.due else [])]
    texts = [*sheet.seller, *sheet.buyer, *sheet.notes, *(text for fact in sheet.facts for text in fact)]
    return set("".join([*texts, *(f"{row.of}{row.text}{row.amount}" for row in rows)]))


def _without(sheet: Sheet, missing: set[str]) -> Sheet:
    """With a question mark for each sign that no font has: it would not be there at all."""
    if not missing:
        return sheet
    table = str.maketrans(dict.fromkeys(missing, "?"))

    def told(row: Row) -> Row:
        return Row(row.text.translate(table), row.amount.translate(table), row.of.translate(table))

    return replace(
        sheet,
        seller=[line.translate(table) for line in sheet.seller],
        buyer=[line.translate(table) for line in sheet.buyer],
        facts=[(label.translate(table), text.translate(table)) for label, text in sheet.facts],
        rows=list(map(told, sheet.rows)),
        taxes=list(map(told, sheet.taxes)),
        notes=[note.translate(table) for note in sheet.notes],
    )


def _empty(title: str, created_at: dt.datetime, signs: set[str]) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.footer = partial(_footer, pdf, title)
    pdf.set_title(title)
    pdf.set_creation_date(created_at)
    pdf.set_margins(MARGIN, MARGIN)
    pdf.set_auto_page_break(True, margin=22)
    pdf.add_font(TEXT, "", str(FONTS / "NotoSans-Regular.ttf"))
    pdf.add_font(TEXT, "B", str(FONTS / "NotoSans-Bold.ttf"))
    # The others only where a sign needs them: reading the large one takes 0.3 s and 80 MB.
    needed = [(family, file) for family, file, first, last in OTHERS if any(first <= sign <= last for sign in signs)]
    for family, file in needed:
        pdf.add_font(family, "", str(FONTS / file))
    if needed:
        pdf.set_fallback_fonts([family for family, _ in needed], exact_match=False)
        pdf.set_text_shaping(True)  # without it, Hebrew would stand the wrong way round
    pdf.add_page()
    return pdf


def _footer(pdf: FPDF, title: str) -> None:
    """Of each page: which it is of how many."""
    pdf.set_y(-15)
    _font(pdf, size=SMALL)
    pdf.cell(0, LINE, f"{title}    {pdf.page_no()} / {{nb}}", align="R")


def _head(pdf: FPDF, sheet: Sheet) -> None:
    """The title, who sells on the right, whom it is for on the left."""
    _font(pdf, "B", TITLE)
    pdf.cell(0, 12, sheet.title, new_x="LMARGIN", new_y="NEXT")
    top = pdf.get_y() + 4
    _block(pdf, MARGIN, top, sheet.buyer)
    left = pdf.get_y()
    _block(pdf, MARGIN + WIDTH / 2, top, sheet.seller)
    pdf.set_xy(MARGIN, max(left, pdf.get_y()) + 6)


def _block(pdf: FPDF, x: float, y: float, lines: Sequence[str]) -> None:
    pdf.set_xy(x, y)
    for place, line in enumerate(lines):
        _font(pdf, "" if place else "B")
        pdf.set_x(x)
        pdf.multi_cell(WIDTH / 2 - 5, LINE, line, align="L", new_x="LMARGIN", new_y="NEXT")


def _facts(pdf: FPDF, facts: Iterable[tuple[str, str]]) -> None:
    for label, text in facts:
        _font(pdf)
        pdf.cell(40, LINE, label)
        pdf.multi_cell(WIDTH - 40, LINE, text, align="L", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)


def _rows(pdf: FPDF, sheet: Sheet) -> None:
    for row in sheet.rows:
        if row.of:
            pdf.ln(1.5)
            _font(pdf, "B")
            pdf.multi_cell(WIDTH, LINE, row.of, align="L", new_x="LMARGIN", new_y="NEXT")
        _line(pdf, row)


def _line(pdf: FPDF, row: Row, style: str = "") -> None:
    """A text that may take several lines, and its amount beside the last of them."""
    _font(pdf, style)
    pdf.multi_cell(WIDTH - AMOUNT, LINE, row.text, align="L", new_x="RIGHT", new_y="LAST")
    pdf.cell(AMOUNT, LINE, row.amount, align="R", new_x="LMARGIN", new_y="NEXT")


def _money(pdf: FPDF, sheet: Sheet) -> None:
    pdf.ln(1)
    pdf.line(MARGIN, pdf.get_y(), MARGIN + WIDTH, pdf.get_y())
    pdf.ln(1)
    _line(pdf, sheet.total, "B")
    for row in sheet.taxes:
        _line(pdf, row)
    pdf.ln(4)
    for row in sheet.payments:
        _line(pdf, row)
    if sheet.due:
        _line(pdf, sheet.due, "B")


def _notes(pdf: FPDF, notes: Iterable[str]) -> None:
    pdf.ln(4)
    for note in notes:
        _font(pdf)
        pdf.multi_cell(WIDTH, LINE, note, align="L", new_x="LMARGIN", new_y="NEXT")


def _font(pdf: FPDF, style: str = "", size: float = NORMAL) -> None:
    """Said anew for each text: after a sign of another font, fpdf2 takes the one before for the one that is set."""
    pdf.set_font(TEXT, "" if style else "B", size)
    pdf.set_font(TEXT, style, size)
