"""Files as they come: packed or not, with lines where people count them, and with damages."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from booking.cli import csv_file
from booking.cli.csv_file import Rows
from booking.domain.catalogue.importing import BadRow
from booking.http import words
from tests.cases import each
from tests.refusals import said


@pytest.mark.parametrize("content", [b"\x80\x81\n", b"a,b\n1,2\n"])
def test_a_file_that_is_called_gz_and_is_none_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rooms.csv.gz"
    path.write_bytes(content)
    with pytest.raises(click.ClickException, match="is not a gzip file"):
        Rows(str(path))


@pytest.fixture
def rows(tmp_path: Path) -> object:
    def written(content: bytes) -> Rows:
        path = tmp_path / "rooms.csv"
        path.write_bytes(content)
        return Rows(str(path))

    return written


@each(
    "content",
    [
        b"a,b\n1,2\n",
        b"\xef\xbb\xbfa,b\r\n1,2\r\n",
        b'"a","b"\n"1","2"',
        gzip.compress(b"a,b\n1,2\n", mtime=0),
        gzip.compress(b"a,b\n", mtime=0) + gzip.compress(b"1,2\n", mtime=0),
        b" a , b \n1,2\n",
    ],
)
def test_every_packing_reads_the_same(rows: object, content: bytes) -> None:
    file = rows(content)
    assert (file.header, list(file)) == (["a", "b"], [(2, {"a": "1", "b": "2"})])


def test_lines_are_those_of_the_file(rows: object) -> None:
    file = rows(b'a,b\n1,"two\nlines"\n\n3,4\r\n5,"\r\n\r\n"\n7,8\n')
    assert [(line, cells["a"]) for line, cells in file] == [(2, "1"), (5, "3"), (6, "5"), (9, "7")]


def test_a_bad_row_leaves_the_others_alone(rows: object) -> None:
    file = rows(b'a,b\n1\n2,3,4\n"x"y,5\n\xff,6\n7,8\n')  # the first only left out an empty cell
    found = {line: words.told(cells.notice) if isinstance(cells, BadRow) else cells["a"] for line, cells in file}
    assert found[2] == "1"
    assert found[3] == "has 3 cells; the header has 2"
    assert "cannot be read as CSV" in found[4]
    assert found[5] == "is not UTF-8 text"
    assert found[6] == "7"


def test_an_open_quote_says_that_it_swallowed_the_rest(rows: object) -> None:
    file = rows(b'a,b\n1,"2\n3,4\n5,6\n')
    assert [(line, said(problem)) for line, problem in file] == [
        (2, "row: opens a quote that is never closed; nothing after it could be read")
    ]


@each("content", [b"a,b,c\n,,\n1,2,\n , ,\n", b",,\na,b,c\n1,2\n", b"a,b,c,,\n1,2,,,,,,\n"])
def test_blank_rows_are_no_rows_and_empty_cells_at_the_end_may_be_left_out_or_added(
    rows: Callable[[bytes], Rows], content: bytes
) -> None:
    assert [{name: cells[name] for name in "abc"} for _, cells in rows(content) if not isinstance(cells, BadRow)] == [
        {"a": "1", "b": "2", "c": ""}
    ]
    assert not [cells for _, cells in rows(content) if isinstance(cells, BadRow)]


@pytest.mark.slow
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    rows: Callable[[bytes], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_LARGEST_FILE", 2**20)
    bomb = gzip.compress(b"a,b\n" + b"1,2\n" * 2**20)
    assert len(bomb) < 2**14
    with pytest.raises(click.ClickException, match=r"is larger than .* GB when unpacked"):
        list(rows(bomb))
    assert len(list(rows(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)))) == 1000


def test_a_line_without_an_end_is_not_read_into_memory(
    rows: Callable[[bytes], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_file, "_LARGEST_LINE", 1000)
    with pytest.raises(click.ClickException, match="a line of more than 1,000 characters"):
        list(rows(gzip.compress(b"a,b\n1," + b"0" * 2**20)))


def test_a_large_cell_is_read(rows: object) -> None:
    file = rows(b"a,b\n1," + b"x" * 200_000 + b"\n")
    assert [len(cells["b"]) for _, cells in file] == [200_000]


@each(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        ("a,b\n".encode("utf-16"), "UTF-16"),
        (b"\x80\x81\n", "is not UTF-8 text"),
        (b"\x1f\x8bnot really", "is damaged"),
    ],
)
def test_what_is_no_csv_gets_one_sentence(rows: object, content: bytes, sentence: str) -> None:
    with pytest.raises(click.ClickException, match=sentence):
        list(rows(content))


def test_a_file_cut_off_in_the_middle_is_noticed(rows: object) -> None:
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * 7919 % 9973) for n in range(20_000)))
    with pytest.raises(click.ClickException, match=r"damaged after line \d+"):
        list(rows(whole[: len(whole) // 2]))


@pytest.mark.parametrize("path", ["/nowhere/rooms.csv", "/"])
def test_a_file_that_cannot_be_opened(path: str) -> None:
    with pytest.raises(click.ClickException, match=f"Cannot read {path}"):
        Rows(path)
