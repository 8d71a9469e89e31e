"""Column types that several tables share."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import DateTime, Numeric, String, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

from booking.infra.ids import new_id

Id = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
Instant = Annotated[dt.datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[dt.datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())]
UpdatedAt = Annotated[
    dt.datetime,
    mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()),
]
Amount = Annotated[Decimal, mapped_column(Numeric(15, 3))]
Currency = Annotated[str, mapped_column(String(3))]
Name = Annotated[str, mapped_column(String(255))]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
JsonList = Annotated[list[dict[str, Any]], mapped_column(JSONB)]

CURRENCY_CODE = "currency ~ '^[A-Z]{3}$'"
LOCATION_SLUG = "location ~ '^[a-z0-9]+(-[a-z0-9]+)*$'"


def one_of(column: str, values: tuple[str, ...]) -> str:
    """SQL that holds a text column to a fixed list."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
