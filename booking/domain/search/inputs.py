"""What can be asked of a search."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, field_validator

from booking.domain.catalogue import KINDS
from booking.domain.inputs import (
    PLAIN,
    ChildrenAges,
    Dates,
    Page,
    PageSize,
    are_guests,
    decimal_text,
    one_of,
    plain,
    refuse,
    trimmed,
)
from booking.domain.notices import FieldName, Notice

# A slug, or a name (see place_names.resolved).
Location = Annotated[
    str,
    Field(max_length=120, json_schema_extra=PLAIN | {"minLength": 1}),
    AfterValidator(plain),
    AfterValidator(trimmed),
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Price = Annotated[
    Decimal, Field(ge=0, le=999_999_999_999, max_digits=15, decimal_places=3), BeforeValidator(decimal_text)
]
MOST_AMENITIES = 20
SORTS = ("price", "-price", "name", "capacity")
Kind = Annotated[str, Field(json_schema_extra={"enum": [*KINDS]}), AfterValidator(one_of(KINDS))]
Sort = Annotated[str, Field(json_schema_extra={"enum": [*SORTS]}), AfterValidator(one_of(SORTS))]


class RoomSearch(Dates):
    """Which rooms, for which dates."""

    location: Location | None = None
    capacity: Annotated[int, Field(ge=1, le=1000)] | None = None
    children_ages: ChildrenAges = Field(default=[])
    min_price: Price | None = None
    max_price: Price | None = None
    currency: CurrencyCode | None = None
    amenities: Annotated[
        list[Annotated[str, Field(max_length=120), AfterValidator(plain)]],
        # Each entry may be several, with commas between them: the limit is theirs.
        Field(max_length=MOST_AMENITIES, json_schema_extra={"items": {"type": "string", **PLAIN}}),
    ] = Field(default=[])
    q: Annotated[str, Field(max_length=100, json_schema_extra=PLAIN), AfterValidator(plain)] | None = None
    kind: Kind | None = None
    free_cancellation: bool = False
    sort: Sort | None = None
    page: Page = 1
    page_size: PageSize = 20

    @field_validator("children_ages")
    @classmethod
    def _guests_too(cls, ages: list[int], info: Any) -> list[int]:
        return are_guests(ages, (info.data["capacity"] or 0) if "capacity" in info.data else None)

    @field_validator("amenities", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        values = value if isinstance(value, list) else [value]
        if len(values) > MOST_AMENITIES:
            return values  # too many, empty ones too
        # Spaces only: a control character is for the next to refuse.
        parts = [part.strip(" ") for item in values for part in str(item).split(",")]
        return [part for part in parts if part]

    @field_validator("max_price")
    @classmethod
    def _above_minimum(cls, max_price: Decimal | None, info: Any) -> Decimal | None:
        least = info.data.get("min_price")
        if max_price is not None and least is not None and max_price < least:
            raise refuse(Notice("below", least=FieldName("minPrice")))
        return max_price
