"""Options of commands about rooms and properties: each is a field of the input that the domain declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from booking.domain.inputs import Input, accept

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Input)

# Option, field, what it says. An empty value takes away what was said.
OF_ROOM = (
    ("--kind", "kind", "Its type, such as 'Double room'."),
    ("--capacity", "capacity", "How many guests it sleeps."),
    ("--beds", "beds", "Such as '1 double, 2 single'."),
    ("--size", "sizeM2", "Square metres."),
    ("--price", "pricePerNight", "Of a night, in the property's currency."),
    ("--amenities", "amenities", "With commas between them; they replace those it has."),
    ("--min-nights", "minNights", "The shortest stay."),
    ("--max-nights", "maxNights", "The longest stay."),
    ("--policy", "cancellationPolicy", "flexible, moderate, strict or non-refundable."),
    ("--description", "description", "What guests read."),
)
OF_PROPERTY = (
    ("--slug", "slug", "Its short name; made from its name if not given."),
    ("--city", "city", "The city it stands in."),
    ("--country", "country", "Such as Belgium or BE."),
    ("--street", "street", "Street and number."),
    ("--district", "district", "Part of the city."),
    ("--location", "location", "The city in addresses, such as tel-aviv; made from its name if not given."),
    ("--latitude", "latitude", "Degrees north."),
    ("--longitude", "longitude", "Degrees east."),
    ("--time-zone", "timeZone", "Such as Europe/Brussels."),
    ("--currency", "currency", "Such as EUR."),
    ("--legal-name", "legalName", "Who the contract is with."),
    ("--tax-number", "taxNumber", "As invoices state it, such as BE 0123.456.789."),
    ("--invoice-at", "invoiceAt", "When invoices are issued: confirmation, check_out or request."),
    ("--email", "contactEmail", "For guests."),
    ("--phone", "contactPhone", "For guests."),
    ("--check-in", "checkInTime", "From which hour on, such as 15:00."),
    ("--check-out", "checkOutTime", "By which hour, such as 11:00."),
    ("--babies-under", "babiesUnder", "At what age a child needs a place, such as 2."),
    ("--rules", "houseRules", "What the house asks of guests."),
    ("--description", "description", "What guests read."),
)
NAMES = {field: option for option, field, _ in (*OF_PROPERTY, *OF_ROOM)}


def fields(options: tuple[tuple[str, str, str], ...]) -> Callable[[F], F]:
    """Give a command these options, by the names of their fields."""

    def decorate(command: F) -> F:
        for option, field, told in reversed(options):
            command = click.option(option, field.lower(), help=told)(command)
        return command

    return decorate


def said(options: tuple[tuple[str, str, str], ...], given: Mapping[str, str | None]) -> dict[str, str]:
    """What was given, by field."""
    return {field: value for _, field, _ in options if (value := given.get(field.lower())) is not None}


def accepted(model: type[M], whole: Mapping[str, Any]) -> M:
    """The input; what is empty counts as not said. Raises Invalid."""
    return accept(model, {name: value for name, value in whole.items() if value not in ("", [])}, strict=False)
