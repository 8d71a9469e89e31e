"""What a file is that claims to be a photo: of which kind, how large, whole, and nothing else besides.

Only the structure is read (markers of JPEG, chunks of PNG and of RIFF), in which sizes stand as well. Phones append
films and second pictures to their photos, which is no fault; archives, scripts and pages are.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

JPEG, PNG, WEBP = "JPEG", "PNG", "WebP"
FORMATS = (JPEG, PNG, WEBP)

SOI, EOI, SCAN = b"\xff\xd8\xff", b"\xff\xd9", 0xDA
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # the markers behind which a JPEG says its size
WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
PNG_SIGN = b"\x89PNG\r\n\x1a\n"

# What else is known by its beginning, to be called by its name.
OTHERS = (
    (re.compile(rb"\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE), "SVG"),
    (re.compile(rb"....ftyp(heic|heix|hevc|heim|heis|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "AVIF"),
    (re.compile(rb"GIF8"), "GIF"),
    (re.compile(rb"II\*\0|MM\0\*"), "TIFF"),
    (re.compile(rb"BM"), "BMP"),
    (re.compile(rb"%PDF-"), "PDF"),
)
# What a server or a browser might take for something to be run.
FOREIGN = re.compile(rb"<script|<\?php|<!doctype html|<html|<iframe|%PDF-\d", re.IGNORECASE)


class Unfit(ValueError):
    """This is no photo that can be taken; `code` says why, `params` what the sentence about it names."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Looked:
    """A photo as it was sent: `width` and `height` in pixels as they are stored, not yet turned."""

    kind: str
    width: int
    height: int


@dataclass(slots=True)
class _Structure:
    """How far the picture itself goes, its size, and what in it is no picture."""

    end: int = 0  # 0: it is not complete
    width: int = 0
    height: int = 0
    beside: list[bytes] | None = None

    def note(self, part: bytes) -> None:
        self.beside = [*(self.beside or []), part]


def look(content: bytes, kinds: tuple[str, ...] = FORMATS) -> Looked:
    """What the file is. Raises Unfit for everything but a whole picture of one of these kinds, and nothing else."""
    kind = _kind_of(content)
    if kind not in kinds:
        if name := kind or _name_of(content):
            raise Unfit("other_kind", kind=name, kinds=kinds)
        raise Unfit("no_kind", kinds=kinds)
    found = _READERS[kind](content)
    if not found.end or not found.width or not found.height:
        raise Unfit("incomplete")
    if _is_something_else(content, found):
        raise Unfit("more")
    return Looked(kind, found.width, found.height)


def _kind_of(content: bytes) -> str:
    if content.startswith(SOI):
        return JPEG
    if content.startswith(PNG_SIGN):
        return PNG
    return WEBP if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def _name_of(content: bytes) -> str:
    return next((name for pattern, name in OTHERS if pattern.match(content[:256])), "")


def _is_something_else(content: bytes, found: _Structure) -> bool:
    parts = [*(found.beside or []), content[found.end :]]
    return any(FOREIGN.search(part) for part in parts) or zipfile.is_zipfile(io.BytesIO(content))


def _jpeg(content: bytes) -> _Structure:
    found = _Structure()
    for marker, part, place in _segments(content):
        if marker in FRAMES and len(part) >= 5:
            found.height, found.width = int.from_bytes(part[1:3]), int.from_bytes(part[3:5])
        elif marker == SCAN:
            # Inside of a scan every 0xFF of the picture is followed by a zero: this is its end, and no chance.
            found.end = content.find(EOI, place) + len(EOI)
            found.end = 0 if found.end < place else found.end
        else:
            found.note(part)
    return found


def _segments(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(marker, what it holds, where it begins) up to the first scan."""
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:  # filling
            place += 1
        elif marker in WITHOUT_LENGTH:
            place += 2
        else:
            length = int.from_bytes(content[place + 2 : place + 4])
            yield marker, content[place + 4 : place + 2 + length], place
            if marker == SCAN or length < 2:
                return
            place += 2 + length


def _png(content: bytes) -> _Structure:
    found, place = _Structure(), len(PNG_SIGN)
    while place + 12 <= len(content):
        length, name = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        part = content[place + 8 : place + 8 + min(length, 1 << 20)] if name != b"IDAT" else b""
        place += 12 + length
        if name == b"IHDR" and len(part) >= 8:
            found.width, found.height = int.from_bytes(part[:4]), int.from_bytes(part[4:8])
        elif name == b"IEND":
            found.end = place if place <= len(content) else 0
            return found
        elif part:
            found.note(part)
    return found


def _webp(content: bytes) -> _Structure:
    found, place = _Structure(), 12
    size = int.from_bytes(content[4:8], "little") + 8
    while place + 8 <= min(size, len(content)):
        name, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        part = content[place + 8 : place + 8 + min(length, 1 << 20)]
        if name in _SIZES:
            if not found.width:
                found.width, found.height = _SIZES[name](part)
        elif name not in (b"ALPH", b"ANMF"):
            found.note(part)
        place += 8 + length + length % 2
    found.end = size if place >= size <= len(content) else 0
    return found


def _lossy(part: bytes) -> tuple[int, int]:
    return int.from_bytes(part[6:8], "little") & 0x3FFF, int.from_bytes(part[8:10], "little") & 0x3FFF


def _lossless(part: bytes) -> tuple[int, int]:
    bits = int.from_bytes(part[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _extended(part: bytes) -> tuple[int, int]:
    return int.from_bytes(part[4:7], "little") + 1, int.from_bytes(part[7:10], "little") + 1


_SIZES: dict[bytes, Callable[[bytes], tuple[int, int]]] = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}
_READERS: dict[str, Callable[[bytes], _Structure]] = {JPEG: _jpeg, PNG: _png, WEBP: _webp}
