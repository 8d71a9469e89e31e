"""What somebody says about a promotion when they make or change it, and what a guest types."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from booking.domain.inputs import PLAIN, CalendarDate, Input, Name, decimal_text, filled, in_order, plain, refuse
from booking.domain.money import decimals, rounded
from booking.domain.notices import AnyOf, Notice
from booking.domain.pricing.promotion_models import Promotion
from booking.domain.pricing.rule_terms import Off

CODE = re.compile(r"[A-Z0-9_-]{3,40}", re.ASCII)
MOST_PROPERTIES = 1000


def plain_code(text: str) -> str:
    """As it is kept: whoever types it may use small letters, and blanks around it."""
    return "".join(text.split()).upper()


def _code(value: str) -> str:
    code = plain_code(value)
    if not CODE.fullmatch(code):
        raise refuse(Notice("no_promotion_code"))
    return code


NewCode = Annotated[str, Field(max_length=60), AfterValidator(_code)]
Limit = Annotated[int, Field(ge=1, le=1_000_000)]


class PromotionInput(Input):
    """A code and what it takes off: `percent`, or an `amount` in a `currency`; for whom and when. Nothing said, no
    limit: no properties are all of them.
    """

    code: NewCode
    name: Name
    percent: Off | None = None
    amount: Annotated[Decimal | None, Field(gt=0, le=999_999_999, decimal_places=3), BeforeValidator(decimal_text)] = (
        None
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    properties: Annotated[tuple[uuid.UUID, ...], Field(max_length=MOST_PROPERTIES)] = ()
    min_nights: Annotated[int, Field(ge=1, le=365)] | None = None
    valid_from: CalendarDate | None = None
    valid_to: CalendarDate | None = None
    stays_from: CalendarDate | None = None
    stays_to: CalendarDate | None = None
    most_uses: Limit | None = None
    most_per_guest: Limit | None = None

    @field_validator("valid_to", "stays_to")
    @classmethod
    def _in_order(cls, last: dt.date | None, info: Any) -> dt.date | None:
        first = "valid_from" if info.field_name == "valid_to" else "stays_from"
        if last and (begins := info.data.get(first)) and last < begins:
            raise refuse(
                in_order("validFrom", "validTo") if first == "valid_from" else in_order("staysFrom", "staysTo")
            )
        return last

    @model_validator(mode="after")
    def _percent_or_amount(self) -> Self:
        if (self.amount is None) == (self.percent is None):
            raise refuse(Notice("one_of_these", names=AnyOf(("percent", "amount"))), "percent")
        if self.amount is not None and self.currency is None:
            raise refuse(Notice("missing"), "currency")
        if self.amount is not None and self.currency and self.amount != rounded(self.amount, self.currency):
            raise refuse(Notice("decimals_of_currency", most=decimals(self.currency), currency=self.currency), "amount")
        return self

    def as_columns(self) -> dict[str, Any]:
        said = self.model_dump(exclude={"properties"})
        said["currency"] = self.currency if self.amount is not None else None
        return said | {"property_ids": sorted(set(self.properties))}


COLUMNS = (
    "code", "name", "percent", "amount", "currency", "property_ids", "min_nights", "valid_from", "valid_to",
    "stays_from", "stays_to", "most_uses", "most_per_guest",
)  # fmt: skip


def as_said(of: Promotion) -> dict[str, Any]:
    """What it says, by its columns."""
    return {name: getattr(of, name) for name in COLUMNS}


Code = Annotated[
    str,
    Field(max_length=60, json_schema_extra=PLAIN | {"minLength": 1}),
    AfterValidator(plain),
    AfterValidator(plain_code),
    AfterValidator(filled),
]


class CodeInput(Input):
    """A promotion's code, as a guest types it."""

    code: Code
