"""One kind of apostrophe in everything that people read."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cases import each

HOME = Path(__file__).parents[2] / "booking"
STRAIGHT = re.compile(r"[A-Za-z]'[A-Za-z]|[a-z]s' [a-z]|[A-Z]S' [A-Z]")  # it's, WASN'T, the guests' rooms
READ = [
    path
    for folder, kinds in (("templates", {".html", ".txt", ".xml"}), ("demo", {".toml"}))
    for path in sorted((HOME / folder).rglob("*"))
    if path.suffix in kinds
]


@each("path", READ, ids=lambda path: str(path.relative_to(HOME)))
def test_an_apostrophe_is_not_a_foot_mark(path: Path) -> None:
    assert [line for line in path.read_text().splitlines() if STRAIGHT.search(line)] == []


def test_nor_is_it_where_python_speaks_to_guests() -> None:
    texts = (HOME / "translations" / "messages.pot").read_text().splitlines()
    assert len(texts) > 1000
    assert [text for text in texts if STRAIGHT.search(text)] == []
