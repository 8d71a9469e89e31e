"""Prices as they go out: lines with their reasons, and a room's nights with what stays from them are held to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, WithJsonSchema

from booking.api.schema import Schema
from booking.domain import pricing
from booking.domain.money import as_number
from booking.http import words

Money = Annotated[int | float, WithJsonSchema({"type": "number"})]


class PriceReason(Schema):
    rule: str
    label: str
    amount: Money | None
    percent: Money | None
    text: str


class PriceLine(Schema):
    kind: str = Field(json_schema_extra={"enum": [*pricing.LINE_KINDS]})
    date: dt.date | None
    night: dt.date | None
    amount: Money
    rule: str
    label: str
    included: bool
    reasons: list[PriceReason]


class Extra(Schema):
    """What a guest may choose beside a stay; its `rule` is what `extras` takes."""

    rule: str
    label: str
    amount: Money
    text: str
    is_chosen: bool


class Night(Schema):
    date: dt.date
    is_available: bool
    price: Money


class Calendar(Schema):
    items: list[Night]


class NightReason(Schema):
    code: str
    message: str


class RatedNight(Night):
    min_nights: int
    max_nights: int
    closed_to_arrival: bool
    closed_to_departure: bool
    reason: NightReason | None


class RatedCalendar(Schema):
    currency: str
    items: list[RatedNight]


def price_lines(lines: Iterable[pricing.Line], currency: str) -> list[PriceLine]:
    return [
        PriceLine.model_construct(
            kind=line.kind,
            date=line.date,
            night=line.date,
            amount=as_number(line.amount, currency),
            rule=line.rule,
            label=words.price_label(line),
            included=line.included,
            reasons=[_reason(reason, currency) for reason in line.reasons],
        )
        for line in lines
    ]


def _reason(reason: pricing.PriceReason, currency: str) -> PriceReason:
    return PriceReason.model_construct(
        rule=reason.rule,
        label=reason.label or words.price_rule(reason.rule),
        amount=None if reason.amount is None else as_number(reason.amount, currency),
        percent=None if reason.percent is None else float(reason.percent),
        text=words.price_reason(reason, currency),
    )


def extras(quoted: pricing.StayQuote) -> list[Extra]:
    currency, chosen = quoted.price.currency, quoted.price.extras
    return [
        Extra(
            rule=one.id,
            label=one.label,
            amount=as_number(one.amount, currency),
            text=words.charged_by(one.reason, currency),
            is_chosen=one.id in chosen,
        )
        for one in quoted.extras
    ]


def calendar(shown: pricing.Calendar) -> Calendar:
    return Calendar.model_construct(
        items=[
            Night.model_construct(
                date=night.date, is_available=night.is_available, price=as_number(night.price, shown.currency)
            )
            for night in shown.nights
        ]
    )


def rated_calendar(shown: pricing.Calendar) -> RatedCalendar:
    return RatedCalendar.model_construct(
        currency=shown.currency, items=[_rated_night(night, shown.currency) for night in shown.nights]
    )


def _rated_night(night: pricing.CalendarNight, currency: str) -> RatedNight:
    why = night.reason
    return RatedNight.model_construct(
        date=night.date,
        is_available=night.is_available,
        price=as_number(night.price, currency),
        min_nights=night.min_nights,
        max_nights=night.max_nights,
        closed_to_arrival=night.closed_to_arrival,
        closed_to_departure=night.closed_to_departure,
        reason=NightReason(code=why.code, message=words.problem("date", why)) if why else None,
    )
