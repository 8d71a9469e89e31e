"""Files that web and worker share: in a folder, and in an S3 server that stands beside the test and checks keys."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from booking.infra import storage as storages
from booking.infra.storage import Storage, StorageAway
from tests.backup.test_s3 import bucket as bucket  # noqa: PLC0414 a fixture
from tests.backup.test_s3 import s3 as s3  # noqa: PLC0414 a fixture
from tests.cases import each

pytestmark = pytest.mark.slow

NAME = "photos/a-key/480.webp"


def behaves(kept: Storage) -> None:
    """What both kinds promise."""
    assert (kept.find(NAME), kept.fetch(NAME), list(kept.names("photos"))) == (None, None, [])
    kept.put(NAME, b"first")
    kept.put(NAME, b"second" * 2_000_000)  # in several parts
    kept.put("incoming/a-key", b"sent")
    assert kept.find(NAME) == kept.fetch(NAME) == b"second" * 2_000_000
    assert [file.name for file in kept.names("photos")] == [NAME]
    kept.remove([NAME, "photos/never/was.there"])
    assert (kept.find(NAME), kept.find("incoming/a-key")) == (None, b"sent")


def test_files_are_kept_in_a_folder(tmp_path: Path) -> None:
    behaves(Storage((tmp_path / "a folder").as_uri()))
    assert (tmp_path / "a folder" / "incoming" / "a-key").read_bytes() == b"sent"


def test_files_are_kept_in_s3(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    behaves(Storage(bucket))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(StorageAway) as trouble:
        Storage(bucket).put(NAME, b"x")
    assert "another" not in str(trouble.value)


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Storage:
    """An S3 at a port where nobody listens."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    return Storage("s3://photos")


@each("ask", ["put", "find", "fetch", "remove", "names"])
def test_one_that_is_away_says_so(nowhere: Storage, ask: str) -> None:
    acts: dict[str, Callable[[], object]] = {
        "put": lambda: nowhere.put(NAME, b"x"),
        "find": lambda: nowhere.find(NAME),
        "fetch": lambda: nowhere.fetch(NAME),
        "remove": lambda: nowhere.remove([NAME]),
        "names": lambda: list(nowhere.names("photos")),
    }
    with pytest.raises(StorageAway, match="does not work"):
        acts[ask]()


def test_a_folder_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = Storage((tmp_path / "file" / "photos").as_uri())
    for ask in (partial(kept.put, NAME, b"x"), partial(kept.find, NAME), partial(kept.fetch, NAME)):
        with pytest.raises(StorageAway):
            ask()


def test_few_wait_for_one_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, answer = Storage(tmp_path.as_uri()), threading.Event()
    monkeypatch.setattr(storages, "TURN", 0.02)
    monkeypatch.setattr(kept, "_read", lambda *_: answer.wait(10))
    readers = [threading.Thread(target=kept.find, args=[NAME]) for _ in range(storages.READERS)]
    for reader in readers:
        reader.start()
    with pytest.raises(StorageAway, match="too many"):
        kept.find(NAME)
    answer.set()
    for reader in readers:
        reader.join()
    assert kept.find(NAME)
