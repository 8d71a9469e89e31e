"""Which names somebody may have meant."""

from __future__ import annotations

from booking.domain import spelling
from booking.domain.notices import AnyOf, Notice

KNOWN = ["seaside", "seaside-annex", "old-mill", "harbour-house", "harbour-view"]


def test_what_is_misspelt_or_a_part_is_offered_the_likeliest_first() -> None:
    for wanted, offered in (
        ("seasied", ("seaside",)),
        ("Sea Side", ("seaside",)),
        ("mill", ("old-mill",)),
        ("harbour", ("harbour-house", "harbour-view")),
        ("the-old-mill-inn", ("old-mill",)),
        ("zzz", ()),
        ("se", ()),
        ("", ()),
    ):
        assert set(offered) <= set(spelling.close(wanted, KNOWN)), wanted
        assert bool(offered) is bool(spelling.close(wanted, KNOWN)), wanted
    assert spelling.close("seaside-", KNOWN)[0] == "seaside"
    assert len(spelling.close("a-b", [f"a-b{number}" for number in range(9)])) == spelling.MOST


def test_nothing_is_asked_where_nothing_is_close() -> None:
    assert spelling.perhaps_meant(()) == ""
    assert spelling.perhaps_meant(["a", "b"]) == Notice("perhaps_meant", choices=AnyOf(("a", "b")))
