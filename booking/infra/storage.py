"""Files that web and worker share, in a folder or any S3. One appears there whole or not at all.

What a page shows is read with little patience, and by few threads at a time: a place that hangs must not keep pages
waiting. What is stored may take longer.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask

from booking.config import Settings
from booking.infra import object_stores
from booking.infra.embedded import var_dir
from booking.infra.of_app import OfApp

READING, WRITING = dt.timedelta(seconds=3), dt.timedelta(seconds=20)  # for one request to S3
READERS = 4  # threads of a process that may read at a time
TURN = 0.5  # seconds that another one waits for its turn


class StorageAway(Exception):
    """The place of the files does not answer, or refuses. What was asked for may not have been done."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    name: str
    at: dt.datetime


class Storage:
    """Files by name. Contacts nothing before the first of them is asked for; everything raises StorageAway."""

    def __init__(self, url: str, patience: dt.timedelta = WRITING) -> None:
        """`url` is file:///folder or s3://bucket/prefix; the settings have been checked for its form."""
        self.url, self._patience = url, patience
        self._turns = threading.BoundedSemaphore(READERS)

    def put(self, name: str, content: bytes) -> None:
        """Store a file, over an older one of this name."""
        from obstore import put

        with self._said():
            put(self._patient, name, content)

    def find(self, name: str) -> bytes | None:
        """What a file holds, None where there is none; soon, or StorageAway."""
        if not self._turns.acquire(timeout=TURN):
            raise StorageAway(f"{self.url}: too many are waiting for it")
        try:
            return self._read(name, lambda: self._hasty)
        finally:
            self._turns.release()

    def fetch(self, name: str) -> bytes | None:
        """The same for whoever has time, and for large files."""
        return self._read(name, lambda: self._patient)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are not there are no fault."""
        with self._said():
            object_stores.remove(self._patient, names)

    def names(self, folder: str) -> Iterator[StoredFile]:
        """All files below a folder."""
        from obstore import list as found

        with self._said():
            for chunk in found(self._patient, prefix=folder):
                for file in chunk:
                    yield StoredFile(file["path"], file["last_modified"])

    def _read(self, name: str, store: Callable[[], Any]) -> bytes | None:
        with self._said():
            return object_stores.read(store(), name)

    @cached_property
    def _patient(self) -> Any:
        return self._opened(self._patience)

    @cached_property
    def _hasty(self) -> Any:
        return self._opened(READING)

    def _opened(self, patience: dt.timedelta, /) -> Any:
        from obstore.store import LocalStore

        parts = urlsplit(self.url)
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            return LocalStore(folder)
        return object_stores.bucket(parts.netloc, parts.path.strip("/"), patience)

    def _said(self) -> AbstractContextManager[None]:
        return object_stores.troubles(lambda said: StorageAway(f"{self.url} does not work: {said}"))


_storages: OfApp[Storage] = OfApp("storage")


def place_of(settings: Settings) -> str:
    """PHOTOS_URL; where that is not set, a folder beside what else this copy writes."""
    return settings.photos_url or (var_dir(os.environ) / "photos").as_uri()


def connect(app: Flask, settings: Settings) -> None:
    """Where this application keeps its files."""
    _storages.set(app, Storage(place_of(settings)))


def files() -> Storage:
    """The running application's."""
    return _storages.get()
