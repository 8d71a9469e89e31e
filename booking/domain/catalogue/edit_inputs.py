"""What somebody says about a property or a room when they make or change it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from booking.domain import people
from booking.domain.catalogue import beds
from booking.domain.catalogue.cancellation_policies import BY_NAME
from booking.domain.catalogue.importing import amenities, listings, places, text, values
from booking.domain.catalogue.importing.drafts import CHECK_IN, CHECK_OUT, LONGEST_STAY, Unfit
from booking.domain.catalogue.importing.sheet import LARGEST_ROOM, LARGEST_SIZE
from booking.domain.catalogue.models import AT_CONFIRMATION, BABIES_UNDER, INVOICE_TIMES
from booking.domain.catalogue.units import MOST as MOST_UNITS
from booking.domain.inputs import ClockTime, Input, Name, Phone, Version, decimal_text, one_of, plain, refuse, trimmed
from booking.domain.notices import FieldName, Notice

LONGEST_TEXT, LONGEST_RULES = listings.LONGEST_DESCRIPTION, 10_000
USUAL_LONGEST_STAY = 30


def _paragraphs(value: str) -> str:
    """Whatever is pasted: lines stay, nothing invisible."""
    return text.paragraphs(value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _checked(rule: Callable[[str], str]) -> Callable[[str], str]:
    """A rule of imports as one of inputs."""

    def check(value: str) -> str:
        try:
            return rule(value)
        except Unfit as unfit:
            raise refuse(unfit.notice) from None

    return check


def _slug(value: str) -> str:
    if places.slugify(value) != value:
        raise refuse(Notice("no_slug"))
    return value


def _beds(value: object) -> object:
    if isinstance(value, list):  # a form has a field for each type
        value = ", ".join(str(part) for part in value)
    if not isinstance(value, str):
        return value
    try:
        return beds.read(value)
    except beds.BadBeds as bad:
        raise refuse(bad.notice) from None


def _amenities(value: object) -> object:
    """Names or slugs, in a list or with commas between them."""
    said = [value] if isinstance(value, str) else value
    if not isinstance(said, list) or not all(isinstance(one, str) for one in said):
        return value
    return list(amenities.normalised(text.one_line(part) for one in said for part in one.split(",")))


Line = Annotated[str, Field(max_length=255), AfterValidator(plain), AfterValidator(trimmed)]
ShortLine = Annotated[str, Field(max_length=listings.LONGEST_KIND), AfterValidator(plain), AfterValidator(trimmed)]
Prose = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_paragraphs)]
Rules = Annotated[str, Field(max_length=LONGEST_RULES), AfterValidator(_paragraphs)]
Nights = Annotated[int, Field(ge=1, le=LONGEST_STAY)]


def _degrees(value: object) -> object:
    """49,41 is what people type where the comma is the decimal sign."""
    return value.replace(",", ".") if isinstance(value, str) else value


class PropertyDetails(Input):
    """A property, whole. What it is called in addresses follows from its name and its city where nobody says it."""

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)

    name: Name
    slug: Annotated[str, Field(max_length=255), AfterValidator(_slug)] | None = None
    city: Line
    location: Annotated[str, Field(max_length=120), AfterValidator(_checked(places.location))] | None = None
    street: Line | None = None
    district: Line | None = None
    country: Annotated[str, Field(max_length=120), AfterValidator(_checked(places.country))] | None = None
    latitude: Annotated[float, BeforeValidator(_degrees), Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, BeforeValidator(_degrees), Field(ge=-180, le=180, allow_inf_nan=False)] | None = Field(
        None, validate_default=True
    )
    time_zone: Annotated[str, Field(max_length=64), AfterValidator(_checked(places.time_zone))]
    currency: Annotated[str, Field(max_length=16), AfterValidator(_checked(places.currency))]
    legal_name: Name | None = None
    tax_number: Annotated[str, Field(max_length=64), AfterValidator(plain), AfterValidator(trimmed)] | None = None
    invoice_at: Annotated[str, AfterValidator(one_of(INVOICE_TIMES))] = AT_CONFIRMATION
    contact_email: people.Email | None = None
    contact_phone: Phone | None = None
    check_in_time: ClockTime = CHECK_IN
    check_out_time: ClockTime = CHECK_OUT
    babies_under: Annotated[int, Field(ge=0, le=17)] = BABIES_UNDER
    house_rules: Rules = ""
    description: Prose = ""

    @field_validator("longitude")
    @classmethod
    def _both(cls, longitude: float | None, info: ValidationInfo) -> float | None:
        if "latitude" in info.data and (longitude is None) != (info.data["latitude"] is None):
            raise refuse(Notice("both_or_neither", other=FieldName("latitude")))
        return longitude

    @property
    def place(self) -> str:
        """The slug of its city, empty where nothing of the city's name could stand in an address."""
        return self.location or places.slugify(self.city)[:120].strip("-")


class PropertyEdit(PropertyDetails):
    """The same in the place of what was seen."""

    version: Version


class RoomDetails(Input):
    """A room, whole. Without a price it cannot be published; without a policy it keeps the one that it has."""

    model_config = ConfigDict(str_max_length=LONGEST_TEXT)

    name: Name
    kind: ShortLine | None = None
    description: Prose = ""
    capacity: Annotated[int, Field(ge=1, le=LARGEST_ROOM)]
    beds: Annotated[list[dict[str, Any]], BeforeValidator(_beds)] = Field(default_factory=list)
    size_m2: Annotated[int, Field(ge=1, le=LARGEST_SIZE)] | None = None
    price_per_night: (
        Annotated[
            Decimal,
            Field(gt=0, le=values.HIGHEST_PRICE, max_digits=15, decimal_places=3),
            BeforeValidator(decimal_text),
        ]
        | None
    ) = None
    amenities: Annotated[list[str], BeforeValidator(_amenities)] = Field(default_factory=list)
    min_nights: Nights = 1
    max_nights: Annotated[Nights, Field(validate_default=True)] = USUAL_LONGEST_STAY
    cancellation_policy: Annotated[str, AfterValidator(one_of(tuple(BY_NAME)))] | None = None

    @field_validator("max_nights")
    @classmethod
    def _in_order(cls, max_nights: int, info: ValidationInfo) -> int:
        if max_nights < info.data.get("min_nights", 1):
            raise refuse(Notice("below_other", other=FieldName("minNights")), "maxNights")
        return max_nights


class NewRooms(RoomDetails):
    """So many rooms that are alike, the first with this number in its name. One is called by the name alone."""

    units: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 1
    first_number: Annotated[int, Field(ge=0, le=99_999)] = 1


class RoomEdit(RoomDetails):
    """The same in the place of what was seen."""

    version: Version
