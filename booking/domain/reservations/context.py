"""What a booking needs beside the order: who moves the money, and the house rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from booking.domain.payments import PaymentContext
from booking.domain.stays import StayRules


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingContext(PaymentContext):
    """The rules of stays and holds; `lock_rooms` says whether the Redis lock stands before a hold."""

    rules: StayRules
    hold_for: dt.timedelta
    holds_per_guest: int = 3
    lock_rooms: bool = True
    search_cache_seconds: int = 0  # for so long, what is offered instead of a stay may be kept
