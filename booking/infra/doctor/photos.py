"""Where photos are kept: whether a file can be put there, and taken away again."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator

from booking.config import Settings
from booking.infra.doctor.report import Diagnosis, ok, problem, said
from booking.infra.storage import Storage, StorageAway, place_of

PATIENCE = dt.timedelta(seconds=4)


def place(settings: Settings) -> Iterator[Diagnosis]:
    """The folder or bucket, as web and worker use it."""
    url, name = place_of(settings), f"incoming/doctor-{secrets.token_hex(8)}"
    try:
        kept = Storage(url, PATIENCE)
        kept.put(name, b"?")
        kept.remove([name])
    except StorageAway as trouble:
        yield problem(said(trouble), "correct PHOTOS_URL, the rights to it, and the AWS_* variables of S3")
        return
    yield ok(f"{url} can be written to")
