"""Photos of rooms: those that staff has uploaded, then imported ones, which stand elsewhere: only where the site's
owner allows it (IMAGE_SOURCES), and only over https.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import url_for
from flask_babel import gettext

from booking.domain import catalogue
from booking.domain.catalogue import ShownPhoto
from booking.http import photo_addresses
from booking.http.services import current_services

KINDS = (("image/avif", "avif"), ("image/webp", "webp"))


@dataclass(frozen=True, slots=True)
class Photo:
    """`url` for whoever knows no better, `linked` the same for other sites; `sources`: (type, srcset), the best
    first.
    """

    url: str
    alt: str
    linked: str
    width: int = 1200
    height: int = 800
    sources: tuple[tuple[str, str], ...] = ()

    @property
    def small(self) -> str:
        """The smallest picture that everybody can see."""
        return self.sources[-1][1].split(" ", maxsplit=1)[0] if self.sources else self.url


def of(own: Sequence[ShownPhoto], images: list[Any], name: str) -> list[Photo]:
    """All that may be shown of a room or a property, in order."""
    allowed = current_services().settings.image_origins
    shown = [image for image in catalogue.shown_pictures(images) if _origin(image["url"]) in allowed]
    imported = [
        Photo(image["url"], _alt(image.get("alt") or image.get("caption"), name, place), image["url"])
        for place, image in enumerate(shown, start=len(own) + 1)
    ]
    return [*(_own(photo, name, place) for place, photo in enumerate(own, start=1)), *imported]


def cover(own: ShownPhoto | None, images: list[Any], name: str) -> Photo | None:
    """The first of them."""
    return next(iter(of([own] if own else [], images, name)), None)


def drawing(room_id: str, *, is_demo: bool) -> str:
    """Where there is no photo: the demo rooms' own drawings, one that claims nothing for every other room."""
    if is_demo:
        return url_for("rooms.picture", room_id=room_id)
    return url_for("static", filename="illustration.svg")


def _own(photo: ShownPhoto, name: str, place: int) -> Photo:
    settings = current_services().settings
    return Photo(
        photo_addresses.of(photo, photo.jpeg, settings),
        _alt(photo.alt, name, place),
        photo_addresses.absolute(photo, settings),
        photo.jpeg_width,
        photo.jpeg_height,
        tuple((kind, photo_addresses.by_width(photo, end, settings)) for kind, end in KINDS),
    )


def _origin(url: str) -> str:
    return f"https://{urlsplit(url).netloc.lower()}"


def _alt(told: Any, name: str, place: int) -> str:
    return str(told or gettext("Photo %(number)s of %(room)s", number=place, room=name))
