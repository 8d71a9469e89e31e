"""Photos as guests see them, and the names of their files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from booking.domain.catalogue.photos.files import unavailable
from booking.infra import storage
from booking.infra.storage import StorageAway

WIDTHS = (480, 960, 1600)  # pixels: a card on a phone, a card or a phone's gallery, a gallery
JPEG_WIDTHS = MAIL_WIDTH, JPEG_WIDTH = (480, 1200)  # in emails; for previews of links, and for programs
MADE, INCOMING = "photos", "incoming"  # folders of the storage: what everybody may see, what was sent
KEY = re.compile(r"[0-9a-f]{32}-[0-9a-f]{12}", re.ASCII)
FILE = re.compile(r"[1-9]\d{0,4}\.(avif|webp|jpg)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """A photo that is ready. `width` and `height` are those of the largest of its `widths`."""

    key: str
    alt: str
    width: int
    height: int
    widths: tuple[int, ...]

    @property
    def jpeg_width(self) -> int:
        return min(JPEG_WIDTH, self.width)

    @property
    def jpeg_height(self) -> int:
        return max(1, round(self.height * self.jpeg_width / self.width))

    @property
    def jpeg(self) -> str:
        """What its larger JPEG is called."""
        return f"{self.jpeg_width}.jpg"

    @property
    def files(self) -> list[str]:
        """All its files, as the storage names them."""
        names = [f"{width}.{kind}" for width in self.widths for kind in ("avif", "webp")]
        names += [f"{min(width, self.width)}.jpg" for width in JPEG_WIDTHS]
        return [stored_as(self.key, name) for name in dict.fromkeys(names)]


def shown(kept: Sequence[Mapping[str, Any]]) -> list[ShownPhoto]:
    """Of what stands beside a room or a property (`photos`), in their order."""
    return [ShownPhoto(one["key"], one["alt"], one["width"], one["height"], tuple(one["widths"])) for one in kept]


def mail_picture(photo: ShownPhoto) -> bytes | None:
    """A small JPEG of it, None where it is not there. Raises PhotosUnavailable."""
    return file_of(photo.key, f"{min(MAIL_WIDTH, photo.width)}.jpg")


def stored_as(key: str, name: str) -> str:
    """Where the storage has a file that everybody may see."""
    return f"{MADE}/{key}/{name}"


def file_of(key: str, name: str) -> bytes | None:
    """What a file of a photo holds, None where there is none. Raises PhotosUnavailable."""
    if not (KEY.fullmatch(key) and FILE.fullmatch(name)):
        return None
    try:
        return storage.files().find(stored_as(key, name))
    except StorageAway as trouble:
        raise unavailable(trouble) from trouble


def original(key: str) -> str:
    """Where the storage has what was sent, until the worker has made something of it."""
    return f"{INCOMING}/{key}"
