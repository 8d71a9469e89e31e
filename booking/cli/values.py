"""Values that several commands take, from the text of an operator."""

from __future__ import annotations

import uuid
from decimal import Decimal, InvalidOperation

import click

from booking.infra import ids

DATE = click.DateTime(["%Y-%m-%d"])


class Id(click.ParamType[uuid.UUID]):
    """Such as room_01k5…, given as it is shown."""

    def __init__(self, prefix: str, hint: str) -> None:
        self.name, self._hint = prefix, hint

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> uuid.UUID:
        found = ids.decode(self.name, value)
        if found is None:
            self.fail(f"{value} is no {self.name}’s id; {self._hint}", param, ctx)
        return found


class Amount(click.ParamType[Decimal]):
    """Such as 360 or 99.50, in the currency of what it is for."""

    name = "amount"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            amount = Decimal(value)
        except InvalidOperation:
            self.fail(f"{value} is no amount such as 360 or 99.50", param, ctx)
        if not amount.is_finite() or abs(amount) >= 10**12:
            self.fail(f"{value} is no amount such as 360 or 99.50", param, ctx)
        return amount


AMOUNT = Amount()
