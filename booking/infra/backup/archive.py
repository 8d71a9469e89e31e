"""Where backups are kept: a folder, or a prefix of an S3 bucket. Files appear there whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from booking.infra import clock, object_stores
from booking.infra.backup.errors import BackupError
from booking.infra.embedded.keys import make_private

PART = 32 * 2**20  # bytes: S3 takes 10,000 parts of an object, so this allows 320 GB
FOLDERS = ("base", "wal")
EXAMPLE = "file:///backups or s3://bucket/prefix"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the archive. `name` is its path, `size` in bytes."""

    name: str
    size: int
    at: dt.datetime


class Archive:
    """Files by name. Everything raises BackupError where the place does not answer or refuses."""

    def __init__(self, url: str, *, patience: dt.timedelta | None = None, only_reads: bool = False) -> None:
        """`url` is file:///folder or s3://bucket/prefix (keys and endpoint in the usual AWS_* variables).

        `patience` limits one request to S3. Raises BackupError for any other form; and where a folder that one
        `only_reads` is not there: an empty archive must not be taken for a disk that is not mounted.
        """
        self.url = url
        parts = urlsplit(url)
        self._folder = Path(unquote(parts.path)) if parts.scheme == "file" else None
        if not object_stores.is_place(parts):
            raise BackupError(f"BACKUP_URL must look like {EXAMPLE}, not {url!r}.")
        if only_reads and self._folder and not self._folder.is_dir():
            raise BackupError(
                f"There is no folder {self._folder}, which BACKUP_URL names: is its disk mounted?"
                " The first `flask backup create` makes it."
            )
        with self._said():
            bucket, prefix = parts.netloc, parts.path.strip("/")
            self._store = _local(self._folder) if self._folder else object_stores.bucket(bucket, prefix, patience)

    def holds(self, path: Path) -> bool:
        """Whether a path of this machine lies in the archive."""
        return self._folder is not None and path.resolve().is_relative_to(self._folder.resolve())

    def names(self, prefix: str) -> list[Stored]:
        """All files below a folder such as `wal`, in the order of their names."""
        from obstore import list as found

        with self._said():
            chunks = found(self._store, prefix=prefix)
            files = [Stored(file["path"], file["size"], file["last_modified"]) for chunk in chunks for file in chunk]
        return sorted(files, key=lambda file: file.name)

    def find(self, name: str) -> bytes | None:
        """What a small file holds."""
        with self._said():
            return object_stores.read(self._store, name)

    def stream(self, name: str) -> Iterator[bytes]:
        """A large file, piece by piece. Raises BackupError where there is none."""
        from obstore import get

        with self._said():
            for piece in get(self._store, name).stream(min_chunk_size=2**20):
                yield bytes(piece)

    def write(self, name: str, content: bytes | Iterable[bytes]) -> None:
        """Put a file there, over an older one. An exception out of `content` leaves nothing."""
        from obstore import put

        with self._said():
            if isinstance(content, bytes):
                put(self._store, name, content)
            else:
                put(self._store, name, content, chunk_size=PART, max_concurrency=2)

    def claim(self, name: str, content: bytes) -> bool:
        """Put a file there if there is none; whether this was the first."""
        from obstore import put
        from obstore.exceptions import AlreadyExistsError

        with self._said():
            try:
                put(self._store, name, content, mode="create")
            except (AlreadyExistsError, FileExistsError):
                return False
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, in this order."""
        with self._said():
            object_stores.remove(self._store, names)

    def remove_scraps(self, older: dt.timedelta) -> None:
        """What a killed process left of files it was writing. S3 has a lifecycle rule for that."""
        if self._folder:
            limit = clock.now() - older
            with self._said():
                for scrap in self._folder.rglob("*#*"):  # as object_store names what is not whole
                    if dt.datetime.fromtimestamp(scrap.stat().st_mtime, dt.UTC) < limit:
                        scrap.unlink()

    def _said(self) -> AbstractContextManager[None]:
        return object_stores.troubles(lambda said: BackupError(f"The archive {self.url} does not work: {said}"))


def _local(folder: Path) -> Any:
    from obstore.store import LocalStore

    for part in FOLDERS:  # what is in them names guests: nobody else may look
        make_private(folder / part)
    return LocalStore(folder)
