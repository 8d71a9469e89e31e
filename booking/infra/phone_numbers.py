"""Phone numbers in the one form that every network understands (E.164: +32471234567), by Google's tables of numbers.

The tables are read when a number is first looked at: whoever sends no text messages never loads them.
"""

from __future__ import annotations

LONGEST = 16  # characters of E.164: the plus sign and 15 digits


class NotANumber(ValueError):
    """It is no number of any country, or its country is not said."""


class NotTextable(ValueError):
    """It is somebody's number, and takes no text messages: a landline, or one that costs extra or nothing."""


def textable(written: str) -> str:
    """A number that may take text messages, as E.164. Raises NotANumber, NotTextable.

    It has to begin with + or 00 and the country: the same digits are another person's number somewhere else.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberType

    said = written.strip()
    try:
        number = phonenumbers.parse(f"+{said[2:]}" if said.startswith("00") else said, None)
    except phonenumbers.NumberParseException as error:
        raise NotANumber from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise NotANumber
    # Where a plan does not tell mobiles from landlines (North America), the network finds out.
    if phonenumbers.number_type(number) not in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
        raise NotTextable
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def shown(number: str) -> str:
    """An E.164 number as people read it: +32 471 23 45 67."""
    import phonenumbers

    return phonenumbers.format_number(phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def masked(number: str) -> str:
    """For logs: the country and the last two digits at most."""
    return f"{number[:3]}…{number[-2:]}"
