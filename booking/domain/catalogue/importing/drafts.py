"""What an import is made of: properties and rooms as a file describes them, before they are rows."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from booking.domain.notices import Notice

CHECK_IN, CHECK_OUT = dt.time(15, 0), dt.time(11, 0)
LONGEST_STAY = 365  # nights, of any booking: our rule, not the file's

# Why a room is kept from guests.
NO_PRICE = Notice("room_without_price")
STAY_TOO_LONG = Notice("room_stay_too_long", most=LONGEST_STAY)


class BadRow(Exception):
    """A row that cannot become a room: which field, and why. Says nothing about the other rows."""

    def __init__(self, field_name: str, code: str, /, **params: Any) -> None:
        self.field, self.notice = field_name, Notice(code, **params)
        super().__init__(field_name, self.notice)


class Unfit(Exception):
    """A value that is not what it should be: a place, a zone, a currency. What is around it names the field."""

    def __init__(self, code: str, /, **params: Any) -> None:
        self.notice = Notice(code, **params)
        super().__init__(self.notice)


@dataclass(frozen=True, slots=True)
class PropertyDraft:
    """The property that rooms go into. An existing one of this slug is used if it fits, and only learns its country."""

    slug: str
    name: str
    location: str
    currency: str
    time_zone: str
    legal_name: str
    address: Mapping[str, Any] = field(default_factory=dict)
    check_in_time: dt.time = CHECK_IN
    check_out_time: dt.time = CHECK_OUT


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """A valid room. Either `source` and `source_id` name it, or `id` does (a room of ours that came from no source).

    `published`, `images`, `cancellation_policy`, `beds` and `size_m2` are None where the file does not say; then a new
    room gets the defaults and an existing one keeps what it has.
    """

    line: int
    house: PropertyDraft
    name: str
    capacity: int
    price_per_night: Decimal | None
    id: uuid.UUID | None = None
    source: str | None = None
    source_id: str | None = None
    kind: str | None = None
    description: str = ""
    amenities: tuple[str, ...] = ()
    min_nights: int = 1
    max_nights: int = LONGEST_STAY
    images: list[dict[str, Any]] | None = None
    cancellation_policy: dict[str, Any] | None = None
    published: bool | None = None
    beds: list[dict[str, Any]] | None = None
    size_m2: int | None = None  # 0 where the file says that nobody knows

    @property
    def key(self) -> tuple[str | None, str]:
        """What makes it this room and no other."""
        return (self.source, self.source_id) if self.source_id else (None, str(self.id))

    @property
    def held_back(self) -> Notice | None:
        """Why guests cannot be offered this room, None where they can."""
        if self.price_per_night is None:
            return NO_PRICE
        return STAY_TOO_LONG if self.min_nights > LONGEST_STAY else None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the caller says about rows that do not say it themselves."""

    location: str | None = None
    currency: str | None = None
    time_zone: str | None = None
    property_name: str | None = None
    country: str | None = None
