"""Forgetting what is too old: base backups beyond the number to keep, and the WAL that only they needed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from booking.infra import clock
from booking.infra.backup import catalogue, wal
from booking.infra.backup.archive import Archive
from booking.infra.backup.errors import BackupError

INTERRUPTED = dt.timedelta(days=1)  # so old, and not complete: nobody works on it any more


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed: labels of base backups, and how many files of WAL."""

    labels: list[str]
    wal: int


def prune(archive: Archive, keep: int) -> Pruned:
    """Keep the newest base backups and all WAL since the oldest of them; remove the rest.

    Raises BackupError for a number below 1: one backup is always kept.
    """
    require_some(keep)
    backups = catalogue.backups(archive)
    old = [backup.label for backup in backups[:-keep]]
    began_long_ago = clock.now() - INTERRUPTED
    old += [label for label in catalogue.unfinished(archive) if catalogue.began(label) < began_long_ago]
    for label in old:
        catalogue.remove(archive, label)
    archive.remove_scraps(INTERRUPTED)
    return Pruned(old, _prune_wal(archive, backups[-keep:]))


def require_some(keep: int) -> None:
    """Refuse to keep nothing."""
    if keep < 1:
        raise BackupError(f"BACKUP_KEEP must be 1 or more, not {keep}: the newest backup is always kept.")


def _prune_wal(archive: Archive, kept: list[catalogue.Backup]) -> int:
    if not kept:
        return 0
    size = kept[0].segment_size
    oldest = min(backup.first_segment for backup in kept)
    there = wal.stored(archive, size)

    def unneeded(names: frozenset[str]) -> list[str]:
        # By number alone, as pg_archivecleanup does: an older timeline's later segments lead to a newer one.
        return sorted(name for name in names if wal.place_of(name, size)[1] < oldest)

    files = [wal.file_of(name) for name in unneeded(there.segments)]
    files += [wal.file_of(name, partial=True) for name in unneeded(there.partial)]
    archive.remove(files)
    return len(files)
