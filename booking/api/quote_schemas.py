"""A quote by itself, as it goes out."""

from __future__ import annotations

import datetime as dt

from booking.api import plan_schemas
from booking.api.plan_schemas import Deposit, RefundTier
from booking.api.price_schemas import Extra, Money, PriceLine, extras, price_lines
from booking.api.schema import Schema
from booking.domain import pricing
from booking.domain.money import as_number


class StayQuote(Schema):
    """A quote by itself."""

    room_id: str
    check_in: dt.date
    check_out: dt.date
    guests: int
    children_ages: list[int]
    lines: list[PriceLine]
    extras: list[Extra]
    total: Money
    currency: str
    refunds: list[RefundTier]
    deposit: Deposit | None
    version: int


def stay_quote(room_id: str, quoted: pricing.StayQuote) -> StayQuote:
    price = quoted.price
    return StayQuote(
        room_id=room_id,
        check_in=quoted.stay.check_in,
        check_out=quoted.stay.check_out,
        guests=quoted.guests,
        children_ages=[*price.children],
        lines=price_lines(price.lines, price.currency),
        extras=extras(quoted),
        total=as_number(price.total, price.currency),
        currency=price.currency,
        refunds=plan_schemas.refunds(quoted.refunds, price),
        deposit=plan_schemas.deposit(quoted.chosen),
        version=quoted.version,
    )
