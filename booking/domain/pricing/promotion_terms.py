"""What a promotion says of a stay that is priced, or priced anew: how much it takes off, and whether it fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from booking.domain.money import rounded

PROMOTION = "promotion"  # the kind of its reasons


def off_nights(nights: Decimal, percent: Decimal | None, amount: Decimal | None, currency: str) -> Decimal:
    """What is taken off nights that cost so much less discounts."""
    off = amount if amount is not None else nights * (percent or 0) / 100
    return min(max(nights, Decimal(0)), rounded(off, currency))


def fits(terms: Mapping[str, Any] | None, nights: Sequence[dt.date]) -> bool:
    """Whether these nights are what the terms were for."""
    said = terms or {}
    first, last = said.get("staysFrom"), said.get("staysTo")
    return (
        bool(nights)
        and len(nights) >= said.get("minNights", 1)
        and not (first and min(nights).isoformat() < first)
        and not (last and max(nights).isoformat() > last)
    )
