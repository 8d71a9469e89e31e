"""Names of WAL segments, and the chain that a restore follows."""

from __future__ import annotations

from booking.infra.backup import wal


def test_segments_are_named_as_postgres_names_them() -> None:
    assert wal.segment_name(1, 0x1FF, 2**24) == "0000000100000001000000FF"
    assert wal.place_of("0000000100000001000000FF", 2**24) == (1, 0x1FF)
    assert wal.segment_name(2, 5, 2**30) == "000000020000000100000001"
    assert wal.position("1/2000028") == (1 << 32) + 0x2000028


def test_a_chain_follows_the_timeline_that_was_restored_not_the_one_that_was_left() -> None:
    old = {wal.segment_name(1, number, 2**24) for number in (3, 4, 5, 6)}
    new = {wal.segment_name(2, number, 2**24) for number in (5, 7)}
    there = wal.Wal(2**24, frozenset(old | new), frozenset(), {2: [(1, 5)]})
    assert [str(name)[-24:] for name in there.chain(3, 1)] == sorted(old)
    assert list(there.chain(3, 2)) == [
        wal.segment_name(1, 3, 2**24),
        wal.segment_name(1, 4, 2**24),
        wal.segment_name(2, 5, 2**24),
        wal.Missing(wal.segment_name(2, 6, 2**24)),
    ]
    assert there.follows(1, 4, 2)
    assert not there.follows(1, 6, 2)


def test_a_segment_that_should_be_there_is_missing_even_at_the_end() -> None:
    last, gone = wal.segment_name(1, 3, 2**24), wal.segment_name(1, 4, 2**24)
    there = wal.Wal(2**24, frozenset([last]), frozenset(), newest=gone)
    assert list(there.chain(3, 1)) == [last, wal.Missing(gone)]


def test_only_the_last_segment_may_be_one_that_was_being_written() -> None:
    first, second = wal.segment_name(1, 3, 2**24), wal.segment_name(1, 4, 2**24)
    there = wal.Wal(2**24, frozenset([second]), frozenset([first]))
    assert list(there.chain(3, 1)) == [wal.Missing(first)]
    assert list(wal.Wal(2**24, frozenset([first]), frozenset([second])).chain(3, 1)) == [first, second]
