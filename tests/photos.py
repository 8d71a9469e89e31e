"""Photos for tests: files as cameras and strangers send them, a storage of one's own, and a worker that is quick."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from booking.domain import catalogue
from booking.domain.catalogue import PHOTOS_OF_PROPERTY, PHOTOS_OF_ROOM, PhotoFile, PhotoLimits, PhotoPlace, StaffPhoto
from booking.domain.tables import Room
from booking.infra import pictures
from booking.infra.pictures import Made
from booking.infra.storage import Storage, StorageAway
from tests.cast import SYSTEM

LIMITS = PhotoLimits()


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (300, 200), colour: str | tuple[int, ...] = "teal", **options: Any
) -> bytes:
    """A photo of one colour."""
    from PIL import Image  # only who makes one needs it

    target = io.BytesIO()
    Image.new("RGBA" if options.pop("clear", False) else "RGB", size, colour).save(target, kind, **options)
    return target.getvalue()


def claimed(width: int, height: int) -> bytes:
    """A PNG that is whole, some bytes long, and says that it is so large."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def of_room(room: Room) -> PhotoPlace:
    return PhotoPlace(PHOTOS_OF_ROOM, room.id)


def of_house(room: Room) -> PhotoPlace:
    return PhotoPlace(PHOTOS_OF_PROPERTY, room.property_id)


def numbered(number: int) -> bytes:
    """One that is like no other of another number."""
    return picture(size=(200 + number, 200))


def added(place: PhotoPlace, colour: str = "teal", alt: str = "", *, ready: bool = True) -> StaffPhoto:
    """A photo of this colour, which the worker has prepared."""
    photo, _ = catalogue.add_photo(SYSTEM, place, PhotoFile(f"{colour}.jpg", picture(colour=colour)), LIMITS, alt)
    if not ready:
        return photo
    while catalogue.make_next_photo(SYSTEM):
        pass
    return catalogue.get_photo(SYSTEM, photo.id)


def names(storage: Storage) -> set[str]:
    """All files that there are, without the chance in their names."""
    found = [file.name for folder in ("photos", "incoming") for file in storage.names(folder)]
    return {name.split("/")[0] + "/" + "/".join(name.split("/")[2:]) for name in found}


def made(content: bytes, *_: Any, **__: Any) -> Made:
    """What the program makes, without its work."""
    kinds = ("300.avif", "300.webp", "300.jpg")
    return Made(300, 200, {name: f"{name} of {len(content)} bytes".encode() for name in kinds})


class Away(Storage):
    """A storage that does not answer."""

    def _opened(self, _: object, /) -> Any:
        raise StorageAway(f"{self.url} does not work: connection refused")


@pytest.fixture
def storage(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Empty, and this test's own; what the worker makes is made at once."""
    own = Storage((tmp_path / "photos").as_uri())
    monkeypatch.setitem(app.extensions, "booking.storage", own)
    monkeypatch.setattr(pictures, "make", made)
    return own


def away(app: Flask, patch: pytest.MonkeyPatch) -> None:
    """From here on the storage does not answer."""
    patch.setitem(app.extensions, "booking.storage", Away("s3://nowhere"))
