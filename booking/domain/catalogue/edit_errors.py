"""Why a property or a room cannot be changed as somebody wants it."""

from __future__ import annotations

from booking.domain.errors import Conflict, NotFound


class PropertyNotFound(NotFound):
    """There is no such property, or it is not theirs to see."""

    reason = "PROPERTY_NOT_FOUND"


class PropertyModified(Conflict):
    """Somebody else has changed it since it was looked at."""

    code = "PROPERTY_MODIFIED"


class RoomModified(Conflict):
    """Somebody else has changed the room since it was looked at."""

    code = "ROOM_MODIFIED"


class RoomNotReady(Conflict):
    """What guests cannot be offered: `why` is a Notice that says what is missing."""

    code = "ROOM_NOT_READY"


class PropertyArchived(Conflict):
    """Its rooms are off sale, and no new ones are made, until it is published again."""

    code = "PROPERTY_ARCHIVED"
