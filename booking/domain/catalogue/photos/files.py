"""Whether a file may be uploaded as a photo."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from booking.config import Settings
from booking.domain.errors import Conflict, Invalid, NotFound, Unavailable
from booking.domain.notices import AnyOf, Notice
from booking.infra import pictures, telemetry
from booking.infra.storage import StorageAway

SMALLEST = 200  # pixels of the shorter side
LONGEST_NAME = 120  # characters of a file's name, as sentences say it
MEGA = 1_000_000
WHY = {
    "other_kind": "photo_of_other_kind",
    "no_kind": "photo_of_no_kind",
    "incomplete": "photo_incomplete",
    "more": "photo_is_more",
}


class PhotoNotFound(NotFound):
    reason = "PHOTO_NOT_FOUND"


class PhotoModified(Conflict):
    """Somebody else has described it meanwhile."""

    reason = "PHOTO_MODIFIED"


class TooManyPhotos(Conflict):
    """`most` of one room or property."""

    reason = "TOO_MANY_PHOTOS"


class PhotosUnavailable(Unavailable):
    """Where files are kept does not answer: nothing was stored."""

    reason = "PHOTOS_UNAVAILABLE"
    retry_after = 30


def unavailable(trouble: StorageAway) -> PhotosUnavailable:
    """What is said to people; the log says why."""
    telemetry.log.warning("photos_unavailable", error=str(trouble))
    return PhotosUnavailable()


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What an operator lets in."""

    kinds: tuple[str, ...] = pictures.FORMATS
    most_bytes: int = 20 * 2**20
    most_pixels: int = 50 * MEGA

    @classmethod
    def of(cls, settings: Settings) -> PhotoLimits:
        wanted = settings.photo_kinds
        kinds = tuple(kind for kind in pictures.FORMATS if kind.lower() in wanted)
        return cls(kinds, settings.photo_bytes, settings.photo_pixels)


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """What somebody sends: its name there, and what is in it."""

    name: str
    content: bytes

    @property
    def shown_name(self) -> str:
        """On one line, without its folder and what cannot be seen."""
        last = self.name.replace("\\", "/").rpartition("/")[2]
        seen = "".join(sign for sign in last if sign.isprintable()).strip()
        return (seen if len(seen) <= LONGEST_NAME else f"{seen[: LONGEST_NAME - 1]}…") or "?"

    @property
    def content_hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def check(file: PhotoFile, limits: PhotoLimits) -> None:
    """Raise Invalid, with the file's name in what it says, for what is no photo that may come in."""
    if not file.content:
        raise _refused(file, "photo_empty")
    if len(file.content) > limits.most_bytes:
        raise _refused(file, "photo_too_large", most=limits.most_bytes // 2**20)
    try:
        seen = pictures.look(file.content, limits.kinds)
    except pictures.Unfit as unfit:
        raise _refused(file, WHY[unfit.code], **unfit.params) from unfit
    if seen.width * seen.height > limits.most_pixels:
        facts = {"megapixels": seen.width * seen.height // MEGA, "most": limits.most_pixels // MEGA}
        raise _refused(file, "photo_of_too_many_pixels", **facts)
    if min(seen.width, seen.height) < SMALLEST:
        raise _refused(file, "photo_too_small", width=seen.width, height=seen.height, least=SMALLEST)


def _refused(file: PhotoFile, code: str, **facts: Any) -> Invalid:
    if "kinds" in facts:
        facts["kinds"] = AnyOf(facts["kinds"])
    return Invalid(details={"file": Notice(code, file=file.shown_name, **facts)})


def new_key(content_hash: str) -> str:
    """Under which its files stand; no other file ever has it."""
    return f"{content_hash[:32]}-{secrets.token_hex(6)}"
