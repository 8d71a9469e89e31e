"""Which base backups the archive has. One counts from the moment its description is there, which comes last."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from typing import Any

from booking.infra.backup import wal
from booking.infra.backup.archive import Archive
from booking.infra.backup.errors import BackupError
from booking.infra.backup.primary import Identity

BASE, DATA, DESCRIPTION, BEGUN = "base", "base.tar.gz", "backup.json", "begun.json"
CLUSTER, RECEIVED = "cluster.json", "received.json"
LABEL = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Backup:
    """A base backup: `start` and `end` are places in the WAL of `timeline`, `size` the bytes of its file."""

    label: str
    began: dt.datetime
    finished: dt.datetime
    system: str
    timeline: int
    version: int
    segment_size: int
    start: str
    end: str
    size: int
    sha256: str

    @property
    def data(self) -> str:
        """Its file in the archive."""
        return file_of(self.label, DATA)

    @property
    def first_segment(self) -> int:
        """The number of the first WAL segment that restoring it needs."""
        return wal.position(self.start) // self.segment_size

    @property
    def last_segment(self) -> int:
        """The number of the last one that it cannot do without."""
        return (wal.position(self.end) - 1) // self.segment_size


@dataclass(frozen=True, slots=True)
class Received:
    """Everything that was committed before `at` is in the archive; the WAL up to `lsn` of `timeline`."""

    at: dt.datetime
    lsn: str
    timeline: int


def file_of(label: str, part: str) -> str:
    """Where the archive has a part of a base backup."""
    return f"{BASE}/{label}/{part}"


def backups(archive: Archive) -> list[Backup]:
    """All that are complete, the newest last."""
    whole = [file.name for file in archive.names(BASE) if file.name.endswith(f"/{DESCRIPTION}")]
    return sorted((_read(archive, name) for name in whole), key=lambda backup: backup.label)


def unfinished(archive: Archive) -> list[str]:
    """Labels of those that were begun and are not complete: they run, or were interrupted."""
    parts = [file.name.split("/") for file in archive.names(BASE)]
    whole = {label for _, label, part in parts if part == DESCRIPTION}
    return sorted({label for _, label, _ in parts} - whole)


def began(label: str) -> dt.datetime:
    """When the backup of this label was begun."""
    return dt.datetime.strptime(label, LABEL).replace(tzinfo=dt.UTC)


def describe(archive: Archive, backup: Backup) -> None:
    """The last act: from now on it counts."""
    archive.write(file_of(backup.label, DESCRIPTION), _written(asdict(backup)))


def remove(archive: Archive, label: str) -> None:
    """A backup, or what there is of it; its description first: what is half removed must not count."""
    archive.remove(file_of(label, part) for part in (DESCRIPTION, DATA, BEGUN))


def received(archive: Archive) -> Received | None:
    """How far the WAL reaches, None where no receiver ever ran."""
    found = archive.find(RECEIVED)
    facts = json.loads(found) if found else None
    return Received(dt.datetime.fromisoformat(facts["at"]), facts["lsn"], facts["timeline"]) if facts else None


def note_received(archive: Archive, received: Received) -> None:
    """Say so. It is trusted: what it names and is not there counts as missing."""
    archive.write(RECEIVED, _written(asdict(received)))


def stored_wal(archive: Archive, size: int) -> wal.Wal:
    """All WAL that there is, and the newest segment that there should be. `size` in bytes, of a segment."""
    told = received(archive)
    newest = wal.segment_name(told.timeline, (wal.position(told.lsn) - 1) // size, size) if told else ""
    return wal.stored(archive, size, newest)


def require_same_cluster(archive: Archive, identity: Identity) -> None:
    """One archive holds one cluster: WAL of two would have the same names. The first one keeps it."""
    if archive.claim(CLUSTER, _written({"system": identity.system})):
        return
    system = json.loads(archive.find(CLUSTER) or b"{}").get("system")
    if system != identity.system:
        raise BackupError(
            f"{archive.url} holds backups of another Postgres cluster ({system}, this one is {identity.system}):"
            " set BACKUP_URL to a folder or prefix of its own."
        )


def _read(archive: Archive, name: str) -> Backup:
    try:
        facts: dict[str, Any] = json.loads(archive.find(name) or b"{}")
        instants = {name: dt.datetime.fromisoformat(facts[name]) for name in ("began", "finished")}
        return Backup(**{**facts, **instants})
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{name} in {archive.url} cannot be read: remove that backup's folder.") from error


def _written(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, indent=1, default=dt.datetime.isoformat).encode()
