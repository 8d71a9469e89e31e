"""Where the files of photos are, for pages, emails and programs."""

from __future__ import annotations

from booking.config import Settings
from booking.domain.catalogue import ShownPhoto

PREFIX = "/photos"  # where we send them ourselves: booking/web/photo_files.py


def of(photo: ShownPhoto, name: str, settings: Settings) -> str:
    """The address of one of its files, for our own pages: a path, or at the CDN."""
    return f"{settings.photos_base_url.rstrip('/') or PREFIX}/{photo.key}/{name}"


def absolute(photo: ShownPhoto, settings: Settings) -> str:
    """The whole address of its JPEG, for whoever is elsewhere."""
    address = of(photo, photo.jpeg, settings)
    return address if settings.photos_base_url else settings.site_url.rstrip("/") + address


def by_width(photo: ShownPhoto, kind: str, settings: Settings) -> str:
    """A srcset of one kind, avif or webp."""
    return ", ".join(f"{of(photo, f'{width}.{kind}', settings)} {width}w" for width in photo.widths)
