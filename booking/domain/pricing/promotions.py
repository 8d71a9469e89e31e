"""What a promotion takes off a stay, and why it does not: pure, no clock, no database.

It counts from the nights less other discounts, and before taxes in percent; fees stay as they are. So it takes at most
what the nights cost, and no price falls below zero. A booking keeps its terms: a stay that changes is worked out anew
by those, and has nothing off where it no longer fits them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Protocol

from booking.domain.notices import Notice
from booking.domain.pricing.nightly import Reason
from booking.domain.pricing.promotion_terms import PROMOTION
from booking.domain.pricing.quotes import Line, is_charge, is_of_nights, is_promotion, promotion_off, total
from booking.domain.pricing.sold_charges import charges_again
from booking.domain.stays import Stay
from booking.infra.ids import encode


class Offered(Protocol):
    """A promotion as it is in force."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def percent(self) -> Decimal | None: ...
    @property
    def amount(self) -> Decimal | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def property_ids(self) -> Collection[uuid.UUID]: ...
    @property
    def min_nights(self) -> int | None: ...
    @property
    def valid_from(self) -> dt.date | None: ...
    @property
    def valid_to(self) -> dt.date | None: ...
    @property
    def stays_from(self) -> dt.date | None: ...
    @property
    def stays_to(self) -> dt.date | None: ...
    @property
    def ended_at(self) -> dt.datetime | None: ...


def reason(of: Offered) -> Reason:
    """Its part in a line, with the terms that a booking keeps."""
    terms: dict[str, Any] = {
        "minNights": of.min_nights,
        "staysFrom": of.stays_from and of.stays_from.isoformat(),
        "staysTo": of.stays_to and of.stays_to.isoformat(),
    }
    kept = {name: value for name, value in terms.items() if value is not None}
    return Reason(PROMOTION, encode("promotion", of.id), of.version, of.name, of.amount, of.percent, kept)


def problem(of: Offered, property_id: uuid.UUID, currency: str, stay: Stay, today: dt.date) -> Notice | None:
    """Why it is not to be had for a stay there, asked for on `today` by the property's calendar."""
    if of.ended_at is not None or (of.valid_to and today > of.valid_to):
        return Notice("promotion_ended")
    if of.valid_from and today < of.valid_from:
        return Notice("promotion_not_yet", first=of.valid_from)
    if (of.property_ids and property_id not in of.property_ids) or of.currency not in (None, currency):
        return Notice("promotion_elsewhere")
    if of.min_nights and stay.nights < of.min_nights:
        return Notice("promotion_stay_too_short", least=of.min_nights)
    return _problem_of_dates(of, stay)


def _problem_of_dates(of: Offered, stay: Stay) -> Notice | None:
    first, last = of.stays_from, of.stays_to
    last_night = stay.check_out - dt.timedelta(days=1)
    if not (first and stay.check_in < first) and not (last and last_night > last):
        return None
    if first and last:
        return Notice("promotion_other_nights", first=first, last=last)
    return Notice("promotion_nights_from", first=first) if first else Notice("promotion_nights_until", last=last)


def promoted(lines: Sequence[Line], by: Reason | None, currency: str) -> list[Line]:
    """The lines of a stay with this promotion in the place of any other; None: with none.

    A tax in percent that comes to nothing stays as a line of 0: another stay, or another price, bears it again.
    """
    others = [line for line in lines if not is_promotion(line)]
    priced = [line for line in others if is_of_nights(line)]
    off = promotion_off(priced, by, currency) if by else []
    by_night = [line for line in others if is_charge(line) and line.date]
    charges = charges_again(others, [*priced, *off, *by_night], currency)
    made = {(line.rule, line.version) for line in charges}
    nothing = [
        replace(line, amount=Decimal(0))
        for line in others
        if is_charge(line) and not line.date and (line.rule, line.version) not in made
    ]
    rest = [line for line in others if line not in priced and not is_charge(line)]
    return [*priced, *off, *charges, *nothing, *rest]


def promotion_of(lines: Iterable[Line]) -> Reason | None:
    """That a stay was sold with."""
    return next((line.reasons[0] for line in lines if is_promotion(line)), None)


def saves(lines: Iterable[Line]) -> Decimal:
    """What it takes off, at least 0."""
    return -total(line for line in lines if is_promotion(line))
