"""Pictures of rooms by their address: which addresses may be stored, and given out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

LONGEST = 2048  # characters
_NEVER = set(" \"'<>\\`")
_TOLD = {"url": str, "alt": str, "caption": str, "width": int, "height": int}


def is_url(value: object) -> bool:
    """Whether it is an absolute https URL as it may stand in a page: ASCII, with a host, without a password."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or _NEVER & set(value):
        return False
    try:
        parts = urlsplit(value)
        port_is_one = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and port_is_one) and len(
        value
    ) <= LONGEST


def shown(images: Iterable[Any]) -> list[dict[str, Any]]:
    """What programs get of stored pictures: those at https URLs, and of each only what is known to be harmless."""
    return [
        {key: image[key] for key, kind in _TOLD.items() if type(image.get(key)) is kind}
        for image in images
        if isinstance(image, dict) and is_url(image.get("url"))
    ]
