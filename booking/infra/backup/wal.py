"""WAL in the archive: which segments are there, on which timeline, and which one is missing.

A segment's file is named by timeline and number, 8 and 16 hexadecimal digits (Postgres manual, "WAL Internals").
A timeline begins where a restored database went on; its history file says where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from booking.infra.backup.archive import Archive
from booking.infra.backup.errors import BackupError

SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})")
HISTORY = re.compile(r"([0-9A-F]{8})\.history")
FOLDER, ZIPPED, PARTIAL = "wal", ".gz", ".partial"


def position(lsn: str) -> int:
    """A place in the WAL as a number of bytes; Postgres writes it `0/3000028`."""
    high, _, low = lsn.partition("/")
    return int(high, 16) << 32 | int(low, 16)


def segment_name(timeline: int, number: int, size: int) -> str:
    """The name of a segment's file; `size` is the cluster's wal_segment_size in bytes."""
    per_file = 2**32 // size
    return f"{timeline:08X}{number // per_file:08X}{number % per_file:08X}"


def place_of(name: str, size: int) -> tuple[int, int]:
    """Timeline and number of a segment, by its name."""
    timeline, high, low = (int(part, 16) for part in SEGMENT.fullmatch(name).groups())  # type: ignore[union-attr]
    return timeline, high * (2**32 // size) + low


def file_of(name: str, *, partial: bool = False) -> str:
    """Where the archive has a segment or a history file."""
    return f"{FOLDER}/{name}{PARTIAL if partial else ''}{ZIPPED}"


@dataclass(frozen=True, slots=True)
class Missing:
    """The first segment that should be there and is not."""

    name: str


@dataclass(frozen=True, slots=True)
class Wal:
    """What the archive has. `segments` are whole ones, `partial` those that were still being written."""

    size: int
    segments: frozenset[str]
    partial: frozenset[str]
    forks: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # timeline -> (ancestor, number it ended in)
    newest: str = ""  # a segment that was there once, whatever is there now

    @property
    def timelines(self) -> list[int]:
        """All that anything is there of, the newest last."""
        return sorted({place_of(name, self.size)[0] for name in self.segments | self.partial} | set(self.forks))

    def follows(self, timeline: int, number: int, on: int) -> bool:
        """Whether `timeline` at this segment leads to the timeline `on`."""
        return self._owner(number, on) == timeline

    def chain(self, first: int, on: int, last: int | None = None) -> Iterator[str | Missing]:
        """The segments from a number to the end of a timeline (or to `last`), ending with the one that is missing."""
        known = self.segments | self.partial | ({self.newest} if self.newest else set())
        end = max((place_of(name, self.size)[1] for name in known if self._leads(name, on)), default=first - 1)
        for number in range(first, (end if last is None else min(last, end)) + 1):
            name = segment_name(self._owner(number, on), number, self.size)
            whole = name in self.segments
            if not whole and not (name in self.partial and number == end):
                yield Missing(name)
                return
            yield name

    def _leads(self, name: str, on: int) -> bool:
        timeline, number = place_of(name, self.size)
        return self.follows(timeline, number, on)

    def _owner(self, number: int, on: int) -> int:
        # The segment in which a timeline forked is written anew on the new one.
        return next((ancestor for ancestor, ended in self.forks.get(on, ()) if number < ended), on)


def stored(archive: Archive, size: int, newest: str = "") -> Wal:
    """Look at all WAL of the archive. `size` is its wal_segment_size in bytes, `newest` one that must be there."""
    names = _names(archive)
    partial = {name.removesuffix(PARTIAL) for name in names if name.endswith(PARTIAL)}
    forks = {
        int(name.partition(".")[0], 16): _forks(unzipped(archive, name), size)
        for name in names
        if HISTORY.fullmatch(name)
    }
    return Wal(
        size,
        segments=frozenset(name for name in names if SEGMENT.fullmatch(name)),
        partial=frozenset(name for name in partial if SEGMENT.fullmatch(name)),
        forks=forks,
        newest=newest,
    )


def histories(archive: Archive) -> list[str]:
    """The history files that the archive has."""
    return [name for name in _names(archive) if HISTORY.fullmatch(name)]


def _names(archive: Archive) -> list[str]:
    return [file.name.removeprefix(f"{FOLDER}/").removesuffix(ZIPPED) for file in archive.names(FOLDER)]


def _forks(history: bytes, size: int) -> list[tuple[int, int]]:
    """Each line: the ancestor, where it was left, why."""
    lines = [line.split() for line in history.decode().splitlines() if line.strip() and not line.startswith("#")]
    return [(int(words[0]), position(words[1]) // size) for words in lines]


def unzipped(archive: Archive, name: str, *, partial: bool = False) -> bytes:
    """A segment or a history file as Postgres wants it. Raises BackupError where it is damaged."""
    import gzip
    import zlib

    packed = b"".join(archive.stream(file_of(name, partial=partial)))
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise BackupError(f"{name} in {archive.url} is damaged: {error}") from error
