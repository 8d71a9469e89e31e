"""What is asked of somebody who registers, signs in, or changes their account."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from booking.domain import names
from booking.domain.inputs import PLAIN, Input, Name, filled, plain, refuse, trimmed
from booking.domain.notices import Notice
from booking.domain.people import passwords


def _without_link(value: str) -> str:
    if names.has_link(value):
        raise refuse(Notice("has_link"))
    return value


def _email(value: str) -> str:
    email = _normalised_email(value)
    # Lower case, by which accounts are told apart, may be longer: two characters for one Turkish İ.
    if email is None or len(email.lower()) > 255:
        raise refuse(Notice("no_email"))
    return email


def _typed_email(value: str) -> str:
    # Whoever signs in types what they registered with; what is no address simply belongs to nobody.
    return _normalised_email(value) or value


def _normalised_email(value: str) -> str | None:
    # Normalised first, validated afterwards: the other order lets look-alikes through.
    normalised = unicodedata.normalize("NFKC", value.strip())
    from email_validator import EmailNotValidError, validate_email  # its patterns take 3 % of a start

    try:
        return validate_email(normalised, check_deliverability=False, strict=False).normalized
    except EmailNotValidError:
        return None


def _password(value: str) -> str:
    if problem := passwords.find_problem(value):
        raise refuse(problem)
    return value


SOME = {"minLength": 1}  # what `filled` lets through, for the OpenAPI document
PersonName = Annotated[Name, AfterValidator(_without_link)]
Email = Annotated[
    str,
    Field(max_length=255, json_schema_extra={"format": "email"}),
    AfterValidator(plain),
    AfterValidator(_email),
]
NewPassword = Annotated[
    str,
    Field(max_length=256, json_schema_extra=PLAIN | {"minLength": passwords.SHORTEST}),
    AfterValidator(plain),
    AfterValidator(_password),
]


class Registration(Input):
    email: Email
    password: NewPassword
    full_name: PersonName
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z0-9]+)*$", max_length=32)] | None = None


Code = Annotated[
    str,
    Field(max_length=64, json_schema_extra=PLAIN | SOME),
    AfterValidator(plain),
    AfterValidator(filled),
]


class SecondFactorCode(Input):
    """A code from an authenticator app, or a recovery code."""

    code: Code


PasskeyLabel = Annotated[
    str, Field(max_length=60, json_schema_extra=PLAIN | SOME), AfterValidator(plain), AfterValidator(trimmed)
]


class PasskeyName(Input):
    name: PasskeyLabel


class NewPasskey(PasskeyName):
    """What a browser answered to `navigator.credentials.create`, as JSON, and what its owner calls it."""

    credential: Annotated[str, Field(max_length=16_000)]


class PasskeyAnswer(Input):
    """The same of `navigator.credentials.get`."""

    credential: Annotated[str, Field(max_length=16_000)]


class Credentials(Input):
    email: Annotated[
        str,
        Field(max_length=255, json_schema_extra=PLAIN | SOME),
        AfterValidator(plain),
        AfterValidator(filled),
        AfterValidator(_typed_email),
    ]
    password: Annotated[str, Field(max_length=256, json_schema_extra=SOME), AfterValidator(filled)]
    code: Code | None = None


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

    confirm_email: Annotated[str, Field(max_length=255, json_schema_extra=PLAIN), AfterValidator(plain)]


class PasswordChoice(Input):
    new_password: NewPassword
