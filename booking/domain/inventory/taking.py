"""How nights are taken, whether or not somebody waits for the answer; and which stand in the way."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from booking.domain.actors import Actor
from booking.domain.errors import Conflict, RoomNotAvailable
from booking.domain.stays import Stay

NAMED = 10  # nights in the sentence of an error


@dataclass(frozen=True, slots=True)
class Claim:
    """Which nights of which room somebody wants. `location` is the room's."""

    id: uuid.UUID
    room_id: uuid.UUID
    location: str
    stay: Stay


class Take(Protocol):
    """claim() or claim_or_refuse()."""

    def __call__(
        self,
        actor: Actor,
        claim_id: uuid.UUID,
        room_id: uuid.UUID,
        location: str,
        stay: Stay,
        /,
        *,
        held_until: dt.datetime,
        refusal: RoomNotAvailable | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class InTheWay:
    """A night that somebody has: in which state, and whose claim it is."""

    night: dt.date
    state: str
    claim_id: uuid.UUID


class NightsTaken(Conflict):
    """`nights`: which of those that were to be blocked cannot be, and their states."""

    code = "NIGHTS_TAKEN"

    def __init__(self, nights: Mapping[dt.date, str]) -> None:
        shown = tuple(nights)[:NAMED]
        super().__init__(nights=(*shown, "…") if len(nights) > len(shown) else shown)
        self.nights = dict(nights)


class LinkedRoomHeld(Conflict):
    """Somebody is buying the whole at this moment: its parts stay as they are until that has an end."""

    code = "LINKED_ROOM_HELD"
