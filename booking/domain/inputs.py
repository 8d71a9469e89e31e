"""What people and programs send us: one declared input per use-case, for forms and JSON alike (camelCase names).

JSON bodies are validated strictly (a number is a number), query strings and forms leniently (everything is text).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from booking.domain import input_problems, names
from booking.domain.catalogue.kinds import KINDS
from booking.domain.errors import Invalid
from booking.domain.people import passwords
from booking.domain.stays import Stay

M = TypeVar("M", bound="Input")
# They turn the text beside them round: a name could pretend to be another.
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What `_plain` lets through, for the OpenAPI document.
PLAIN = {
    "pattern": r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$",
    "description": "Without control characters.",
}
GAPS = re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f\u2019](?=\d{3}(?!\d))")  # between thousands
COMMA_DECIMAL = re.compile(r"\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d{1,3}", re.ASCII)
COMMA_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _refuse(message: str, field: str | None = None) -> PydanticCustomError:
    return PydanticCustomError("refused", message, {"field": field} if field else None)


def _calendar_date(value: object) -> object:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
        raise _refuse("must be a date such as 2026-12-01")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise _refuse("is a date that does not exist") from None


def _plain(value: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} or character in DIRECTIONS for character in value):
        raise _refuse("must not contain control characters")
    return value


def _trimmed(value: str) -> str:
    value = names.trimmed(value)
    if not names.is_visible(value):
        raise _refuse("must not be empty")
    return value


def _without_link(value: str) -> str:
    if names.has_link(value):
        raise _refuse("must not contain a link or an email address")
    return value


def _email(value: str) -> str:
    email = _normalised_email(value)
    # Lower case, by which accounts are told apart, may be longer: two characters for one Turkish İ.
    if email is None or len(email.lower()) > 255:
        raise _refuse("must be an email address")
    return email


def _typed_email(value: str) -> str:
    # Whoever signs in types what they registered with; what is no address simply belongs to nobody.
    return _normalised_email(value) or value


def _normalised_email(value: str) -> str | None:
    # Normalised first, validated afterwards: the other order lets look-alikes through.
    normalised = unicodedata.normalize("NFKC", value.strip())
    try:
        return validate_email(normalised, check_deliverability=False, strict=False).normalized
    except EmailNotValidError:
        return None


def _password(value: str) -> str:
    if problem := passwords.find_problem(value):
        raise _refuse(problem)
    return value


def _decimal_text(value: object) -> object:
    """99,50 and 1.234,50 are what people type where the comma is the decimal sign; 1,234 and 1,234.50 elsewhere."""
    if not isinstance(value, str):
        return value
    text = GAPS.sub("", value)
    if COMMA_DECIMAL.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if COMMA_THOUSANDS.fullmatch(text) else text


CalendarDate = Annotated[dt.date, BeforeValidator(_calendar_date)]
# Length first, on the text itself: pydantic takes whatever comes out of a validator of ours for a list.
Name = Annotated[
    str,
    Field(max_length=255, json_schema_extra=PLAIN | {"minLength": 1}),
    AfterValidator(_plain),
    AfterValidator(_trimmed),
]
PersonName = Annotated[Name, AfterValidator(_without_link)]
Email = Annotated[
    str,
    Field(max_length=255, json_schema_extra={"format": "email"}),
    AfterValidator(_plain),
    AfterValidator(_email),
]
NewPassword = Annotated[
    str,
    Field(max_length=256, json_schema_extra=PLAIN | {"minLength": passwords.SHORTEST}),
    AfterValidator(_plain),
    AfterValidator(_password),
]
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# A slug, or a name (see places.resolved).
Location = Annotated[
    str, Field(max_length=120, json_schema_extra=PLAIN), AfterValidator(_plain), AfterValidator(_trimmed)
]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Price = Annotated[
    Decimal, Field(ge=0, le=999_999_999_999, max_digits=15, decimal_places=3), BeforeValidator(_decimal_text)
]
Page = Annotated[int, Field(ge=1, le=1_000_000)]
PageSize = Annotated[int, Field(ge=1, le=100)]


class Input(BaseModel):
    """Camel case outside, snake case inside; what is not asked for is ignored."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="ignore",
        str_max_length=10_000,
        hide_input_in_errors=True,
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
            raise _refuse("checkIn must be before checkOut", "checkIn")
        return check_out

    @property
    def stay(self) -> Stay:
        return Stay(self.check_in, self.check_out)


class Registration(Input):
    email: Email
    password: NewPassword
    full_name: PersonName
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]+)*$", max_length=32)] | None = None


class Credentials(Input):
    email: Annotated[
        str, Field(max_length=255, json_schema_extra=PLAIN), AfterValidator(_plain), AfterValidator(_typed_email)
    ]
    password: Annotated[str, Field(max_length=256)]


class Refresh(Input):
    refresh_token: Annotated[str, Field(max_length=512)]


class Profile(Input):
    full_name: PersonName


class PasswordChange(Input):
    current_password: Annotated[str, Field(max_length=256)]
    new_password: NewPassword


class Confirmation(Input):
    """The password once more, before something sensitive."""

    confirm_password: Annotated[str, Field(max_length=256)]


class ForgottenPassword(Input):
    email: Email


class EmailChoice(Input):
    new_email: Email


class Deletion(Input):
    """The account's own address, typed by whoever wants it deleted."""

    confirm_email: Annotated[str, Field(max_length=255, json_schema_extra=PLAIN), AfterValidator(_plain)]


class PasswordChoice(Input):
    new_password: NewPassword


class StayOrder(Dates):
    """The nights to hold in a room, for so many guests."""

    guests: Annotated[int, Field(ge=1, le=1000)]


PaymentMethod = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$")]


class RoomOrder(StayOrder):
    """A booking in one call."""

    room_id: Annotated[str, Field(max_length=64, json_schema_extra=PLAIN), AfterValidator(_plain)]
    payment_method_id: PaymentMethod


class Shown(Input):
    """The total that somebody was shown."""

    shown_total: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


class HoldPayment(Shown):
    """A card for a hold, and the total that its owner was shown."""

    payment_method_id: PaymentMethod


class Cancellation(Input):
    """`version` is the booking's as the page showed it: what changed since is shown again first."""

    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    shown_refund: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


MOST_AMENITIES = 20
SORTS = ("price", "-price", "name", "capacity")


class RoomSearch(Dates):
    """Which rooms, for which dates."""

    location: Location | None = None
    capacity: Annotated[int, Field(ge=1, le=1000)] | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    currency: CurrencyCode | None = None
    amenities: Annotated[
        list[Annotated[str, Field(max_length=120), AfterValidator(_plain)]],
        # Each entry may be several, with commas between them: the limit is theirs.
        Field(max_length=MOST_AMENITIES, json_schema_extra={"items": {"type": "string", **PLAIN}}),
    ] = []
    q: Annotated[str, Field(max_length=100, json_schema_extra=PLAIN), AfterValidator(_plain)] | None = None
    kind: str | None = Field(default=None, json_schema_extra={"enum": ["", *KINDS]})
    sort: str | None = Field(default=None, json_schema_extra={"enum": ["", *SORTS]})
    page: Page = 1
    page_size: PageSize = 20

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str | None) -> str | None:
        if kind and kind not in KINDS:
            raise _refuse(f"must be one of {', '.join(KINDS)}")
        return kind or None

    @field_validator("sort")
    @classmethod
    def _known(cls, sort: str | None) -> str | None:
        if sort and sort not in SORTS:
            raise _refuse(f"must be one of {', '.join(SORTS)}")
        return sort or None

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
            raise _refuse("must not be below minPrice")
        return max_price


class RoomView(Input):
    """A room, with a quote where dates are given."""

    check_in: CalendarDate | None = None
    check_out: CalendarDate | None = None
    guests: Annotated[int, Field(ge=1, le=1000)] = 1

    @field_validator("check_out")
    @classmethod
    def _in_order(cls, check_out: dt.date | None, info: Any) -> dt.date | None:
        check_in = info.data.get("check_in")
        if check_in and check_out and check_in >= check_out:
            raise _refuse("checkIn must be before checkOut", "checkIn")
        return check_out

    def stay(self) -> Stay | None:
        """The dates, None without any; raises Invalid where one is missing."""
        if self.check_in and self.check_out:
            return Stay(self.check_in, self.check_out)
        if self.check_in or self.check_out:
            missing = "checkOut" if self.check_in else "checkIn"
            raise Invalid(details={missing: f"{missing} is missing"})
        return None


class NightsView(Input):
    """Which nights of a room, from the first until before the last."""

    first: CalendarDate | None = Field(default=None, alias="from")
    end: CalendarDate | None = Field(default=None, alias="to")


class BookingList(Input):
    status: str | None = Field(
        default=None, json_schema_extra={"enum": ["", "PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"]}
    )
    page: Page = 1
    page_size: PageSize = 20

    @field_validator("status")
    @classmethod
    def _known(cls, status: str | None) -> str | None:
        if status and status not in {"PENDING", "CONFIRMED", "CANCELLED", "EXPIRED"}:
            raise _refuse("must be one of PENDING, CONFIRMED, CANCELLED, EXPIRED")
        return status or None


def accept(model: type[M], data: object, *, strict: bool) -> M:
    """The input, or Invalid with every field that is wrong and why."""
    try:
        return model.model_validate(data, strict=strict)
    except ValidationError as error:
        raise Invalid(details=input_problems.by_field(error, strict=strict)) from None
