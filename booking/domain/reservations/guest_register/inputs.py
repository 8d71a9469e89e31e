"""What is typed of a guest into the register."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from booking.domain import people
from booking.domain.inputs import CalendarDate, Input, one_of, plain, refuse, trimmed
from booking.domain.notices import Notice
from booking.domain.reservations.guest_register import country_rules, nationalities
from booking.domain.reservations.guest_register.country_rules import DOCUMENT_TYPES
from booking.domain.reservations.guest_register.keeping import RegisteredGuest
from booking.infra import clock

OLDEST = dt.timedelta(days=130 * 366)


def _nationality(value: str) -> str:
    """The code, from itself, the country's English name or what its people are called."""
    typed = value.strip()
    if typed.upper() in country_rules.nationalities():
        return typed.upper()
    named = {name.casefold(): code for code, name in country_rules.countries().items()}
    code = (nationalities.codes() | named).get(typed.casefold())
    if code is None:
        raise refuse(Notice("no_nationality"))
    return code


class RegisterEntry(Input):
    """One guest; everything may be filled in later, but nothing without the name."""

    nationality: Annotated[str, Field(max_length=120), AfterValidator(_nationality)] | None = None
    birth_date: CalendarDate | None = None
    document_type: Annotated[str, AfterValidator(one_of(DOCUMENT_TYPES))] | None = None
    document_number: Annotated[str, Field(max_length=64), AfterValidator(plain), AfterValidator(trimmed)] | None = None
    apart: bool = False
    lives_here: bool = False
    full_name: Annotated[people.PersonName | None, Field(validate_default=True)] = None

    @field_validator("birth_date")
    @classmethod
    def _of_somebody_living(cls, day: dt.date | None) -> dt.date | None:
        if day and day > clock.now().date():
            raise refuse(Notice("in_the_future"))
        if day and day < clock.now().date() - OLDEST:
            raise refuse(Notice("too_long_ago"))
        return day

    @field_validator("document_number")
    @classmethod
    def _of_a_kind(cls, number: str | None, info: ValidationInfo) -> str | None:
        if number and "document_type" in info.data and info.data["document_type"] is None:
            raise refuse(Notice("missing"), "documentType")
        return number

    @field_validator("full_name")
    @classmethod
    def _somebody(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is None and any(info.data.values()):
            raise refuse(Notice("missing"), "fullName")
        return name

    @property
    def guest(self) -> RegisteredGuest:
        """As it is kept."""
        born = self.birth_date.isoformat() if self.birth_date else None
        shown = self.full_name, self.nationality, born, self.document_type, self.document_number
        return RegisteredGuest(*shown, is_apart=self.apart, lives_here=self.lives_here)
