"""How much of a place a room's guest has to themselves, read from the words of its source ("Private room in home")."""

from __future__ import annotations

import re

ENTIRE_PLACE, PRIVATE_ROOM, SHARED_ROOM = "entire-place", "private-room", "shared-room"

# POSIX and Python read these alike, so search and pages agree. Words of Inside Airbnb's property_type and of hotels;
# a kind that fits none is found only without this filter.
PATTERNS = {
    SHARED_ROOM: r"^shared |dorm|bed in ",
    PRIVATE_ROOM: r"^private room|^room in |^((single|double|twin|triple|family|standard|deluxe) )+(room|suite)",
    ENTIRE_PLACE: (
        r"^entire |^tiny home|^(houseboat|boat|castle|cave|dome|earthen home|farm stay|hut|island|barn|campsite|tent)$"
        r"|(apartment|flat|studio|loft|villa|cottage|bungalow|cabin|chalet|holiday home)$"
    ),
}
KINDS = (ENTIRE_PLACE, PRIVATE_ROOM, SHARED_ROOM)


def of(words: str | None) -> str | None:
    """Which of KINDS a room is, None where its source does not say."""
    found = (kind for kind, pattern in PATTERNS.items() if words and re.search(pattern, words, re.IGNORECASE))
    return next(found, None)
