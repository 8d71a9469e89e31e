"""Photos of rooms: only from where the site's owner allows (IMAGE_SOURCES), and only over https."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import url_for
from flask_babel import gettext

from booking.domain import catalogue
from booking.http.services import current_services


@dataclass(frozen=True, slots=True)
class Photo:
    url: str
    alt: str


def of(images: list[Any], room: str) -> list[Photo]:
    """The room's photos, in order; what is no photo that may be shown is left out."""
    allowed = current_services().settings.image_origins
    shown = [image for image in catalogue.shown_pictures(images) if _origin(image["url"]) in allowed]
    return [Photo(image["url"], _alt(image, room, place)) for place, image in enumerate(shown, start=1)]


def _origin(url: str) -> str:
    return f"https://{urlsplit(url).netloc.lower()}"


def drawing(room_id: str, *, is_demo: bool) -> str:
    """Where there is no photo: the demo rooms' own drawings, one that claims nothing for every other room."""
    if is_demo:
        return url_for("rooms.picture", room_id=room_id)
    return url_for("static", filename="illustration.svg")


def _alt(image: dict[str, Any], room: str, place: int) -> str:
    told = image.get("alt") or image.get("caption")
    return str(told or gettext("Photo %(number)s of %(room)s", number=place, room=room))
