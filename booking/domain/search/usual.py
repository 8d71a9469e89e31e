"""What a search begins with, where nobody has said anything."""

from __future__ import annotations

import datetime as dt

from booking.domain.stays import EARLIEST_ZONE, Stay, StayRules
from booking.infra import clock

USUAL_GUESTS = 2


def usual_stay(rules: StayRules) -> Stay:
    """The first weekend that is at least a week away, Friday to Sunday.

    Sooner and shorter where the house does not sell so far ahead or for so long.
    """
    today = rules.today(EARLIEST_ZONE)
    soon = clock.now().date() + dt.timedelta(days=7)
    friday = min(soon + dt.timedelta(days=(4 - soon.weekday()) % 7), today + dt.timedelta(days=rules.horizon_days))
    return Stay(friday, friday + dt.timedelta(days=min(2, rules.longest_nights)))
