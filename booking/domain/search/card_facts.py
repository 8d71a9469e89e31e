"""What a card tells of a room beside its name and price: where it is, what it is, until when it is free to cancel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, Uuid, any_, bindparam, case, cast, select
from sqlalchemy.dialects.postgresql import ARRAY

from booking.domain import pricing
from booking.domain.catalogue import DEMO, Property, Room, ShownPhoto, shown_photos
from booking.domain.search.finder import FoundPlan, FoundRoom
from booking.infra import clock
from booking.infra.db import fetch
from booking.infra.ids import decode, encode


@dataclass(frozen=True, slots=True)
class CardFacts:
    """`photo` is the cover, `house_photo` that of its property where the room has none; `district` and `kind` where
    they are known; `free_until`: cancelled before, the whole price comes back.
    """

    house: str
    city: str
    district: str
    kind: str | None
    photo: ShownPhoto | None
    house_photo: ShownPhoto | None
    images: list[Any]
    is_demo: bool
    free_until: dt.datetime | None


_FACTS = (
    select(
        Room.id,
        Room.kind,
        Room.photos[0].label("photo"),
        case((Room.photos[0].is_(None), Property.photos[0])).label("house_photo"),
        Room.images,
        Room.source,
        Room.cancellation_policy,
        Property.name,
        Property.address,
        Property.time_zone,
        Property.check_in_time,
    )
    .join(Property, Property.id == Room.property_id)
    .where(Room.id == any_(cast(bindparam("ids", type_=ARRAY(String)), ARRAY(Uuid))))
)


def of(rooms: Sequence[FoundRoom], check_in: dt.date) -> dict[str, CardFacts]:
    """The facts of these rooms for a stay that begins on `check_in`, by id."""
    plans = {decoded: room.plan for room in rooms if (decoded := decode("room", room.id))}
    ids = [str(one) for one in plans]
    found = fetch(_FACTS, ids=ids) if ids else []
    return {encode("room", row.id): _facts(row, check_in, plans[row.id]) for row in found}


def _facts(row: Any, check_in: dt.date, plan: FoundPlan | None) -> CardFacts:
    own = plan.policy if plan else row.cancellation_policy
    policy = pricing.frozen_policy(own, row.time_zone, row.check_in_time)
    return CardFacts(
        house=row.name,
        city=str(row.address.get("city") or ""),
        district=str(row.address.get("district") or ""),
        kind=row.kind,
        photo=_first(row.photo),
        house_photo=_first(row.house_photo),
        images=row.images,
        is_demo=row.source == DEMO,
        free_until=pricing.free_until(policy, check_in, clock.now()),
    )


def _first(kept: Any) -> ShownPhoto | None:
    return shown_photos([kept])[0] if kept else None
