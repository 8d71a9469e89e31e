"""Rows of a CSV: its cells by column, each row with the line where it begins, or with what is wrong with it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain

from booking.domain.catalogue.importing.drafts import BadRow

_LARGEST_CELL = 16 * 1024 * 1024  # characters; the csv module's own 131,072 is less than some descriptions have


class CsvRows:
    """The header and the rows of lines of text; what is no UTF-8 in them was read with `surrogateescape`.

    Cells are separated by that one of the `delimiters` which the first line has most of. Raises BadRow where the header
    cannot be read.
    """

    def __init__(self, lines: Iterable[str], delimiters: str = ",") -> None:
        csv.field_size_limit(_LARGEST_CELL)
        unread = iter(lines)
        first = next(unread, "")
        delimiter = max(delimiters, key=first.count)
        self._reader = csv.reader(chain([first], unread), strict=True, delimiter=delimiter)
        _, header = next(self._lines(), (0, BadRow("file", "cell_empty")))
        if isinstance(header, BadRow):
            raise header
        self.header = [column.strip() for column in header]

    def __iter__(self) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
        """(line where it begins, cells by column) of each row, or what is wrong with it. Blank rows are no rows.

        Spreadsheets leave out empty cells at the end of a row, or add some: they count as empty.
        """
        for number, cells in self._lines():
            yield number, cells if isinstance(cells, BadRow) else self._named(cells)

    @property
    def line(self) -> int:
        """The last one that was read."""
        return self._reader.line_num

    def _named(self, cells: list[str]) -> dict[str, str] | BadRow:
        fitted = _fitted(cells, len(self.header))
        if len(fitted) != len(self.header):
            return BadRow("row", "row_of_other_width", cells=len(fitted), columns=len(self.header))
        return dict(zip(self.header, fitted, strict=True))

    def _lines(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        while True:
            number = self._reader.line_num + 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield number, _quotes(error)
                continue
            if any(cell.strip() for cell in cells):
                yield number, cells if _is_text(cells) else BadRow("row", "cell_no_text")


def _fitted(cells: list[str], width: int) -> list[str]:
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells + [""] * (width - len(cells))


def _is_text(cells: list[str]) -> bool:
    return all(cell.isascii() or not any("\ud800" <= character <= "\udfff" for character in cell) for cell in cells)


def _quotes(error: csv.Error) -> BadRow:
    if "unexpected end of data" in str(error):
        return BadRow("row", "row_open_quote")
    return BadRow("row", "row_no_csv", problem=str(error))
