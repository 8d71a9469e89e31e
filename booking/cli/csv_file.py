"""Files of rows: opened whatever they are packed in, read row by row with the line where each begins."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import click

from booking.domain.catalogue import BadRow, CsvRows
from booking.http import words

_GZIP, _ZIP, _UTF16 = b"\x1f\x8b", b"PK\x03\x04", (b"\xff\xfe", b"\xfe\xff")
_LARGEST_FILE = 4 * 2**30  # bytes when unpacked; the largest city that is known has a fraction of that
_LARGEST_LINE = 64 * 2**20  # characters: a line is held in memory


class Rows:
    """The header and the rows of a CSV, plain or gzipped; `position` and `size` are bytes of the file for a bar."""

    def __init__(self, path: str, delimiters: str = ",") -> None:
        self._raw = _open(path)
        self.size = os.fstat(self._raw.fileno()).st_size if path != "-" else 0
        try:
            with self._damage_told(lambda: 0):
                self._rows = CsvRows(_lines_of(_text(self._raw, path), path), delimiters)
        except BadRow as problem:
            raise click.ClickException(f"{path} {words.told(problem.notice)}.") from None
        self.header = self._rows.header

    @property
    def position(self) -> int:
        return self._raw.tell() if self.size else 0

    def __iter__(self) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
        """As CsvRows has them; raises ClickException where the file is damaged."""
        with self._damage_told(lambda: self._rows.line):
            yield from self._rows

    @staticmethod
    @contextmanager
    def _damage_told(line: Callable[[], int]) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise click.ClickException(f"The file is damaged after line {line()}: {error}.") from error


def _open(path: str) -> io.BufferedReader:
    if path == "-":
        return io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer))  # peekable, whatever stands in for it
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise click.ClickException(f"Cannot read {path}: {error.strerror or error}.") from error


def _text(raw: io.BufferedReader, path: str) -> io.TextIOWrapper:
    start = raw.peek(4)[:4]
    if start.startswith(_ZIP):
        raise click.ClickException(f"{path} is a ZIP archive or a spreadsheet, not a CSV. Save it as CSV (UTF-8).")
    if start.startswith(_UTF16):
        raise click.ClickException(f"{path} is UTF-16. Save it as CSV in UTF-8.")
    if path.endswith(".gz") and start and not start.startswith(_GZIP):
        raise click.ClickException(f"{path} is not a gzip file.")
    stream = _Unpacked(raw, path) if start.startswith(_GZIP) else raw
    # Bytes that are no UTF-8 spoil their row, not the file.
    return io.TextIOWrapper(cast("BinaryIO", stream), encoding="utf-8-sig", errors="surrogateescape", newline="")


class _Unpacked(gzip.GzipFile):
    """A gzipped file, of which only so much is unpacked: a few kilobytes can hold terabytes."""

    def __init__(self, raw: io.BufferedReader, path: str) -> None:
        super().__init__(fileobj=raw)
        self._path, self._left = path, _LARGEST_FILE

    def read1(self, size: int | None = -1) -> bytes:
        piece = super().read1(-1 if size is None else size)
        self._left -= len(piece)
        if self._left < 0:
            raise click.ClickException(f"{self._path} is larger than {_LARGEST_FILE / 2**30:g} GB when unpacked.")
        return piece


def _lines_of(text: io.TextIOWrapper, path: str) -> Iterator[str]:
    while line := text.readline(_LARGEST_LINE):
        if len(line) == _LARGEST_LINE:
            raise click.ClickException(f"{path} has a line of more than {_LARGEST_LINE:,} characters: this is no CSV.")
        yield line
