"""What a column of a room or a property says, as people read it: in the audit log, and beside a spreadsheet's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext

from booking.pages import amenities, beds

LONGEST = 160  # characters of a text that is shown beside another

SPELT: dict[str, Callable[[Any], str]] = {
    "amenities": lambda slugs: ", ".join(amenities.shown(slug).name for slug in slugs),
    "beds": beds.in_words,
    "cancellation_policy": lambda policy: str(policy.get("name", "")),
    "published": lambda is_published: str(gettext("yes") if is_published else gettext("no")),
}


def shortened(text: str) -> str:
    """No longer than is read at a glance."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
