"""The commands about photos: a part of the matrix (test_matrix.py)."""

from __future__ import annotations

from tests.cli.command_house import unknown
from tests.cli.command_kinds import CHANGES, LISTS, A, Command, of

ASKS = {A.CHANGE_PHOTOS}

PHOTOS: dict[str, Command] = {
    "photos list": Command(LISTS, ASKS, lambda h: [h.photo(), "--room", h.room_id][1:], of("--property", "nowhere")),
    "photos show": Command(LISTS, ASKS, lambda h: [h.photo()], of(unknown("photo"))),
    "photos add": Command(
        CHANGES,
        ASKS,
        lambda h: [h.image(), "--room", h.room_id, "--description", "A bed"],
        lambda h: [h.image(), "--room", unknown("room")],
    ),
    "photos edit": Command(
        CHANGES, ASKS, lambda h: [h.photo(), "--description", "A bed"], of(unknown("photo"), "--description", "A bed")
    ),
    # Of the second, in the place of the first.
    "photos move": Command(CHANGES, ASKS, lambda h: [h.photo(), h.photo(), "1"][1:], of(unknown("photo"), "1")),
    "photos delete": Command(CHANGES, ASKS, lambda h: [h.photo(), "--yes"], of(unknown("photo"), "--yes")),
}
