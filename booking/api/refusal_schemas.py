"""Refusals as they go out, and what is offered instead of a room that is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from booking.api.price_schemas import Money
from booking.api.schema import Schema
from booking.domain import search
from booking.domain.money import as_number


class Alternative(Schema):
    """A stay that could be had when the answer was made; a split stay has one for each of its two parts."""

    kind: str = Field(json_schema_extra={"enum": [*search.ALTERNATIVE_KINDS]})
    room_id: str
    name: str
    check_in: dt.date
    check_out: dt.date
    total_price: Money
    currency: str


class Refusal(Schema):
    """Why not: every error looks like this."""

    error: str
    message: str
    details: dict[str, str] | None = None
    alternatives: list[Alternative] | None = None

    @model_serializer(mode="wrap")
    def _without_empty(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


def alternatives(found: Iterable[search.Alternative]) -> list[Alternative]:
    return [
        Alternative(
            kind=one.kind,
            room_id=one.room_id,
            name=one.name,
            check_in=one.check_in,
            check_out=one.check_out,
            total_price=as_number(one.total, one.currency),
            currency=one.currency,
        )
        for one in found
    ]
