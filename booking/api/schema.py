"""What every schema is: camelCase outside, whole by name inside."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel


class Schema(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        defer_build=True,  # by whoever first answers with it: commands and the worker never do
    )


Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]


def instant(value: dt.datetime) -> str:
    """2025-11-30T12:34:56.000Z"""
    return value.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
