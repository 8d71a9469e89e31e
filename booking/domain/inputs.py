"""What people and programs send us: one declared input per use-case, for forms and JSON alike (camelCase names).

Each subject has its own in its inputs.py; here is what they are made of.

JSON bodies are validated strictly (a number is a number), query strings and forms leniently (everything is text).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    WithJsonSchema,
    field_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from booking.domain import input_problems, names
from booking.domain.errors import Invalid
from booking.domain.notices import FieldName, Notice
from booking.domain.stays import Stay

M = TypeVar("M", bound="Input")
# They turn the text beside them round: a name could pretend to be another.
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What plain() lets through, for the OpenAPI document.
PLAIN = {
    "pattern": r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$",
    "description": "Without control characters.",
}
PROSE = {  # the same of prose()
    "pattern": r"^([^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r\n)*$",
    "description": "Lines of text, without other control characters.",
}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
GAPS = re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f\u2019](?=\d{3}(?!\d))")  # between thousands
LEAST_DIGITS = 6  # of a phone number: fewer reach nobody, within a town neither
PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,30}", re.ASCII)
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
COMMA_DECIMAL = re.compile(r"\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d{1,3}", re.ASCII)
COMMA_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


def refuse(notice: Notice, field: str | None = None) -> PydanticCustomError:
    """What a validator raises: about its field, or the `field` that is at fault."""
    facts = {"notice": notice, **({"field": field} if field else {})}
    return PydanticCustomError(input_problems.REFUSED, notice.code, facts)


def in_order(first: str, then: str) -> Notice:
    """Two dates that stand the wrong way round, by the names of their fields."""
    return Notice("not_in_order", first=FieldName(first), then=FieldName(then))


def _calendar_date(value: object) -> object:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
        raise refuse(Notice("no_date"))
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise refuse(Notice("no_such_date")) from None


def plain(value: str) -> str:
    """Without control characters."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} or character in DIRECTIONS for character in value):
        raise refuse(Notice("control_characters"))
    return value


def filled(value: str) -> str:
    """Not empty."""
    if not value:
        raise refuse(Notice("empty"))
    return value


def trimmed(value: str) -> str:
    """Without blanks around it, and not empty."""
    value = names.trimmed(value)
    if not names.is_visible(value):
        raise refuse(Notice("empty"))
    return value


def prose(value: str) -> str:
    """A validator: text of several lines; no other control characters."""
    lines = value.replace("\r\n", "\n").split("\n")
    return trimmed("\n".join(plain(line.replace("\t", " ")) for line in lines))


def _phone(value: str) -> str:
    if not PHONE.fullmatch(value) or sum(sign.isdigit() for sign in value) < LEAST_DIGITS:
        raise refuse(Notice("no_phone"))
    return value


def _clock(value: object) -> object:
    if not isinstance(value, str) or not CLOCK.fullmatch(value):
        raise refuse(Notice("no_clock_time"))
    return dt.time.fromisoformat(value)


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A validator: one of these words. An empty one is none of them; what is not wanted is left out."""

    def known(value: str) -> str:
        if value not in choices:
            raise refuse(Notice("not_one_of", choices=choices))
        return value

    return known


def decimal_text(value: object) -> object:
    """99,50 and 1.234,50 are what people type where the comma is the decimal sign; 1,234 and 1,234.50 elsewhere."""
    if not isinstance(value, str):
        return value
    text = GAPS.sub("", value)
    if COMMA_DECIMAL.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if COMMA_THOUSANDS.fullmatch(text) else text


MOST_LIMIT = 2**31 - 1  # houses say 1,125 or 9,999 nights, other systems so much for "no limit"
StayLimit = Annotated[int, Field(ge=1, le=MOST_LIMIT)]
CalendarDate = Annotated[dt.date, BeforeValidator(_calendar_date)]
# Length first, on the text itself: pydantic takes whatever comes out of a validator of ours for a list.
Name = Annotated[
    str,
    Field(max_length=255, json_schema_extra=PLAIN | {"minLength": 1}),
    AfterValidator(plain),
    AfterValidator(trimmed),
]
Phone = Annotated[
    str,
    Field(max_length=32, json_schema_extra={"pattern": f"^{PHONE.pattern}$"}),
    AfterValidator(plain),
    AfterValidator(trimmed),
    AfterValidator(_phone),
]
ClockTime = Annotated[
    dt.time,
    BeforeValidator(_clock),
    PlainSerializer(lambda value: value.isoformat("minutes"), return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{CLOCK.pattern}$"}),
]
Version = Annotated[int, Field(ge=1, le=2_000_000_000)]
Page = Annotated[int, Field(ge=1, le=1_000_000)]
PageSize = Annotated[int, Field(ge=1, le=100)]


OLDEST_CHILD = 17
_NO_AGES = Notice("no_ages", most=OLDEST_CHILD)


def _ages(value: object) -> object:
    """In forms and addresses they are text, several with commas or blanks between them."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not any(isinstance(one, str) for one in value):
        return value
    parts = [part for one in value for part in str(one).replace(",", " ").split()]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 3 for part in parts):
        raise refuse(_NO_AGES)
    return parts


def _of_children(ages: list[int]) -> list[int]:
    if any(not 0 <= age <= OLDEST_CHILD for age in ages):
        raise refuse(_NO_AGES)
    return sorted(ages)


# The ages of those of the guests who are children, the youngest first.
ChildrenAges = Annotated[
    list[Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": OLDEST_CHILD})]],
    BeforeValidator(_ages),
    AfterValidator(_of_children),
]


def are_guests(ages: list[int], guests: int | None) -> list[int]:
    """A validator: children are among the guests; `guests` is None where something is wrong with it already."""
    if guests is not None and len(ages) > guests:
        raise refuse(Notice("too_many_children", most=guests))
    return ages


class Input(BaseModel):
    """Camel case outside, snake case inside; what is not asked for is ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="ignore",
        str_max_length=10_000,
        hide_input_in_errors=True,
        defer_build=True,  # when the first comes in: to build all takes a tenth of a start
    )


class Dates(Input):
    """Check-in and check-out that make a stay."""

    check_in: CalendarDate
    check_out: CalendarDate

    @field_validator("check_out")
    @classmethod
    def _in_order(cls, check_out: dt.date, info: Any) -> dt.date:
        check_in = info.data.get("check_in")
        if check_in and check_in >= check_out:
            raise refuse(in_order("checkIn", "checkOut"), "checkIn")
        return check_out

    @property
    def stay(self) -> Stay:
        return Stay(self.check_in, self.check_out)


def accept(model: type[M], data: object, *, strict: bool) -> M:
    """The input, or Invalid with every field that is wrong and why."""
    try:
        return model.model_validate(data, strict=strict)
    except ValidationError as error:
        raise Invalid(details=input_problems.by_field(error, strict=strict)) from None
